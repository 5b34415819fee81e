//! Trainings, tests, reproductions and episodes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use metaplast::datasets::{self, Dataset, Split};
use metaplast::meta::Threads;
use metaplast::paper::{self, Ask, QUICK, Reproduction, RuleTest, TRIALS, Target};
use metaplast::plots;
use metaplast::runs::{
    self, Case, Columns, Config, Metrics, Run, RunError, Sample, Values, next_free_directory,
    read_back,
};
use numpy::{IntoPyArray, PyArray1, PyArray3, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::ask::{Arrays, Ready, RuleGiven, Settings, assignments, input};
use crate::failure::raise;
use crate::watch::{Desk, watched};

/// Trains a rule on the data that the settings name, or on `arrays`, and returns the run
/// directory.
#[pyfunction]
pub(crate) fn train(
    py: Python<'_>,
    rule: RuleGiven,
    arrays: Option<Arrays<'_>>,
    settings: Settings,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<PathBuf> {
    let ready = Ready::new(rule.config(settings)?, arrays)?;
    watched(py, tell, |desk| {
        let Config { out, settings, .. } = &ready.config;
        let path = match out {
            Some(path) => path.clone(),
            None => next_free_directory(&settings.learner.rule.name, ready.data.name())
                .map_err(raise)?,
        };
        let run = open(&ready, &path)?;
        if run.is_finished() {
            return Err(raise(RunError::Finished(path)));
        }
        carry_out(run, desk)?;
        Ok(path)
    })
}

/// Goes on with the run in a directory, on the data it names, on those at `data`, or on
/// `arrays`.
#[pyfunction]
pub(crate) fn resume(
    py: Python<'_>,
    dir: PathBuf,
    data: Option<String>,
    arrays: Option<Arrays<'_>>,
    threads: Option<String>,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let (config, data) = reread(&dir, data, arrays, threads)?;
    let threads = Threads::new(config.threads).map_err(raise)?;
    let ready = Ready {
        config,
        data,
        threads,
    };
    watched(py, tell, |desk| carry_out(open(&ready, &dir)?, desk))
}

/// What the run in a directory was asked to do, and its data.
fn reread(
    dir: &Path,
    data: Option<String>,
    arrays: Option<Arrays<'_>>,
    threads: Option<String>,
) -> PyResult<(Config, Arc<Dataset>)> {
    let Some(arrays) = arrays else {
        return read_back(dir, data, threads).map_err(raise);
    };
    let config = Config::of_run(dir, vec![("threads", threads)], &[]).map_err(raise)?;
    let data = arrays.dataset(config.split)?;
    Ok((config, Arc::new(data)))
}

fn open(ready: &Ready, path: &Path) -> PyResult<Run> {
    Run::open(&ready.config, Arc::clone(&ready.data), path, &ready.threads).map_err(raise)
}

/// Runs what is left of a run, and writes its report.
fn carry_out(mut run: Run, desk: &Desk) -> PyResult<()> {
    for note in run.notes() {
        desk.say(format!("note: {note}"));
    }
    let (done, total) = (run.done(), run.total());
    desk.begin(done, total);
    if done > 0 {
        desk.say(format!("going on after {done} of {total} episodes"));
    }
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

/// A column as it goes to Python: its name, and its values trial by trial.
type Named<'py> = (String, Bound<'py, PyAny>);

/// How many trials and episodes a metrics.csv has, and its columns, each one array of
/// trials × episodes in this order, or a list of words.
#[pyfunction]
pub(crate) fn columns<'py>(
    py: Python<'py>,
    path: PathBuf,
) -> PyResult<(usize, usize, Vec<Named<'py>>)> {
    let read = py.detach(|| Columns::read(&path)).map_err(raise)?;
    let columns = read.columns.into_iter().map(|column| {
        let values = match column.values {
            Values::Counts(counts) => {
                let counts = counts.into_iter().map(|count| count as i64);
                counts.collect::<Vec<i64>>().into_pyarray(py).into_any()
            }
            Values::Numbers(numbers) => numbers.into_pyarray(py).into_any(),
            Values::Texts(texts) => texts.into_pyobject(py)?.into_any(),
        };
        Ok((column.name, values))
    });
    let columns: PyResult<Vec<Named<'py>>> = columns.collect();
    Ok((read.trials.len(), read.episodes, columns?))
}

/// The config.toml of a run directory as JSON.
#[pyfunction]
pub(crate) fn config(dir: PathBuf) -> PyResult<String> {
    // It says what is wrong with a directory that is none of a run.
    Config::of_run(&dir, Vec::new(), &[]).map_err(raise)?;
    let file = dir.join("config.toml");
    let wrong = |error: String| input(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
    serde_json::to_string(&table).map_err(|error| wrong(error.to_string()))
}

/// The coefficients that each trial of a run arrived at.
#[pyfunction]
pub(crate) fn final_theta(dir: PathBuf) -> PyResult<Vec<Vec<f64>>> {
    let config = Config::of_run(&dir, Vec::new(), &[]).map_err(raise)?;
    let metrics = Metrics::read(&dir.join("metrics.csv")).map_err(raise)?;
    Ok(paper::final_theta(&metrics, &config.settings.outer))
}

/// What differs in a run directory from what its run would write.
#[pyfunction]
pub(crate) fn verify(
    py: Python<'_>,
    dir: PathBuf,
    sample: Option<u64>,
    data: Option<String>,
    arrays: Option<Arrays<'_>>,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<String>> {
    let (config, data) = reread(&dir, data, arrays, None)?;
    let recorded = config.settings.outer.episodes * config.trials().len() as u64;
    let (sample, total) = match sample {
        None => (Sample::All, recorded),
        Some(number) => (
            Sample::Episodes(number),
            number.min(recorded) + runs::in_sequence(&config.settings),
        ),
    };
    watched(py, tell, |desk| {
        desk.begin(0, total);
        let report = runs::verify(&dir, &config, &data, sample, || desk.advance(1));
        Ok(report.map_err(raise)?.differences)
    })
}

/// A test with frozen coefficients of a rule, or of what the run in `dir` learned, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub(crate) fn test(
    py: Python<'_>,
    what: RuleGiven,
    theta: Option<Vec<f64>>,
    data: Vec<String>,
    arrays: Option<Arrays<'_>>,
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
    let sets = match arrays {
        Some(arrays) => vec![arrays.dataset(test.config.split)?],
        None => test.open(&data).map_err(raise)?,
    };
    let threads = Threads::new(test.config.threads).map_err(raise)?;
    watched(py, tell, |desk| {
        desk.begin(0, (test.theta.len() * sets.len()) as u64);
        let tested = test.run(&sets, &threads, &desk.stop, || desk.advance(1));
        json(&tested.map_err(raise)?)
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
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
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

/// The number type of an episode.
#[derive(Clone, Copy)]
enum Precision {
    F64,
    F32,
}

impl Precision {
    fn named(name: &str) -> PyResult<Precision> {
        match name {
            "f64" => Ok(Precision::F64),
            "f32" => Ok(Precision::F32),
            _ => Err(PyValueError::new_err(format!(
                "precision: '{name}' is not f64 or f32"
            ))),
        }
    }

    fn run(self, case: &Case) -> PyResult<String> {
        json(&match self {
            Precision::F64 => case.run::<f64>(),
            Precision::F32 => case.run::<f32>(),
        })
    }
}

/// The result of a case, both as JSON.
#[pyfunction]
pub(crate) fn episode(py: Python<'_>, case: &str, precision: &str) -> PyResult<String> {
    let precision = Precision::named(precision)?;
    py.detach(|| {
        let case = Case::from_json(case).map_err(|error| input(error.to_string()))?;
        precision.run(&case)
    })
}

/// The result of a case file as JSON.
#[pyfunction]
pub(crate) fn episode_of_file(py: Python<'_>, path: PathBuf, precision: &str) -> PyResult<String> {
    let precision = Precision::named(precision)?;
    py.detach(|| precision.run(&Case::read(&path).map_err(raise)?))
}

/// Images of n × height × width, and labels.
type Images<'py> = (Bound<'py, PyArray3<u8>>, Bound<'py, PyArray1<u8>>);

/// The images and labels of a data set.
#[pyfunction]
pub(crate) fn dataset<'py>(py: Python<'py>, name: &str, split: &str) -> PyResult<Images<'py>> {
    let split: Split = split
        .parse()
        .map_err(|_| input(format!("split: '{split}' is not train or test")))?;
    let set = py.detach(|| datasets::open(name, split)).map_err(raise)?;
    let shape = [set.len(), set.height(), set.width()];
    let (images, labels) = set.into_parts();
    Ok((
        images.into_pyarray(py).reshape(shape)?,
        labels.into_pyarray(py),
    ))
}

/// Plain data as JSON.
fn json(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| input(error.to_string()))
}
