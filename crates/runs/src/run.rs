use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use datasets::Dataset;
use meta::{EpisodeRecord, Summariser, Summary, Threads, Training, TrainingState};

use crate::directory::{Asked, Directory, Opened, interrupted, summary};
use crate::metrics::{METRICS, cells, header};
use crate::record;
use crate::{Config, RunError};

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
    stage: Stage,
}

/// What a checkpoint of a training holds.
pub(crate) type State = (TrainingState, Summariser);

enum Stage {
    Unfinished(Box<Work>),
    Finished(Box<Summary>),
    /// What is in memory no longer agrees with what is on disk.
    Failed,
}

impl Stage {
    fn unfinished(directory: Directory, training: Training, summariser: Summariser) -> Stage {
        Stage::Unfinished(Box::new(Work {
            directory,
            training,
            summariser,
        }))
    }
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
        let rule = config.rule_file.as_ref();
        let asked = Asked {
            config_toml: config.to_toml(&data, record::record(rule, &data)),
            rule,
            table: METRICS,
            header: header(settings),
        };
        let trials = config.trials().len() as u64;
        let mut training = Training::of_trials(settings, data, threads, config.trials())
            .map_err(|error| config.place(error))?;
        let mut notes = Vec::new();
        let fits = |(_, summariser): &State| summariser.fits(settings, trials);
        let opened = Directory::open(path, &asked, fits, &mut notes)?;
        let total = settings.outer.episodes * trials;
        let (done, stage) = match opened {
            Opened::New(directory) => {
                let summariser = Summariser::new(settings).of_part(trials);
                (0, Stage::unfinished(directory, training, summariser))
            }
            Opened::Begun(directory, (state, summariser)) => {
                training = training
                    .with_state(state)
                    .map_err(|error| RunError::Damaged {
                        path: path.to_owned(),
                        reason: error.to_string(),
                    })?;
                let done = training.state().handed_out;
                (done, Stage::unfinished(directory, training, summariser))
            }
            Opened::Finished(json) => (total, Stage::Finished(summary(path, &json)?)),
        };
        Ok(Run {
            path: path.to_owned(),
            total,
            done,
            notes,
            stage,
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
        self.total
    }

    /// How many of them were recorded when the run was opened.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Whether nothing is left to do.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished(_))
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
        let work = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Unfinished(work) => work,
            Stage::Finished(summary) => {
                self.stage = Stage::Finished(summary.clone());
                return Ok(*summary);
            }
            Stage::Failed => {
                return Err(RunError::Ended(self.path.clone()));
            }
        };
        let summary = work
            .finish(stop, watch)
            .map_err(|error| interrupted(&self.path, error))?;
        self.stage = Stage::Finished(Box::new(summary.clone()));
        Ok(summary)
    }
}

/// A training that is not finished.
struct Work {
    directory: Directory,
    training: Training,
    summariser: Summariser,
}

impl Work {
    fn finish(
        self,
        stop: &AtomicBool,
        mut watch: impl FnMut(&EpisodeRecord),
    ) -> Result<Summary, RunError> {
        let Work {
            mut directory,
            mut training,
            mut summariser,
        } = self;
        let mut failure = None;
        training.run(stop, |news| {
            let state = directory.save_is_due().then(|| news.state().clone());
            let take = || {
                let records = news.into_records();
                directory.add(records.iter().map(cells))?;
                for record in &records {
                    summariser.add(record);
                    watch(record);
                }
                match state {
                    Some(state) => directory.save((state, &summariser)),
                    None => Ok(()),
                }
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
            return Err(directory.stop((training.state(), &summariser)));
        }
        let summary = summariser.finish();
        directory.finish(&summary)?;
        Ok(summary)
    }
}
