use std::path::{Path, PathBuf};

use crate::{Fault, RunError};

/// Why parts cannot be put together. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("no parts are given; name the run directories of all parts")]
    NoParts,
    /// A directory holds no run.
    #[error("{}: is no run directory: it has no config.toml; name those that train --shard has made", .0.display())]
    NoRun(PathBuf),
    /// A part has other settings, data, rule or program than the first.
    #[error("{} is no part of the run that {} is of: {difference}; leave it out, or merge it with parts of its own run", part.display(), first.display())]
    Foreign {
        /// The part.
        part: PathBuf,
        /// The first part.
        first: PathBuf,
        /// The first thing that differs.
        difference: String,
    },
    /// Two parts have the same trial.
    #[error("{} and {} both have trial {trial}; leave one of them out", one.display(), other.display())]
    Duplicated {
        /// A part.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// The trial.
        trial: u64,
    },
    /// A part is not finished.
    #[error("{} is not finished; go on with: {}", .0.display(), words::command(["metaplast", "resume", &.0.to_string_lossy()]))]
    Unfinished(PathBuf),
    /// A part is not what its run wrote.
    #[error("{}: {}; run this part again: {}", part.display(), wrong.join(", "), again(part))]
    Damaged {
        /// The part.
        part: PathBuf,
        /// What is wrong.
        wrong: Vec<String>,
    },
    /// No part has some of the trials.
    #[error("{} missing of {}: {}; give the parts that have them, or run them with --shard", words::count(trials.len() as u64, "trial"), of, listed(trials))]
    Missing {
        /// The trials.
        trials: Vec<u64>,
        /// Trials of the whole run.
        of: u64,
    },
    /// A directory cannot be read or written, or a configuration makes no sense.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl MergeError {
    /// Whose fault it is: what was given, or a run that is not as it should be.
    pub fn fault(&self) -> Fault {
        match self {
            MergeError::NoParts
            | MergeError::NoRun(_)
            | MergeError::Foreign { .. }
            | MergeError::Duplicated { .. } => Fault::Input,
            MergeError::Unfinished(_) | MergeError::Damaged { .. } | MergeError::Missing { .. } => {
                Fault::Run
            }
            MergeError::Run(error) => error.fault(),
        }
    }
}

/// The command that runs a part again.
fn again(part: &Path) -> String {
    let config = part.join("config.toml");
    let start = words::command(["metaplast", "train", &config.to_string_lossy()]);
    format!("{start} --out NEW")
}

/// A list of numbers, the first ten of it.
fn listed(numbers: &[u64]) -> String {
    let first: Vec<String> = numbers.iter().take(10).map(u64::to_string).collect();
    let more = if numbers.len() > 10 { ", …" } else { "" };
    first.join(", ") + more
}
