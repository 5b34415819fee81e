use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use datasets::Dataset;
use meta::{EpisodeRecord, Summariser, Summary, Threads, Training};
use toml::Table;

use crate::checkpoint::{self, Checkpoint, Checkpoints};
use crate::config::RULE_FOLDER;
use crate::directory::{failed, input, sync_folder, write_whole};
use crate::metrics::MetricsWriter;
use crate::record;
use crate::sums::{self, Digest, SUMS, sha256};
use crate::{Config, Fault, RunError};

/// Checkpoints are written as often as takes this part of the time.
const SHARE_OF_TIME: u32 = 20;

/// A run in its directory: new, begun, or finished. All that runs a training on disk
/// goes through here.
///
/// ```no_run
/// # use std::{path::Path, sync::atomic::AtomicBool};
/// # fn example(
/// #     config: &runs::Config,
/// #     data: std::sync::Arc<datasets::Dataset>,
/// #     threads: &meta::Threads,
/// # ) -> Result<(), runs::RunError> {
/// let mut run = runs::Run::open(config, data, Path::new("runs/mine"), threads)?;
/// let summary = run.finish(&AtomicBool::new(false), |_record| ())?;
/// # Ok(())
/// # }
/// ```
///
/// The directory is locked until the run is finished or dropped. Whatever interrupts it,
/// another `open` and `finish` go on from the last checkpoint, and the files end with the
/// same bytes as if nothing had happened.
pub struct Run {
    path: PathBuf,
    total: u64,
    done: u64,
    notes: Vec<String>,
    state: State,
}

enum State {
    Unfinished(Box<Work>),
    Finished(Box<Summary>),
    /// What is in memory no longer agrees with what is on disk.
    Failed,
}

/// What a directory holds.
enum Found {
    /// No run, or one of which nothing is written yet.
    Nothing,
    Unfinished,
    Finished,
}

impl Run {
    /// Opens `path` to carry out `config` there: a new or empty folder, or one with a run
    /// of the same settings and data, begun or finished. The number of threads may differ.
    ///
    /// # Errors
    /// If the settings do not fit the data; if the folder holds something else, is in use
    /// or cannot be written; if files of a run in it were changed.
    pub fn open(
        config: &Config,
        data: Arc<Dataset>,
        path: &Path,
        threads: &Threads,
    ) -> Result<Self, RunError> {
        let settings = &config.settings;
        let here = config.to_toml(&data, record::record(config, &data));
        let training = Training::of_trials(settings, data, threads, config.trials())
            .map_err(|error| config.place(error))?;
        let mut run = Run {
            path: path.to_owned(),
            total: settings.outer.episodes * config.trials().len() as u64,
            done: 0,
            notes: Vec::new(),
            state: State::Failed,
        };
        let mut found = look(path)?;
        let mut store = None;
        if matches!(found, Found::Unfinished) {
            // A run that is none of ours is not touched, not even to lock it.
            run.check_config(&here)?;
        }
        if !matches!(found, Found::Finished) {
            fs::create_dir_all(path).map_err(|error| input(path, error))?;
            store = Some(Checkpoints::lock(path, &mut run.notes)?);
            // Another process may have been at work until just now.
            found = look(path)?;
        }
        match (found, store) {
            (Found::Nothing, Some(store)) => run.begin(&here, config, training, store)?,
            (Found::Unfinished, Some(store)) => run.go_on(&here, config, training, store)?,
            _ => run.read_finished(&here)?,
        }
        Ok(run)
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
        self.total
    }

