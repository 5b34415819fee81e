use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use datasets::Dataset;
use meta::{EpisodeRecord, Summariser, Summary, Training};
use toml::Table;

use crate::directory::input;
use crate::{Config, MetricsWriter, RunError, write_whole};

/// A run in its directory: new, begun, or finished. All that runs a training on disk
/// goes through here.
///
/// ```no_run
/// # use std::{path::Path, sync::atomic::AtomicBool};
/// # fn example(config: &runs::Config, data: &datasets::Dataset) -> Result<(), runs::RunError> {
/// let mut run = runs::Run::open(config, data, Path::new("runs/mine"))?;
/// let summary = run.finish(&AtomicBool::new(false), |_record| ())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Run<'a> {
    config: Config,
    data: &'a Dataset,
    path: PathBuf,
    /// What came out, if it is finished.
    summary: Option<Summary>,
    notes: Vec<String>,
}

impl<'a> Run<'a> {
    /// Opens `path` to carry out `config` there: a new or empty folder, or one with a run
    /// of the same settings, begun or finished. The number of threads may differ.
    ///
    /// # Errors
    /// If the settings do not fit the data, or the folder holds something else or cannot
    /// be written.
    pub fn open(config: &Config, data: &'a Dataset, path: &Path) -> Result<Self, RunError> {
        config
            .settings
            .check(data)
            .map_err(|error| RunError::Input(error.to_string()))?;
        let new = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(input(path, &error)),
        };
        let mut summary = None;
        if new {
            fs::create_dir_all(path).map_err(|error| input(path, &error))?;
            write_whole(
                &path.join("config.toml"),
                config.to_toml(data, provenance(data)).as_bytes(),
            )?;
        } else {
            let occupied = || {
                RunError::Input(format!(
                    "{} is not empty; name a new directory with --out, or empty this one",
                    path.display()
                ))
            };
            let file = path.join("config.toml");
            if !file.is_file() {
                return Err(occupied());
            }
            let found = Config::new(Some(&file), Vec::new(), &[])?;
            if found.settings != config.settings || found.split != config.split {
                return Err(RunError::Input(format!(
                    "{} holds a run with other settings; name a new directory with --out",
                    path.display()
                )));
            }
            if let Ok(text) = fs::read(path.join("summary.json")) {
                summary = serde_json::from_slice(&text).ok();
            }
        }
        Ok(Run {
            config: config.clone(),
            data,
            path: path.to_owned(),
            summary,
            notes: Vec::new(),
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a user should know about how it was opened, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Episodes of all trials together.
    pub fn total(&self) -> u64 {
        self.config.settings.episodes * self.config.settings.trials
    }

    /// How many of them need not be run any more.
    pub fn done(&self) -> u64 {
        if self.is_finished() { self.total() } else { 0 }
    }

    /// Whether nothing is left to do.
    pub fn is_finished(&self) -> bool {
        self.summary.is_some()
    }

    /// Runs what is left and returns what came out of the whole run; at once if it was
    /// finished. `watch` sees each new record, ordered by episode and then trial. Once
    /// `stop` is set, the episodes that are running are finished, and all that is needed
    /// to continue is saved.
    ///
    /// # Errors
    /// [`RunError::Stopped`] if it was stopped, or if the directory cannot be written.
    pub fn finish(
        &mut self,
        _stop: &AtomicBool,
        mut watch: impl FnMut(&EpisodeRecord) + Send,
    ) -> Result<Summary, RunError> {
        if let Some(summary) = &self.summary {
            return Ok(summary.clone());
        }
        let settings = &self.config.settings;
        let mut training = Training::new(settings, self.data, self.config.threads)
            .map_err(|error| RunError::Input(error.to_string()))?;
        let mut metrics = MetricsWriter::create(&self.path.join("metrics.csv"), settings)?;
        let mut summariser = Summariser::new(settings);
        training.run(|record| {
            metrics.add(&record)?;
            summariser.add(&record);
            watch(&record);
            Ok::<(), RunError>(())
        })?;
        metrics.finish()?;
        let summary = summariser.finish();
        let json = serde_json::to_string_pretty(&summary).expect("a summary is plain data");
        write_whole(
            &self.path.join("summary.json"),
            format!("{json}\n").as_bytes(),
        )?;
        self.summary = Some(summary.clone());
        Ok(summary)
    }
}

/// How a run was made, for config.toml.
fn provenance(data: &Dataset) -> Table {
    let mut record = Table::new();
    record.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    record.insert("data_origin".to_owned(), data.origin().into());
    record.insert("data_checksum_md5".to_owned(), data.checksum().into());
    record.insert("data_synthetic".to_owned(), data.is_synthetic().into());
    record
}
