//! What each experiment runs, on what.

use std::collections::BTreeMap;
use std::sync::Arc;

use datasets::{DataError, Dataset, Split};
use meta::{Online, OuterSettings, Settings, TaskStyle};
use model::{Network, Rule};
use runs::{Config, RunError, write_whole};

use crate::experiments::{
    COMMON, Experiment, FrozenExperiment, ONLINE_TESTS, OnlineExperiment, RuleSource, ThetaSource,
    bp_and_oja_rule_file, ehebb_rule_file,
};
use crate::frozen::final_theta;
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
        std::fs::create_dir_all(&folder)
            .map_err(|error| RunError::Input(format!("{}: {error}", folder.display())))?;
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

/// An online experiment with its coefficients; `outer` is of the meta-training of its rule.
pub(crate) fn online(
    experiment: &OnlineExperiment,
    results: &Results,
    outer: &OuterSettings,
) -> Online {
    let rule = Rule::built_in(experiment.rule).expect("its rule is built in");
    let theta = match experiment.theta {
        ThetaSource::Authors(theta) => theta.to_vec(),
        ThetaSource::Learned => {
            let run = results.run(experiment.rule);
            let trials = final_theta(run.expect("a target with it has its experiment"), outer);
            let mean = |r| trials.iter().map(|theta| theta[r]).sum::<f64>();
            (0..rule.terms.len())
                .map(|r| mean(r) / trials.len() as f64)
                .collect()
        }
    };
    let (every, tests) = ONLINE_TESTS;
    Online {
        network: Network {
            sizes: experiment.network.sizes().to_vec(),
            ..Network::default()
        },
        feedback: rule.feedback,
        theta,
        rule,
        images: results.context.online_images,
        every,
        tests,
        seed: results.context.seed,
    }
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
pub type Digits = (Arc<Dataset>, Arc<Dataset>);

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

/// The images of the classes 0 to 9, if there are others.
pub(crate) fn digits_of(set: Arc<Dataset>) -> Arc<Dataset> {
    if set.classes() <= 10 {
        return set;
    }
    let digits = (0..set.len()).filter(|i| set.label(*i) < 10);
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for i in digits {
        images.extend_from_slice(set.image(i));
        labels.push(set.label(i) as u8);
    }
    let sides = (set.height(), set.width());
    let part = Dataset::from_parts(set.name(), set.split(), sides.0, sides.1, images, labels);
    Arc::new(part.expect("a part of a data set is one"))
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
