//! What of the paper can be asked for.

use plots::{Figure, Table};
use runs::RunError;

use crate::results::Results;
use crate::targets::TARGETS;

/// Something of the paper that can be reproduced: a figure, or the table.
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
    /// The targets of these names, each once; `all` is every one.
    ///
    /// # Errors
    /// If a name is of none.
    pub fn list(names: &[String]) -> Result<Vec<&'static Target>, RunError> {
        if names.iter().any(|name| name == "all") {
            return Ok(TARGETS.iter().collect());
        }
        let mut targets: Vec<&Target> = Vec::new();
        for name in names {
            let target = Target::named(name).ok_or_else(|| {
                let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
                RunError::Input(format!(
                    "unknown figure '{name}'; it should be one of {}, or all",
                    known.join(", ")
                ))
            })?;
            if targets.iter().all(|other| other.name != target.name) {
                targets.push(target);
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
