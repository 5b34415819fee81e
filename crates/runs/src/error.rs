use std::path::PathBuf;

/// Why a run cannot start, or ended early. Its text is one line: what is wrong, and
/// what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// What was asked for makes no sense, or does not fit the data or the directory.
    #[error("{0}")]
    Input(String),
    /// A run that was asked for properly failed.
    #[error("{0}")]
    Failed(String),
    /// A run was stopped on request; its directory has all that is needed to continue.
    #[error("stopped; to continue: metaplast resume {}", .0.display())]
    Stopped(PathBuf),
}
