use std::path::{Path, PathBuf};

use crate::files::failed;
use crate::metrics::METRICS;
use crate::sums::{self, SUMS, hex, sha256};
use crate::{Config, Metrics, RunError, record};

/// A finished run of all trials, read back.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its directory.
    pub path: PathBuf,
    /// What it was to do.
    pub config: Config,
    /// What came out.
    pub metrics: Metrics,
    /// The SHA-256 of its metrics.csv, in hexadecimal.
    pub sum: String,
    /// The version of the program that made it.
    pub version: String,
}

impl Finished {
    /// Reads the run in a directory, whose files must be those that it wrote.
    ///
    /// # Errors
    /// If there is no run, it is not finished, it is a part of one, or a file was changed.
    pub fn read(path: &Path) -> Result<Finished, RunError> {
        let config = Config::of_run(path, Vec::new(), &[])?;
        let file = path.join("config.toml");
        let shown = path.display();
        if !path.join(SUMS).is_file() {
            let resume = words::command(["metaplast", "resume", &path.to_string_lossy()]);
            return Err(RunError::Input(format!(
                "{shown} is not finished; go on with: {resume}"
            )));
        }
        if !config.shard.is_whole() {
            return Err(RunError::Input(format!(
                "{shown} is part {} of a run; put all parts together with: metaplast merge PART \
                 … --out DIR",
                config.shard
            )));
        }
        let wrong = sums::check(path, METRICS)?;
        if !wrong.is_empty() {
            return Err(RunError::Changed {
                path: path.to_owned(),
                wrong,
            });
        }
        let metrics = path.join(METRICS);
        let bytes = std::fs::read(&metrics).map_err(|error| failed(&metrics, error))?;
        let text = std::fs::read_to_string(&file).map_err(|error| failed(&file, error))?;
        let table = record::parse(&file, &text)?;
        let version = table
            .get(record::RECORD)
            .and_then(|record| record.get("version"));
        Ok(Finished {
            path: path.to_owned(),
            metrics: Metrics::read(&metrics)?,
            sum: hex(&sha256(&bytes)),
            version: version.and_then(|v| v.as_str()).unwrap_or("?").to_owned(),
            config,
        })
    }
}
