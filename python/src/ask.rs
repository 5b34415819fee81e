//! What is asked for, as Python gives it: rules, data, settings.

use std::sync::Arc;

use metaplast::datasets::{Dataset, Split};
use metaplast::meta::Threads;
use metaplast::runs::{Config, RuleFile, RunError};
use numpy::{PyReadonlyArray1, PyReadonlyArray3};
use pyo3::prelude::*;

use crate::failure::raise;

/// Settings as `key` and text, read as the command reads `key=value`.
pub(crate) type Settings = Vec<(String, String)>;

/// Settings in the form that the library takes.
pub(crate) fn assignments(settings: Settings) -> Vec<String> {
    let settings = settings.into_iter();
    settings
        .map(|(key, text)| format!("{key}={text}"))
        .collect()
}

/// A rule by its name or path, or the text of a rule file.
#[derive(FromPyObject)]
pub(crate) enum RuleGiven {
    /// The name that the file would have, and what would be in it.
    Text(String, String),
    /// A built-in rule, or the path of a file.
    Named(String),
}

impl RuleGiven {
    /// The rule with settings.
    pub(crate) fn config(self, settings: Settings) -> PyResult<Config> {
        let assignments = assignments(settings);
        let config = match self {
            RuleGiven::Named(name) => Config::new(None, vec![("rule", Some(name))], &assignments),
            RuleGiven::Text(name, text) => {
                Config::of_rule(RuleFile { name, text }, Vec::new(), &assignments)
            }
        };
        config.map_err(raise)
    }
}

/// Images, n × height × width, and their labels.
#[derive(FromPyObject)]
pub(crate) struct Arrays<'py>(PyReadonlyArray3<'py, u8>, PyReadonlyArray1<'py, u8>);

impl Arrays<'_> {
    /// A data set of these arrays.
    pub(crate) fn dataset(&self, split: Split) -> PyResult<Dataset> {
        let Arrays(images, labels) = self;
        let (images, labels) = (images.as_array(), labels.as_array());
        let (_, height, width) = images.dim();
        let set = Dataset::from_parts(
            "arrays",
            split,
            height,
            width,
            images.iter().copied().collect(),
            labels.to_vec(),
        );
        set.map_err(raise)
    }
}

/// A run that is ready to start: what it does, on what, and the threads that do it.
pub(crate) struct Ready {
    pub(crate) config: Config,
    pub(crate) data: Arc<Dataset>,
    pub(crate) threads: Threads,
}

impl Ready {
    /// With data in memory, or those that the configuration names.
    pub(crate) fn new(config: Config, arrays: Option<Arrays<'_>>) -> PyResult<Ready> {
        let data = match arrays {
            Some(arrays) => arrays.dataset(config.split)?,
            None => config.open_data().map_err(raise)?,
        };
        config.check(&data).map_err(raise)?;
        let threads = Threads::new(config.threads).map_err(raise)?;
        Ok(Ready {
            config,
            data: Arc::new(data),
            threads,
        })
    }
}

/// Something that only a library error can say.
pub(crate) fn input(message: String) -> PyErr {
    raise(RunError::Input(message))
}
