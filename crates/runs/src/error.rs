use std::io;
use std::path::PathBuf;

use datasets::DataError;
use meta::SettingsError;

use crate::{ConfigError, MetricsError};

/// Why a run cannot start, or ended early. Its text is one line: what is wrong, and
/// what would be right.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration makes no sense, or does not fit the data.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The settings do not fit the data or the machine.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A folder cannot be used.
    #[error("{}: {error}; name a writable directory with --out", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A folder holds something else.
    #[error("{} is not empty; name a new directory with --out, or empty this one", .0.display())]
    NotEmpty(PathBuf),
    /// A folder holds this very run, with nothing left to do.
    #[error("{} holds this very run, finished; name a new directory with --out", .0.display())]
    Finished(PathBuf),
    /// Another process works in the folder.
    #[error("{} is in use by another metaplast (process {holder}); wait for it to end, or name another directory", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The other process.
        holder: String,
    },
    /// A folder holds a run of other settings.
    #[error("{} holds a run with other settings: {difference}; name a new directory with --out", path.display())]
    OtherSettings {
        /// The folder.
        path: PathBuf,
        /// The first that differs.
        difference: String,
    },
    /// A folder holds a run of another program, rule or data.
    #[error("{} holds a run that cannot go on here: {difference}; to begin it anew: {}", path.display(), anew(path))]
    OtherOrigin {
        /// The folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// None of the checkpoints of a run can be used.
    #[error("{}: no checkpoint can be used: {}; to begin again: {}", path.display(), reasons.join(", "), anew(path))]
    NoCheckpoint {
        /// The run directory.
        path: PathBuf,
        /// Why each cannot be used, the newest first.
        reasons: Vec<String>,
    },
    /// Files of a finished run are not what it wrote.
    #[error("{}: {}; for more: {}", path.display(), wrong.join(", "), words::command(["metaplast", "verify", &path.to_string_lossy()]))]
    Changed {
        /// The run directory.
        path: PathBuf,
        /// What is wrong with each.
        wrong: Vec<String>,
    },
    /// There is nothing to hold an unfinished run against.
    #[error("{}: has neither SHA256SUMS nor a checkpoint that can be read, so there is nothing to hold it against", .0.display())]
    Unverifiable(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file of a run is not what it should be.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file is no table of a run's records.
    #[error("{}: {error}", path.display())]
    Metrics {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: MetricsError,
    },
    /// There is no number left to name a new folder by.
    #[error("{}-N: there is one for every N up to 2³²; name a new directory with --out", .0.display())]
    Crowded(PathBuf),
    /// A run could not write what it came to, and can go on once it can.
    #[error(
        "{error}; what was saved is safe, once this is mended go on with: {}",
        again(path)
    )]
    Interrupted {
        /// The run directory.
        path: PathBuf,
        /// What happened.
        error: Box<RunError>,
    },
    /// A run was carried on after it had ended early.
    #[error("{}: the run has ended early; open it again", .0.display())]
    Ended(PathBuf),
    /// What a caller found wrong with what was asked for, in its own words.
    #[error("{0}")]
    Input(String),
    /// A run was stopped on request; its directory has all that is needed to continue.
    #[error("stopped; to continue: {}", again(.0))]
    Stopped(PathBuf),
}

/// Whose fault a [`RunError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What was asked for makes no sense, or does not fit the data or the directory.
    Input,
    /// A run that was asked for properly failed.
    Run,
    /// Nobody's: the user stopped it.
    Stopped,
}

impl RunError {
    /// Its text on one line, as a program shows it.
    pub fn line(&self) -> String {
        words::one_line(&self.to_string())
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            RunError::Data(error) if error.is_run_failure() => Fault::Run,
            RunError::Config(_)
            | RunError::Settings(_)
            | RunError::Data(_)
            | RunError::Folder { .. }
            | RunError::NotEmpty(_)
            | RunError::Finished(_)
            | RunError::InUse { .. }
            | RunError::OtherSettings { .. }
            | RunError::OtherOrigin { .. }
            | RunError::Unverifiable(_)
            | RunError::Metrics { .. }
            | RunError::Input(_)
            | RunError::Crowded(_) => Fault::Input,
            RunError::NoCheckpoint { .. }
            | RunError::Changed { .. }
            | RunError::File { .. }
            | RunError::Damaged { .. }
            | RunError::Interrupted { .. }
            | RunError::Ended(_) => Fault::Run,
            RunError::Stopped(_) => Fault::Stopped,
        }
    }
}

/// The command that goes on with a run.
fn again(path: &std::path::Path) -> String {
    words::command(["metaplast", "resume", &path.to_string_lossy()])
}

/// The command that begins a run again elsewhere.
fn anew(path: &std::path::Path) -> String {
    let config = path.join("config.toml");
    let start = words::command(["metaplast", "train", &config.to_string_lossy()]);
    format!("{start} --out NEW")
}