    /// How many of them were recorded when the run was opened.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Whether nothing is left to do.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished(_))
    }

    /// Runs what is left and returns what came out of the whole run; at once if it was
    /// finished. `watch` sees each new record, ordered by episode and then trial, while
    /// others are being made. Once
    /// `stop` is set, the episodes that are running are finished, and all that is needed
    /// to continue is saved.
    ///
    /// # Errors
    /// [`RunError::Stopped`] if it was stopped, or if the directory cannot be written.
    /// The run must be opened again then.
    pub fn finish(
        &mut self,
        stop: &AtomicBool,
        watch: impl FnMut(&EpisodeRecord) + Send,
    ) -> Result<Summary, RunError> {
        let work = match std::mem::replace(&mut self.state, State::Failed) {
            State::Unfinished(work) => work,
            State::Finished(summary) => {
                self.state = State::Finished(summary.clone());
                return Ok(*summary);
            }
            State::Failed => {
                return Err(RunError::Ended(self.path.clone()));
            }
        };
        let path = &self.path;
        let summary = work
            .finish(path, stop, watch)
            .map_err(|error| match error.fault() {
                Fault::Run => RunError::Interrupted {
                    path: path.clone(),
                    error: Box::new(error),
                },
                _ => error,
            })?;
        self.state = State::Finished(Box::new(summary.clone()));
        Ok(summary)
    }

    fn begin(
        &mut self,
        config_toml: &str,
        config: &Config,
        training: Training,
        store: Checkpoints,
    ) -> Result<(), RunError> {
        let rule = record::rule_file(config_toml);
        if let (Some(name), Some(file)) = (&rule, &config.rule_file) {
            let folder = self.path.join(RULE_FOLDER);
            fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
            write_whole(&folder.join(name), file.text.as_bytes())?;
        }
        write_whole(&self.path.join("config.toml"), config_toml.as_bytes())?;
        self.state = State::Unfinished(Box::new(Work {
            training,
            metrics: MetricsWriter::create(&self.path.join("metrics.csv"), &config.settings)?,
            summariser: summariser(config),
            store,
            config: sha256(config_toml.as_bytes()),
            rule,
        }));
        sync_folder(&self.path).map_err(|error| failed(&self.path, error))
    }

    /// From the newest checkpoint that can be used.
    fn go_on(
        &mut self,
        here: &str,
        config: &Config,
        mut training: Training,
        store: Checkpoints,
    ) -> Result<(), RunError> {
        let (config_toml, other_build) = self.check_config(here)?;
        self.notes.extend(other_build);
        let numbers = store.newest_first()?;
        if numbers.is_empty() {
            // It ended before its first checkpoint.
            return self.begin(&config_toml, config, training, store);
        }
        let mut unusable = Vec::new();
        for number in numbers {
            let name = store.path(number);
            let name = name
                .strip_prefix(&self.path)
                .unwrap_or(&name)
                .display()
                .to_string();
            let usable = store.read(number).and_then(|checkpoint| {
                if checkpoint.config != sha256(config_toml.as_bytes()) {
                    return Err("is of a run with another config.toml".to_owned());
                }
                if !checkpoint
                    .summariser
                    .fits(&config.settings, config.trials().len() as u64)
                {
                    return Err("does not fit the settings".to_owned());
                }
                let metrics = self.path.join("metrics.csv");
                let metrics = MetricsWriter::reopen(&metrics, &checkpoint.metrics)
                    .map_err(|error| error.to_string())?;
                Ok((checkpoint, metrics))
            });
            match usable {
                Ok((checkpoint, metrics)) => {
                    if let [newest, ..] = unusable.as_slice() {
                        self.notes
                            .push(format!("{newest}; going on from {name} instead"));
                    }
                    training = training.with_state(checkpoint.training).map_err(|error| {
                        RunError::Damaged {
                            path: self.path.join(&name),
                            reason: error.to_string(),
                        }
                    })?;
                    self.done = training.state().handed_out;
                    self.state = State::Unfinished(Box::new(Work {
                        training,
                        metrics,
                        summariser: checkpoint.summariser,
                        store,
                        config: checkpoint.config,
                        rule: record::rule_file(&config_toml),
                    }));
                    return Ok(());
                }
                Err(reason) => unusable.push(format!("{name} {reason}")),
            }
        }
        Err(RunError::NoCheckpoint {
            path: self.path.clone(),
            reasons: unusable,
        })
    }

    fn read_finished(&mut self, here: &str) -> Result<(), RunError> {
        self.check_config(here)?;
        let wrong = sums::check(&self.path)?;
        if !wrong.is_empty() {
            return Err(RunError::Changed {
                path: self.path.clone(),
                wrong,
            });
        }
        // Left over if the last moments of the run were its last.
        checkpoint::remove(&self.path)?;
        let path = self.path.join("summary.json");
        let text = fs::read(&path).map_err(|error| failed(&path, error))?;
        let summary = serde_json::from_slice(&text).map_err(|error| RunError::Damaged {
            path,
            reason: error.to_string(),
        })?;
        self.state = State::Finished(Box::new(summary));
        self.done = self.total;
        Ok(())
    }

    /// The bytes of the run's config.toml, if it says the same as `here`, and a note if
    /// another build began it.
    fn check_config(&self, here: &str) -> Result<(String, Option<String>), RunError> {
        let path = self.path.join("config.toml");
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        let there = record::parse(&path, &text)?;
        let here: Table = here.parse().expect("it was just made");
        let path = self.path.clone();
        if let Some(difference) = record::other_setting(&there, &here) {
            return Err(RunError::OtherSettings { path, difference });
        }
        if let Some(difference) = record::other_origin(&there, &here) {
            return Err(RunError::OtherOrigin { path, difference });
        }
        Ok((text, record::other_build(&there, &here)))
    }
}

