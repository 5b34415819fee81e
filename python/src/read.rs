//! What run directories and data sets hold.

use std::path::PathBuf;

use metaplast::datasets::{self, Split};
use metaplast::paper;
use metaplast::runs::{Columns, Config, Metrics, OnlineConfig, Values};
use numpy::{IntoPyArray, PyArray1, PyArray3, PyArrayMethods};
use pyo3::prelude::*;

use crate::ask::input;
use crate::failure::raise;

/// A column as it goes to Python: its name, and its values trial by trial.
type Named<'py> = (String, Bound<'py, PyAny>);

/// How many trials and episodes or tests a table of a run has, and its columns, each one array
/// of trials × episodes in this order, or a list of words.
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
    Ok((read.trials.len(), read.steps.len(), columns?))
}

/// The config.toml of a run directory as JSON. That of an online run has the key `online`.
#[pyfunction]
pub(crate) fn config(dir: PathBuf) -> PyResult<String> {
    // They say what is wrong with a directory that is none of a run.
    match OnlineConfig::read(&dir, Vec::new()) {
        Some(online) => drop(online.map_err(raise)?),
        None => drop(Config::of_run(&dir, Vec::new(), &[]).map_err(raise)?),
    }
    let file = dir.join("config.toml");
    let wrong = |error: String| input(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
    json(&table)
}

/// The coefficients that each trial of a training arrived at.
#[pyfunction]
pub(crate) fn final_theta(dir: PathBuf) -> PyResult<Vec<Vec<f64>>> {
    let config = Config::of_run(&dir, Vec::new(), &[]).map_err(raise)?;
    let metrics = Metrics::read(&dir.join("metrics.csv")).map_err(raise)?;
    Ok(paper::final_theta(&metrics, &config.settings.outer))
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
pub(crate) fn json(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| input(error.to_string()))
}
