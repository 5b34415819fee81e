use std::path::PathBuf;

use super::grid::MOST;
use crate::config::{ConfigError, Place};

/// What is wrong with a grid. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The file cannot be read, or a key or a value in it makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A table or key of the file that there is not.
    #[error("{}: line {}: unknown '{name}': should be out, parts, [settings], [zip] or [cross]", place.file.display(), place.line)]
    Unknown {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
    },
    /// A table that is none, or a value of the wrong kind before the tables.
    #[error("{}: line {}: {name}: is not {wanted}", place.file.display(), place.line)]
    Kind {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A key that no sweep can set.
    #[error("{}: line {}: {key}: cannot be swept; {advice}", place.file.display(), place.line)]
    NotSwept {
        /// Where it stands.
        place: Place,
        /// The key.
        key: String,
        /// What to do instead.
        advice: &'static str,
    },
    /// A key is set in two tables.
    #[error("{}: line {}: {key}: is set twice, in [settings], [zip] or [cross]", place.file.display(), place.line)]
    Twice {
        /// Where it stands the second time.
        place: Place,
        /// The key.
        key: String,
    },
    /// A list is none, or has no values.
    #[error("{}: line {}: {key}: needs a list of values, as in {key} = [1, 2]", place.file.display(), place.line)]
    NoList {
        /// Where it stands.
        place: Place,
        /// The key.
        key: String,
    },
    /// Lists that go in step are of different lengths.
    #[error("{}: line {}: {key} has {found} values and {other} has {wanted}; lists in [zip] need as many", place.file.display(), place.line)]
    Lengths {
        /// Where the key stands.
        place: Place,
        /// A key.
        key: String,
        /// How many values it has.
        found: usize,
        /// The first key.
        other: String,
        /// How many values it has.
        wanted: usize,
    },
    /// There are too many runs.
    #[error("{}: {runs} runs are more than {MOST}; shorten the lists", file.display())]
    TooMany {
        /// The file.
        file: PathBuf,
        /// How many.
        runs: usize,
    },
    /// The values of a run do not go together.
    #[error("{}: {name}: {error}", file.display())]
    Point {
        /// The file.
        file: PathBuf,
        /// The name of the run.
        name: String,
        /// What is wrong.
        error: Box<ConfigError>,
    },
    /// Two runs would have the same name.
    #[error("{}: two runs would be called {name}; give different values, or files of different names", file.display())]
    SameName {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
}