/// For the trials that `config` runs.
fn summariser(config: &Config) -> Summariser {
    Summariser::new(&config.settings).of_part(config.trials().len() as u64)
}

/// What `path` holds.
///
/// # Errors
/// If it holds something that is no run, or cannot be looked at.
fn look(path: &Path) -> Result<Found, RunError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(input(path, error)),
    };
    let names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<String>>>()
        .map_err(|error| input(path, error))?;
    let has = |name: &str| names.iter().any(|found| found == name);
    if has(SUMS) && has("config.toml") {
        return Ok(Found::Finished);
    }
    if has(checkpoint::FOLDER) && has("config.toml") {
        return Ok(Found::Unfinished);
    }
    // In this order they are made, before config.toml.
    let first_moment = |name: &String| {
        [checkpoint::FOLDER, RULE_FOLDER, ".config.toml.part"].contains(&name.as_str())
    };
    if names.iter().all(first_moment) {
        return Ok(Found::Nothing);
    }
    Err(RunError::NotEmpty(path.to_owned()))
}

/// A run that is not finished.
struct Work {
    training: Training,
    metrics: MetricsWriter,
    summariser: Summariser,
    store: Checkpoints,
    /// The checksum of config.toml.
    config: Digest,
    /// The name of the rule file that the directory keeps.
    rule: Option<String>,
}

impl Work {
    fn finish(
        mut self,
        path: &Path,
        stop: &AtomicBool,
        mut watch: impl FnMut(&EpisodeRecord),
    ) -> Result<Summary, RunError> {
        let Work {
            training,
            metrics,
            summariser,
            store,
            config,
            ..
        } = &mut self;
        let mut save = |metrics: &mut MetricsWriter, training, summariser: &Summariser| {
            store.save(&Checkpoint {
                config: *config,
                metrics: metrics.sync()?,
                training,
                summariser: summariser.clone(),
            })
        };
        let (mut last, mut cost) = (Instant::now(), Duration::ZERO);
        let mut failure = None;
        training.run(stop, |news| {
            let due = last.elapsed() >= cost * SHARE_OF_TIME;
            let state = due.then(|| news.state().clone());
            let take = || {
                let records = news.into_records();
                metrics.add(&records)?;
                for record in &records {
                    summariser.add(record);
                    watch(record);
                }
                if let Some(state) = state {
                    let start = Instant::now();
                    save(metrics, state, summariser)?;
                    (last, cost) = (Instant::now(), start.elapsed());
                }
                Ok(())
            };
            match take() {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        if !training.is_finished() {
            save(metrics, training.state(), summariser)?;
            return Err(RunError::Stopped(path.to_owned()));
        }
        self.metrics.sync()?;
        let summary = self.summariser.finish();
        let json = serde_json::to_string_pretty(&summary).expect("a summary is plain data");
        write_whole(&path.join("summary.json"), format!("{json}\n").as_bytes())?;
        sums::write(path, self.rule.as_deref())?;
        drop(self.store);
        checkpoint::remove(path)?;
        Ok(summary)
    }
}
