//! The folders in which named sets are looked for.

use std::path::{Path, PathBuf};

use crate::DataError;

/// The search path for named sets: folders that hold `emnist/`, `mnist/`, `fashion-mnist/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots(Vec<PathBuf>);

impl Roots {
    /// These folders, searched in order; they need not exist.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>) -> Roots {
        Roots(folders)
    }

    /// `$METAPLAST_DATA` (if set and not empty), `./data`, the user's data directory for
    /// metaplast, `/usr/share/datasets`.
    ///
    /// # Errors
    /// [`DataError::Variable`] when METAPLAST_DATA names no folder. Whoever sets it believes
    /// that data come from there; to look elsewhere instead would be a fallback in silence.
    pub fn from_env() -> Result<Roots, DataError> {
        let variable = variable();
        if let Some(folder) = variable.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(DataError::Variable(folder.clone()));
        }
        let folders = variable
            .into_iter()
            .chain([PathBuf::from("data")])
            .chain(user_folder())
            .chain([PathBuf::from("/usr/share/datasets")]);
        Ok(Roots(folders.collect()))
    }

    /// The folders, in the order in which they are searched.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.0
    }

    /// The folders as one line for a message; those that do not exist are marked.
    pub(crate) fn describe(&self) -> String {
        let mark = |folder: &PathBuf| {
            let absent = if folder.is_dir() { "" } else { " (absent)" };
            format!("{}{absent}", folder.display())
        };
        self.0.iter().map(mark).collect::<Vec<_>>().join(", ")
    }
}

/// Where fetched sets go unless told otherwise: `$METAPLAST_DATA` if set, else the user's data
/// directory for metaplast, else (a system without home folders) `./data`.
#[must_use]
pub fn default_target() -> PathBuf {
    variable()
        .or_else(user_folder)
        .unwrap_or_else(|| Path::new("data").to_owned())
}

fn variable() -> Option<PathBuf> {
    std::env::var_os("METAPLAST_DATA")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "metaplast").map(|dirs| dirs.data_dir().to_owned())
}
