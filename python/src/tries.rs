//! What is made of rules that have been learned: tests, cards, reproductions.

use std::path::PathBuf;
use std::sync::Arc;

use metaplast::card::{Ask as CardAsk, Plan, named_or_found};
use metaplast::datasets::{self, Split};
use metaplast::meta::Threads;
use metaplast::paper::{self, Ask, QUICK, Reproduction, RuleTest, TRIALS, Target};
use metaplast::runs::{make_folder, write_whole};
use pyo3::prelude::*;

use crate::ask::{Arrays, RuleGiven, Settings, assignments};
use crate::failure::raise;
use crate::read::json;
use crate::watch::watched;

/// What a rule is tried on.
#[derive(FromPyObject)]
pub(crate) enum Tried<'py> {
    /// Data sets by name or path; none for the configuration's own.
    #[pyo3(transparent)]
    Named(Vec<String>),
    /// Images and labels.
    #[pyo3(transparent)]
    Arrays(Arrays<'py>),
}

/// A test with frozen coefficients of a rule, or of what the run in `dir` learned, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub(crate) fn test(
    py: Python<'_>,
    what: RuleGiven,
    theta: Option<Vec<f64>>,
    data: Tried<'_>,
    tasks: u64,
    settings: Settings,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let test = match what {
        RuleGiven::Named(name) => {
            RuleTest::of(&name, theta, tasks, Vec::new(), &assignments(settings)).map_err(raise)?
        }
        rule => RuleTest::of_rule(rule.config(settings)?, theta, tasks).map_err(raise)?,
    };
    let sets = match data {
        Tried::Named(names) => test.open(&names).map_err(raise)?,
        Tried::Arrays(arrays) => vec![arrays.dataset(test.config.split)?],
    };
    let threads = Threads::new(test.config.threads).map_err(raise)?;
    watched(py, tell, |desk| {
        desk.begin(0, (test.theta.len() * sets.len()) as u64);
        let tested = test.run(&sets, &threads, &desk.stop, || desk.advance(1));
        json(&tested.map_err(raise)?)
    })
}

/// Writes the card of a finished run to a folder, by default its own, and returns the paths of
/// the page and of the text.
#[pyfunction]
pub(crate) fn card(
    py: Python<'_>,
    run: PathBuf,
    data: Vec<String>,
    size: (Option<u64>, u64, Option<usize>),
    out: Option<PathBuf>,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<(PathBuf, PathBuf)> {
    let (trials, tasks, threads) = size;
    let threads = Threads::new(threads.unwrap_or_else(cores)).map_err(raise)?;
    let out = out.unwrap_or_else(|| run.clone());
    let ask = CardAsk { run, trials, tasks };
    watched(py, tell, |desk| {
        let plan = Plan::open(ask, |split| named_or_found(&data, split)).map_err(raise)?;
        for note in plan.notes() {
            desk.say(format!("note: {note}"));
        }
        desk.begin(0, plan.work());
        let card = plan.measure(&threads, &desk.stop, || desk.advance(1));
        let card = card.map_err(raise)?;
        make_folder(&out).map_err(raise)?;
        let (page, text) = (out.join("card.html"), out.join("card.md"));
        write_whole(&page, card.to_html().as_bytes()).map_err(raise)?;
        write_whole(&text, card.to_markdown().as_bytes()).map_err(raise)?;
        Ok((page, text))
    })
}

/// Reproduces figures, writes the report, and returns the folder and the verdicts as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub(crate) fn reproduce(
    py: Python<'_>,
    figures: Vec<String>,
    data: Option<String>,
    quick: bool,
    size: (Option<u64>, Option<u64>, u64, Option<usize>),
    out: Option<PathBuf>,
    settings: Settings,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<(PathBuf, String)> {
    let (trials, episodes, seed, threads) = size;
    let targets = Target::list(&figures).map_err(raise)?;
    let set = match &data {
        Some(name) => datasets::open(name, Split::Test),
        None => datasets::open_default(Split::Test),
    };
    let set = Arc::new(set.map_err(raise)?);
    let digits = paper::digits(&targets, &set).map_err(raise)?;
    let folder = Ask::folder(&targets, &set, quick);
    let ask = Ask {
        targets,
        trials: trials.unwrap_or(if quick { QUICK.0 } else { TRIALS }),
        episodes: episodes.or(quick.then_some(QUICK.1)),
        seed,
        threads: threads.unwrap_or_else(cores),
        quick,
        shard: None,
        assignments: assignments(settings),
        out: out.unwrap_or(folder),
    };
    let out = ask.out.clone();
    watched(py, tell, |desk| {
        let name = data.unwrap_or_else(|| set.name().to_owned());
        let mut reproduction = Reproduction::open(ask, (&name, set), digits).map_err(raise)?;
        for note in reproduction.notes() {
            desk.say(format!("note: {note}"));
        }
        if !reproduction.is_finished() {
            reproduction.estimate().map_err(raise)?;
        }
        desk.begin(0, reproduction.work().max(1));
        let report = reproduction.run(&desk.stop, |step| desk.advance(step.work));
        let report = report.map_err(raise)?.expect("the whole is asked for");
        report.write(&out).map_err(raise)?;
        let verdicts = report.to_json(&out).to_string();
        Ok((out, verdicts))
    })
}

/// As many threads as there are processors.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
