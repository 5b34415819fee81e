//! Runs in directories: trainings, online learning, and parts put together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use metaplast::datasets::Dataset;
use metaplast::meta::Threads;
use metaplast::paper::Learned;
use metaplast::plots;
use metaplast::runs::{
    self, Config, Halves, OnlineConfig, OnlineRun, Run, RunError, Sample, next_free_directory,
    read_back, read_back_online,
};
use pyo3::prelude::*;

use crate::ask::{Given, RuleGiven, Settings, assignments};
use crate::failure::{exception, raise};
use crate::watch::{Desk, watched};

/// Trains a rule and returns the run directory.
#[pyfunction]
pub(crate) fn train(
    py: Python<'_>,
    rule: RuleGiven,
    data: Given<'_>,
    settings: Settings,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<PathBuf> {
    let config = rule.config(settings)?;
    let data = match data.one(config.split)? {
        Some(data) => data,
        None => Arc::new(config.open_data().map_err(raise)?),
    };
    config.check(&data).map_err(raise)?;
    watched(py, tell, |desk| {
        let path = match &config.out {
            Some(path) => path.clone(),
            None => next_free_directory(&config.settings.learner.rule.name, data.name())
                .map_err(raise)?,
        };
        let run = open(&config, data, &path)?;
        if run.is_finished() {
            return Err(raise(RunError::Finished(path)));
        }
        carry_out(run, desk)?;
        Ok(path)
    })
}

/// Learns a stream of images online, by a rule or by what the run in a directory learned, and
/// returns the run directory. `stream` is the number of classes, of images, from one test to
/// the next, and of a test.
#[pyfunction]
pub(crate) fn online(
    py: Python<'_>,
    what: RuleGiven,
    theta: Option<Vec<f64>>,
    data: Given<'_>,
    stream: (Option<usize>, usize, usize, usize),
    out: Option<PathBuf>,
    settings: Settings,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<PathBuf> {
    let learned = match what {
        RuleGiven::Named(name) => Learned::of(&name, theta, Vec::new(), &assignments(settings)),
        rule => Learned::of_rule(rule.config(settings)?, theta),
    };
    let (classes, images, every, tests) = stream;
    let config = learned.and_then(|learned| learned.online(classes, (images, every, tests)));
    let config = config.map_err(raise)?;
    let halves = match data.halves()? {
        Some(halves) => halves,
        None => config.open_data().map_err(raise)?,
    };
    watched(py, tell, |desk| {
        let path = match out {
            Some(path) => path,
            None => {
                let rule = &config.online.learner.rule.name;
                next_free_directory(&format!("online-{rule}"), halves.0.name()).map_err(raise)?
            }
        };
        let run = open_online(&config, halves, &path)?;
        if run.is_finished() {
            return Err(raise(RunError::Finished(path)));
        }
        carry_out_online(run, desk)?;
        Ok(path)
    })
}

/// Goes on with the run in a directory, on the data it names or on others.
#[pyfunction]
pub(crate) fn resume(
    py: Python<'_>,
    dir: PathBuf,
    data: Given<'_>,
    threads: Option<String>,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let asked = Asked::read(&dir, data, threads)?;
    watched(py, tell, |desk| match asked {
        Asked::Training(config, data) => carry_out(open(&config, data, &dir)?, desk),
        Asked::Online(config, halves) => {
            carry_out_online(open_online(&config, halves, &dir)?, desk)
        }
    })
}

/// What differs in a run directory from what its run would write.
#[pyfunction]
pub(crate) fn verify(
    py: Python<'_>,
    dir: PathBuf,
    sample: Option<u64>,
    data: Given<'_>,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<String>> {
    let asked = Asked::read(&dir, data, None)?;
    let sample = sample.map_or(Sample::All, Sample::Episodes);
    watched(py, tell, |desk| {
        let (stop, watch) = (&desk.stop, || desk.advance(1));
        let report = match asked {
            Asked::Training(config, data) => {
                desk.begin(0, sample.episodes(&config));
                runs::verify(&dir, &config, &data, sample, stop, watch)
            }
            Asked::Online(config, halves) => {
                desk.begin(0, sample.tests(&config, &halves));
                runs::verify_online(&dir, &config, &halves, sample, stop, watch)
            }
        };
        Ok(report.map_err(raise)?.differences)
    })
}

/// Puts the parts of a run together in a new directory.
#[pyfunction]
pub(crate) fn merge(py: Python<'_>, parts: Vec<PathBuf>, out: PathBuf) -> PyResult<()> {
    py.detach(|| {
        runs::merge(&parts, &out).map_err(|error| exception(error.fault(), error.to_string()))?;
        plots::write_run_report(&out).map_err(raise)
    })
}

/// What the run in a directory was asked to do, and its data.
enum Asked {
    Training(Box<Config>, Arc<Dataset>),
    Online(Box<OnlineConfig>, Halves),
}

impl Asked {
    fn read(dir: &Path, data: Given<'_>, threads: Option<String>) -> PyResult<Asked> {
        if let Given::Named(name) = data {
            let online = read_back_online(dir, &name, &threads).map_err(raise)?;
            if let Some((config, halves)) = online {
                return Ok(Asked::Online(Box::new(config), halves));
            }
            let (config, data) = read_back(dir, name, threads).map_err(raise)?;
            return Ok(Asked::Training(Box::new(config), data));
        }
        let options = || vec![("threads", threads.clone())];
        if let Some(config) = OnlineConfig::read(dir, options()) {
            let config = config.map_err(raise)?;
            let halves = data.halves()?.expect("it is no name");
            return Ok(Asked::Online(Box::new(config), halves));
        }
        let config = Config::of_run(dir, options(), &[]).map_err(raise)?;
        let data = data.one(config.split)?.expect("it is no name");
        Ok(Asked::Training(Box::new(config), data))
    }
}

fn open(config: &Config, data: Arc<Dataset>, path: &Path) -> PyResult<Run> {
    let threads = Threads::new(config.threads).map_err(raise)?;
    Run::open(config, data, path, &threads).map_err(raise)
}

fn open_online(config: &OnlineConfig, halves: Halves, path: &Path) -> PyResult<OnlineRun> {
    let threads = Threads::new(config.threads()).map_err(raise)?;
    OnlineRun::open(config, halves, path, &threads).map_err(raise)
}

/// Runs what is left of a training, and writes its report.
fn carry_out(mut run: Run, desk: &Desk) -> PyResult<()> {
    let (done, total) = (run.done(), run.total());
    begin(desk, run.notes(), (done, total), "episodes");
    let mut diverged = BTreeSet::new();
    run.finish(&desk.stop, |record| {
        // The first of each trial; metrics.csv has all.
        if let Some(place) = &record.divergence
            && diverged.insert(record.trial)
        {
            let (trial, episode) = (record.trial, record.episode);
            desk.say(format!(
                "trial {trial}: episode {episode} diverged at {place}"
            ));
        }
        desk.advance(1);
    })
    .map_err(raise)?;
    if done < total || !run.path().join("report.html").is_file() {
        plots::write_run_report(run.path()).map_err(raise)?;
    }
    Ok(())
}

/// Runs what is left of an online run.
fn carry_out_online(mut run: OnlineRun, desk: &Desk) -> PyResult<()> {
    begin(desk, run.notes(), (run.done(), run.total()), "tests");
    let finished = run.finish(&desk.stop, |_| desk.advance(1));
    finished.map(drop).map_err(raise)
}

fn begin(desk: &Desk, notes: &[String], (done, total): (u64, u64), what: &str) {
    for note in notes {
        desk.say(format!("note: {note}"));
    }
    desk.begin(done, total);
    if done > 0 {
        desk.say(format!("going on after {done} of {total} {what}"));
    }
}
