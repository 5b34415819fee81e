//! What is asked for, as Python gives it: rules, data, settings.

use std::sync::Arc;

use metaplast::datasets::{Dataset, Split};
use metaplast::runs::{Config, Halves, RuleFile, RunError};
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

/// Data as Python gives them.
#[derive(FromPyObject)]
pub(crate) enum Given<'py> {
    /// By name or path; None for those that a configuration names.
    Named(Option<String>),
    /// Images and labels.
    #[pyo3(transparent)]
    One(Arrays<'py>),
    /// Those to learn from, and those to be tested on.
    Two(Arrays<'py>, Arrays<'py>),
}

impl Given<'_> {
    /// The data set of arrays; none if there is but a name.
    pub(crate) fn one(&self, split: Split) -> PyResult<Option<Arc<Dataset>>> {
        match self {
            Given::Named(_) => Ok(None),
            Given::One(arrays) => Ok(Some(Arc::new(arrays.dataset(split)?))),
            Given::Two(..) => Err(input(
                "data: are two sets, of which only online learning has a use".to_owned(),
            )),
        }
    }

    /// The two data sets of arrays; none if there is but a name.
    pub(crate) fn halves(&self) -> PyResult<Option<Halves>> {
        match self {
            Given::Named(_) => Ok(None),
            Given::One(_) => Err(input("data: is one set, but online learning needs one to learn from and one to be tested on: (train, test), each (images, labels)".to_owned())),
            Given::Two(train, test) => Ok(Some((
                Arc::new(train.dataset(Split::Train)?),
                Arc::new(test.dataset(Split::Test)?),
            ))),
        }
    }
}

/// Something that only a library error can say.
pub(crate) fn input(message: String) -> PyErr {
    raise(RunError::Input(message))
}
