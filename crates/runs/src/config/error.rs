use std::fmt;
use std::path::{Path, PathBuf};

use meta::SettingsError;
use model::RuleError;

use super::ValueError;
use super::keys::KEYS;
use crate::TextError;

/// Where in a file a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// Before a message about something that stands there.
struct At<'a>(&'a Option<Place>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Place { file, line }) => write!(f, "{}: line {line}: ", file.display()),
            None => Ok(()),
        }
    }
}

/// What is wrong with a configuration. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: TextError,
    },
    /// A file is not TOML.
    #[error("{}{reason}", At(.place))]
    Syntax {
        /// Where.
        place: Option<Place>,
        /// What is wrong.
        reason: String,
    },
    /// There is no such key.
    #[error(
        "{}unknown key '{key}': should be one of {}{}",
        At(.place),
        KEYS.map(|key| key.name).join(", "),
        words::did_you_mean(key, KEYS.map(|key| key.name))
    )]
    UnknownKey {
        /// Where it stands, if in a file.
        place: Option<Place>,
        /// The key.
        key: String,
    },
    /// An argument is no assignment.
    #[error("'{0}' is neither a configuration file ending in .toml nor key=value")]
    NoAssignment(String),
    /// A value that its key does not take.
    #[error("{}{key}: '{value}' is not {wanted}", At(.place))]
    Value {
        /// Where it stands, if in a file.
        place: Option<Place>,
        /// The key.
        key: &'static str,
        /// The value as it was given.
        value: String,
        /// What would be right.
        wanted: ValueError,
    },
    /// Values that are right alone, but not together.
    #[error("{}{keys}: {problem}", At(.place))]
    Together {
        /// Where the first of them stands that stands in a file.
        place: Option<Place>,
        /// The keys.
        keys: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The rule cannot be had.
    #[error("{}rule: {error}", At(.place))]
    Rule {
        /// Where it is named, if in a file.
        place: Option<Place>,
        /// Why.
        error: RuleError,
    },
    /// The settings do not fit the data.
    #[error("{}{error}", At(.place))]
    Settings {
        /// Where the setting stands, if in a file.
        place: Option<Place>,
        /// What does not fit.
        error: SettingsError,
    },
}

impl ConfigError {
    /// The file that is wrong, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            ConfigError::Unreadable { file, .. } => Some(file),
            ConfigError::NoAssignment(_) => None,
            ConfigError::Syntax { place, .. }
            | ConfigError::UnknownKey { place, .. }
            | ConfigError::Value { place, .. }
            | ConfigError::Together { place, .. }
            | ConfigError::Rule { place, .. }
            | ConfigError::Settings { place, .. } => Some(&place.as_ref()?.file),
        }
    }

    /// The key or keys that are wrong, where it is known.
    pub fn key(&self) -> Option<&str> {
        match self {
            ConfigError::UnknownKey { key, .. } => Some(key),
            ConfigError::Value { key, .. } => Some(key),
            ConfigError::Together { keys, .. } => Some(keys),
            ConfigError::Rule { .. } => Some("rule"),
            ConfigError::Settings { error, .. } => error.keys().first().copied(),
            _ => None,
        }
    }
}
