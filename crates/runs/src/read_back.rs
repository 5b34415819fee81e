//! What a run directory was asked to do.

use std::path::Path;
use std::sync::Arc;

use datasets::{DataError, Dataset};

use crate::{Config, RunError};

impl Config {
    /// What the run in `dir` was asked to do; `options` and `assignments` as for
    /// [`Config::new`].
    ///
    /// # Errors
    /// If `dir` is no run directory, or its config.toml or an option makes no sense.
    pub fn of_run(
        dir: &Path,
        options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Config, RunError> {
        let file = dir.join("config.toml");
        if !file.is_file() {
            let what = match (dir.is_dir(), dir.exists()) {
                (true, _) => "is no run directory: it has no config.toml",
                (false, true) => "is no directory",
                (false, false) => "there is no such directory",
            };
            return Err(RunError::Input(format!("{}: {what}", dir.display())));
        }
        Ok(Config::new(Some(&file), options, assignments)?)
    }

    /// Opens the data set that was asked for, or what stands in for none.
    ///
    /// # Errors
    /// [`DataError`], as [`datasets::open`] and [`datasets::open_default`].
    pub fn open_data(&self) -> Result<Dataset, DataError> {
        match &self.data {
            Some(name) => datasets::open(name, self.split),
            None => datasets::open_default(self.split),
        }
    }
}

/// What the run in `dir` was asked to do, and its data, which may have been moved to
/// `data` since. `threads` goes before the run's own.
///
/// # Errors
/// As [`Config::of_run`], and if the data are not found.
pub fn read_back(
    dir: &Path,
    data: Option<String>,
    threads: Option<String>,
) -> Result<(Config, Arc<Dataset>), RunError> {
    let moved = data.is_some();
    let config = Config::of_run(dir, vec![("data", data), ("threads", threads)], &[])?;
    if config.data.is_none() {
        let file = dir.join("config.toml");
        return Err(RunError::Input(format!(
            "{}: names no data; that of a run does",
            file.display()
        )));
    }
    let data = config.open_data().map_err(|error| {
        if moved || error.is_run_failure() {
            return error.into();
        }
        RunError::Input(format!(
            "{error}; if the data of {} were moved, say where to with --data",
            dir.display()
        ))
    })?;
    Ok((config, Arc::new(data)))
}
