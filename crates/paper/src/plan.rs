//! What each experiment runs, on what.

use std::collections::BTreeMap;
use std::sync::Arc;

use datasets::{DataError, Dataset, Split};
use meta::{OuterSettings, Settings, TaskStyle};
use runs::{Config, Halves, OnlineConfig, RunError, make_folder, write_whole};

use crate::experiments::{
    COMMON, DIGITS, Experiment, FrozenExperiment, ONLINE_TESTS, OnlineExperiment, RuleSource,
    ThetaSource, bp_and_oja_rule_file, ehebb_rule_file,
};
use crate::frozen::final_theta;
use crate::learned::{Learned, mean_theta};
use crate::reproduction::Ask;
use crate::results::Results;
use crate::target::Target;

/// The configuration of an experiment; writes its rule file, if it has one.
pub(crate) fn configure(
    ask: &Ask,
    experiment: &Experiment,
    data: &str,
) -> Result<Config, RunError> {
    let file = |text: String| {
        let folder = ask.out.join("rules");
        make_folder(&folder)?;
        let path = folder.join(format!("{}.toml", experiment.name));
        write_whole(&path, text.as_bytes())?;
        Ok::<String, RunError>(path.display().to_string())
    };
    let rule = match experiment.rule {
        RuleSource::BuiltIn(name) => name.to_owned(),
        RuleSource::EHebbOn(layers) => file(ehebb_rule_file(experiment.name, layers))?,
        RuleSource::BpAndOja => file(bp_and_oja_rule_file(experiment.name))?,
        RuleSource::Text(text) => file(format!("name = \"{}\"\n{text}", experiment.name))?,
    };
    let number = |n: u64| Some(n.to_string());
    let options = vec![
        ("rule", Some(rule)),
        ("data", Some(data.to_owned())),
        ("trials", number(ask.trials)),
        (
            "episodes",
            number(ask.episodes.unwrap_or(experiment.episodes)),
        ),
        ("seed", number(ask.seed)),
        ("threads", number(ask.threads as u64)),
        ("shard", ask.shard.clone()),
    ];
    let assignments = COMMON.iter().chain(experiment.settings);
    let assignments = assignments.map(|text| (*text).to_owned());
    let assignments: Vec<String> = assignments.chain(ask.assignments.clone()).collect();
    Ok(Config::new(None, options, &assignments)?)
}

/// An online experiment with its coefficients, on the digits of the data set `data`;
/// `outer` is of the meta-training of its rule.
pub(crate) fn online(
    ask: &Ask,
    experiment: &OnlineExperiment,
    data: &str,
    results: &Results,
    outer: &OuterSettings,
) -> Result<OnlineConfig, RunError> {
    let sizes = experiment.network.sizes().map(|n| n.to_string()).join("-");
    let options = vec![
        ("rule", Some(experiment.rule.to_owned())),
        ("data", Some(data.to_owned())),
        ("sizes", Some(sizes)),
        ("trials", Some(ask.trials.to_string())),
        ("seed", Some(ask.seed.to_string())),
        ("threads", Some(ask.threads.to_string())),
    ];
    let config = Config::new(None, options, &[])?;
    let theta = match experiment.theta {
        ThetaSource::Authors(theta) => theta.to_vec(),
        ThetaSource::Learned => {
            let run = results.run(experiment.rule);
            mean_theta(&final_theta(
                run.expect("a target with it has its experiment"),
                outer,
            ))
        }
    };
    let (every, tests) = ONLINE_TESTS;
    let images = results.context.online_images;
    Learned { config, theta }.online(Some(DIGITS), (images, every, tests))
}

/// The settings of a test, from those of the experiment that it tries. Elsewhere than on
/// the data that a rule was learned on, the classes of a task are different ones, as the
/// paper says "9-way".
pub(crate) fn tried(experiment: &FrozenExperiment, learned: &Settings) -> Settings {
    let mut settings = learned.clone();
    if let Some((ways, queries)) = experiment.tasks {
        settings.tasks.ways = ways;
        settings.tasks.queries = queries;
        settings.tasks.style = TaskStyle::Text;
    }
    settings
}

/// Digits to learn from, and digits to be tested on.
pub type Digits = Halves;

/// The digits that the online experiments of `targets` learn from and are scored on, if
/// there are any: MNIST's, or glyphs where `data` are drawn as well.
///
/// # Errors
/// If MNIST cannot be had.
pub fn digits(targets: &[&Target], data: &Dataset) -> Result<Option<Digits>, DataError> {
    if targets.iter().all(|target| target.online.is_empty()) {
        return Ok(None);
    }
    let name = if data.is_synthetic() {
        "glyphs"
    } else {
        "mnist"
    };
    let open = |split| datasets::open(name, split).map(Arc::new);
    Ok(Some((open(Split::Train)?, open(Split::Test)?)))
}

/// Images of a data set that show digits: those of the classes 0 to 9.
pub(crate) fn digits_of(set: &Dataset) -> usize {
    let labels = (0..set.len()).map(|i| set.label(i));
    labels.filter(|label| *label < DIGITS).count()
}

/// Opens the data sets that tests need besides `data`. Tests whose data set is not found
/// are dropped, with a note; so are all of them if the rules are learned on synthetic
/// data, where they would show nothing.
pub(crate) fn open_elsewhere(
    frozen: &mut Vec<&'static FrozenExperiment>,
    data: &Dataset,
) -> (BTreeMap<&'static str, Dataset>, Vec<String>) {
    let mut found = BTreeMap::new();
    let mut notes: Vec<String> = Vec::new();
    for name in frozen.iter().filter_map(|experiment| experiment.data) {
        if data.is_synthetic() || found.contains_key(name) {
            continue;
        }
        match datasets::open(name, Split::Test) {
            Ok(set) => {
                found.insert(name, set);
            }
            Err(error) => {
                let note = format!("tests on {name} are left out: {error}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    frozen.retain(|experiment| experiment.data.is_none_or(|name| found.contains_key(name)));
    (found, notes)
}
