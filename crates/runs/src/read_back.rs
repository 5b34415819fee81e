//! What a run directory was asked to do.

use std::path::Path;
use std::sync::Arc;

use datasets::{DataError, Dataset};

use crate::{Config, Fault, Halves, OnlineConfig, RunError};

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
    let data = config.open_data();
    let data = data.map_err(|error| perhaps_moved(dir, moved, error.into()))?;
    Ok((config, Arc::new(data)))
}

/// As [`read_back`], of an online run; none if the run in `dir` is not one.
///
/// # Errors
/// If its config.toml or an option makes no sense, or the data are not found.
pub fn read_back_online(
    dir: &Path,
    data: &Option<String>,
    threads: &Option<String>,
) -> Result<Option<(OnlineConfig, Halves)>, RunError> {
    let options = vec![("data", data.clone()), ("threads", threads.clone())];
    let Some(config) = OnlineConfig::read(dir, options) else {
        return Ok(None);
    };
    let config = config?;
    let halves = config.open_data();
    let halves = halves.map_err(|error| perhaps_moved(dir, data.is_some(), error))?;
    Ok(Some((config, halves)))
}

/// Of data that were not found where the run in `dir` had them, that they may be elsewhere,
/// unless it was `said` where they are.
fn perhaps_moved(dir: &Path, said: bool, error: RunError) -> RunError {
    if said || error.fault() != Fault::Input {
        return error;
    }
    RunError::Input(format!(
        "{error}; if the data of {} were moved, say where to with --data",
        dir.display()
    ))
}
