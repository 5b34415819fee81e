//! Episodes from explicit inputs.

use std::path::PathBuf;

use metaplast::runs::Case;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::ask::input;
use crate::failure::raise;
use crate::read::json;

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
