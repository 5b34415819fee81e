//! Online learning on disk: a run directory as that of a training, with `online.csv` in
//! place of `metrics.csv`.

mod config;
mod table;
mod verify;

pub use config::OnlineConfig;
pub use table::read_online;
pub use verify::verify_online;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::{Dataset, Split};
use meta::{OnlineRecord, OnlineState, OnlineSummary, OnlineTrial, Threads, advance_all};
use serde::{Deserialize, Serialize};

use crate::directory::{Asked, Directory, Opened, interrupted, summary};
use crate::{RunError, online::table::ONLINE};

/// The images of an online run: to learn from, and to be tested on.
pub type Halves = (Arc<Dataset>, Arc<Dataset>);

/// Opens both halves of a data set.
///
/// # Errors
/// If they cannot be had, or `name` is the file of one.
pub fn open_halves(name: &str) -> Result<Halves, RunError> {
    halves(name, name)
}

/// As [`open_halves`], where each may have a name of its own.
fn halves(name: &str, of_test: &str) -> Result<Halves, RunError> {
    let train = datasets::open(name, Split::Train)?;
    let test = datasets::open(of_test, Split::Test)?;
    if (train.split(), test.split()) != (Split::Train, Split::Test) {
        return Err(RunError::Input(format!(
            "{name}: is one half of a data set; to learn from one and be tested on the other, \
             name the folder that has both"
        )));
    }
    Ok((Arc::new(train), Arc::new(test)))
}

/// An online run in its directory: new, begun, or finished. It is locked, saved, stopped
/// and gone on with as a [`Run`](crate::Run) is.
pub struct OnlineRun {
    path: PathBuf,
    config: OnlineConfig,
    data: Halves,
    threads: Threads,
    notes: Vec<String>,
    done: u64,
    stage: Stage,
}

enum Stage {
    Unfinished(Box<Directory>, Vec<Standing>),
    Finished(Box<OnlineSummary>),
    /// What is in memory no longer agrees with what is on disk.
    Failed,
}

/// Where a trial stands at a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    trial: OnlineState,
    /// Its last test.
    last: Option<OnlineRecord>,
}

impl OnlineRun {
    /// Opens `path` to carry out `config` there: a new or empty folder, or one with a run
    /// of the same settings and data, begun or finished.
    ///
    /// # Errors
    /// As [`Run::open`](crate::Run::open).
    pub fn open(
        config: &OnlineConfig,
        data: Halves,
        path: &Path,
        threads: &Threads,
    ) -> Result<Self, RunError> {
        let online = &config.online;
        online.check(&data.0, &data.1)?;
        let asked = Asked {
            config_toml: config.to_toml((&data.0, &data.1)),
            rule: config.training().rule_file.as_ref(),
            table: ONLINE,
            header: table::header(online),
        };
        let trials = config.trials();
        let fits = |standing: &Vec<Standing>| {
            let mut numbered = (0_u64..).zip(standing);
            standing.len() as u64 == trials
                && numbered.all(|(trial, standing)| {
                    let begun = online.begin((&data.0, &data.1), trial).ok();
                    begun
                        .and_then(|begun| begun.with_state(standing.trial.clone()))
                        .is_some()
                })
        };
        let mut notes = Vec::new();
        let tests = online.tests_of_trial(&data.0) as u64;
        let (done, stage) = match Directory::open(path, &asked, fits, &mut notes)? {
            Opened::New(directory) => (0, Stage::Unfinished(Box::new(directory), Vec::new())),
            Opened::Begun(directory, standing) => {
                let done = standing.iter().map(|s| s.trial.done() as u64).sum();
                (done, Stage::Unfinished(Box::new(directory), standing))
            }
            Opened::Finished(json) => (tests * trials, Stage::Finished(summary(path, &json)?)),
        };
        Ok(OnlineRun {
            path: path.to_owned(),
            config: config.clone(),
            data,
            threads: threads.clone(),
            notes,
            done,
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

    /// Tests of all trials together.
    pub fn total(&self) -> u64 {
        self.config.online.tests_of_trial(&self.data.0) as u64 * self.config.trials()
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
    /// finished. `watch` sees each new test, ordered by images and then trial. Once `stop`
    /// is set, the trials learn up to their next test, and all that is needed to continue
    /// is saved.
    ///
    /// # Errors
    /// [`RunError::Stopped`] if it was stopped, or if the directory cannot be written.
    /// The run must be opened again then.
    pub fn finish(
        &mut self,
        stop: &AtomicBool,
        watch: impl FnMut(&OnlineRecord),
    ) -> Result<OnlineSummary, RunError> {
        let (directory, standing) = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Unfinished(directory, standing) => (*directory, standing),
            Stage::Finished(summary) => {
                self.stage = Stage::Finished(summary.clone());
                return Ok(*summary);
            }
            Stage::Failed => return Err(RunError::Ended(self.path.clone())),
        };
        let summary = self
            .carry_out(directory, standing, stop, watch)
            .map_err(|error| interrupted(&self.path, error))?;
        self.stage = Stage::Finished(Box::new(summary.clone()));
        Ok(summary)
    }

    fn carry_out(
        &self,
        mut directory: Directory,
        standing: Vec<Standing>,
        stop: &AtomicBool,
        mut watch: impl FnMut(&OnlineRecord),
    ) -> Result<OnlineSummary, RunError> {
        let data = (&*self.data.0, &*self.data.1);
        let mut trials = Vec::new();
        for trial in 0..self.config.trials() {
            let begun = self.config.online.begin(data, trial);
            trials.push(begun.map_err(meta::SettingsError::from)?);
        }
        let mut last: Vec<OnlineRecord> = standing.iter().filter_map(|s| s.last.clone()).collect();
        if !standing.is_empty() {
            let pairs = trials.into_iter().zip(standing);
            let begun = pairs.map(|(trial, standing)| trial.with_state(standing.trial));
            let begun: Option<_> = begun.collect();
            trials = begun.expect("opening the run made sure of that");
        }
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(directory.stop(standings(&trials, &last)));
            }
            let tests = advance_all(&mut trials, &self.threads);
            if tests.is_empty() {
                break;
            }
            directory.add(tests.iter().map(table::cells))?;
            tests.iter().for_each(&mut watch);
            last = tests;
            if directory.save_is_due() {
                directory.save(standings(&trials, &last))?;
            }
        }
        let summary = OnlineSummary::of(&last);
        directory.finish(&summary)?;
        Ok(summary)
    }
}

/// All trials have as many tests, so that they are all at the same one.
fn standings(trials: &[OnlineTrial<'_>], last: &[OnlineRecord]) -> Vec<Standing> {
    let of = |(i, trial): (usize, &OnlineTrial<'_>)| Standing {
        trial: trial.state(),
        last: last.get(i).cloned(),
    };
    trials.iter().enumerate().map(of).collect()
}
