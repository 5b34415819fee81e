//! What can be asked for.

use plots::{Figure, Table};
use runs::RunError;

use crate::results::Results;
use crate::study::{STUDIES, Study};

/// Something that can be reproduced: a figure, or a table.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// A heading.
    pub title: &'static str,
    /// The experiments it is made from.
    pub experiments: &'static [&'static str],
    /// The online experiments it is made from.
    pub online: &'static [&'static str],
    /// The tests with frozen coefficients that it brings.
    pub frozen: &'static [&'static str],
    /// Draws it, if it is a figure.
    pub(crate) draw: Option<fn(&Target, &Results) -> Figure>,
    /// Makes its table, if it has one, with the table's source data in CSV.
    pub(crate) table: Option<MakeTable>,
}

/// Makes a table and its source data.
type MakeTable = fn(&Target, &Results) -> (Table, String);

impl Target {
    /// The targets of these names, each once; that of a study is all of its targets.
    ///
    /// # Errors
    /// If a name is of none.
    pub fn list(names: &[String]) -> Result<Vec<&'static Target>, RunError> {
        let mut targets: Vec<&Target> = Vec::new();
        for name in names {
            let found: Vec<&Target> = match (Study::named(name), Target::named(name)) {
                (Some(study), _) => study.targets.iter().collect(),
                (None, Some(target)) => vec![target],
                (None, None) => return Err(unknown(name)),
            };
            for target in found {
                if targets.iter().all(|other| other.name != target.name) {
                    targets.push(target);
                }
            }
        }
        Ok(targets)
    }

    /// The names of all experiments that it is made from.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (experiments, online) = (self.experiments.iter(), self.online.iter());
        experiments.chain(online).chain(self.frozen.iter()).copied()
    }
}

fn unknown(name: &str) -> RunError {
    let each = STUDIES.iter().map(|study| {
        let targets: Vec<&str> = study.targets.iter().map(|target| target.name).collect();
        format!("{}, or {}", targets.join(", "), study.name)
    });
    let each: Vec<String> = each.collect();
    RunError::Input(format!(
        "unknown figure '{name}'; it should be one of {}",
        each.join("; ")
    ))
}
