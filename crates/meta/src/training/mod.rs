//! Trials side by side: records, what is done next, and the threads that do it.

mod record;
mod schedule;
mod trial;
mod worker;

pub use record::{EpisodeRecord, Status};
pub use schedule::{StateError, TrainingState, TrialState};
pub use trial::Trial;
pub(crate) use worker::Worker;
pub use worker::measure_episode;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use autodiff::Real;
use datasets::Dataset;

use crate::{Precision, Settings, SettingsError, Threads};
use schedule::Schedule;

/// A meta-training in progress.
pub struct Training {
    settings: Settings,
    data: Arc<Dataset>,
    threads: Threads,
    floor: Floor,
    workers: Workers,
}

enum Workers {
    F32(Mutex<Vec<Worker<f32>>>),
    F64(Mutex<Vec<Worker<f64>>>),
}

/// How long the threads of a training were there, and had nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// Time without an episode to run, added up over threads.
    pub waited: Duration,
    /// All the time, added up over threads.
    pub total: Duration,
}

/// Records that a training has just come to. As long as it is held the training's state is
/// as it was when they were handed out; its threads go on with the episodes that they have.
pub struct News<'a> {
    records: Vec<EpisodeRecord>,
    shared: MutexGuard<'a, Shared>,
}

impl News<'_> {
    /// Where the training is, with these records handed out.
    pub fn state(&self) -> &TrainingState {
        self.shared.schedule.state()
    }

    /// The records, ordered by episode and then trial; lets the training go on.
    pub fn into_records(self) -> Vec<EpisodeRecord> {
        self.records
    }
}

impl Training {
    /// Ready for the first episode.
    ///
    /// # Errors
    /// If the settings do not fit the data.
    pub fn new(
        settings: &Settings,
        data: Arc<Dataset>,
        threads: &Threads,
    ) -> Result<Self, SettingsError> {
        Training::of_trials(settings, data, threads, 0..settings.outer.trials)
    }

    /// Of some of the trials alone, given in order: what comes out for a trial depends on
    /// the seed and its number, not on the others.
    ///
    /// # Errors
    /// If the settings do not fit the data.
    pub fn of_trials(
        settings: &Settings,
        data: Arc<Dataset>,
        threads: &Threads,
        trials: impl IntoIterator<Item = u64>,
    ) -> Result<Self, SettingsError> {
        settings.check(&data)?;
        let state = TrainingState::new(settings, trials);
        Ok(Training {
            settings: settings.clone(),
            data,
            threads: threads.clone(),
            floor: Floor::new(Schedule::new(settings, state)),
            workers: match settings.numerics.precision {
                Precision::F32 => Workers::F32(Mutex::default()),
                Precision::F64 => Workers::F64(Mutex::default()),
            },
        })
    }

    /// Goes on from where another training of the same settings and data was.
    ///
    /// # Errors
    /// If `state` cannot be that of such a training.
    pub fn with_state(self, state: TrainingState) -> Result<Self, StateError> {
        let schedule = self.floor.lock().schedule.with_state(state)?;
        let floor = Floor::new(schedule);
        Ok(Training { floor, ..self })
    }

    /// Where the training is now.
    pub fn state(&self) -> TrainingState {
        self.floor.lock().schedule.state().clone()
    }

    /// Whether every episode has been run and handed out.
    pub fn is_finished(&self) -> bool {
        self.floor.lock().schedule.is_finished()
    }

    /// How busy the threads were so far.
    pub fn idle(&self) -> Idle {
        self.floor.lock().idle
    }

    /// Runs what is left. `watch` sees the records as they come, all of them ordered by
    /// episode and then trial whatever the number of threads; it is called in the calling
    /// thread, while others run episodes, and ends the training early by breaking.
    ///
    /// Once `stop` is set or `watch` has broken, no episode is begun any more, and those
    /// that are running are finished: what came out of them is in the state, and the next
    /// call goes on from there. Then `watch` may not have seen all that was run.
    pub fn run(&mut self, stop: &AtomicBool, watch: impl FnMut(News<'_>) -> ControlFlow<()>) {
        match &self.workers {
            Workers::F32(workers) => self.run_with(workers, stop, watch),
            Workers::F64(workers) => self.run_with(workers, stop, watch),
        }
    }

    /// Runs all that is left, and returns its records, ordered by episode and then trial.
    pub fn finish(&mut self) -> Vec<EpisodeRecord> {
        let mut records = Vec::new();
        self.run(&AtomicBool::new(false), |news| {
            records.extend(news.into_records());
            ControlFlow::Continue(())
        });
        records
    }

    fn run_with<T: Real>(
        &self,
        workers: &Mutex<Vec<Worker<T>>>,
        stop: &AtomicBool,
        mut watch: impl FnMut(News<'_>) -> ControlFlow<()>,
    ) {
        let floor = &self.floor;
        {
            let mut shared = floor.lock();
            (shared.threads, shared.halted) = (self.threads.count(), false);
        }
        let follow = || {
            let mut shared = floor.lock();
            loop {
                let records = shared.schedule.hand_out();
                if !records.is_empty() {
                    let broken = watch(News { records, shared }).is_break();
                    shared = floor.lock();
                    shared.halted |= broken;
                    if broken {
                        break;
                    }
                } else if shared.threads > 0 {
                    shared = wait(&floor.news, shared);
                } else {
                    break;
                }
            }
        };
        self.threads.beside(|| self.work(workers, stop), follow);
    }

    /// Carries out jobs until none is left, or none is to be begun.
    fn work<T: Real>(&self, workers: &Mutex<Vec<Worker<T>>>, stop: &AtomicBool) {
        let floor = &self.floor;
        let mut hand = Hand {
            floor,
            came: Instant::now(),
            waited: Duration::ZERO,
        };
        let free = || workers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut worker = None;
        let mut shared = floor.lock();
        while !shared.halted && !stop.load(Ordering::Relaxed) {
            let Some(job) = shared.schedule.take() else {
                if shared.schedule.running() == 0 {
                    break;
                }
                let start = Instant::now();
                shared = wait(&floor.work, shared);
                hand.waited += start.elapsed();
                continue;
            };
            let trial = shared.schedule.state().trials[job.trial].trial;
            drop(shared);
            let own = worker.get_or_insert_with(|| {
                let used = free().pop();
                used.unwrap_or_else(|| Worker::new(&self.settings))
            });
            let product = own.carry_out(&self.settings, &self.data, trial, &job);
            shared = floor.lock();
            shared.schedule.end(&job, product);
            if shared.schedule.ready() > 0 || shared.schedule.running() == 0 {
                floor.work.notify_all();
            }
            if shared.schedule.has_news() {
                floor.news.notify_all();
            }
        }
        drop(shared);
        free().extend(worker);
    }
}

/// What the threads of a training share.
struct Shared {
    schedule: Schedule,
    idle: Idle,
    /// Threads at work or waiting for it.
    threads: usize,
    /// Whether no job is to be begun any more.
    halted: bool,
}

/// The shared things, and how threads wait for one another.
struct Floor {
    shared: Mutex<Shared>,
    /// A job became ready, or none will.
    work: Condvar,
    /// Records can be handed out, or a thread has left.
    news: Condvar,
}

impl Floor {
    fn new(schedule: Schedule) -> Self {
        Floor {
            shared: Mutex::new(Shared {
                schedule,
                idle: Idle::default(),
                threads: 0,
                halted: false,
            }),
            work: Condvar::new(),
            news: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread on the floor. When it leaves, in whatever way, nobody waits for it any more.
struct Hand<'a> {
    floor: &'a Floor,
    came: Instant,
    waited: Duration,
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let mut shared = self.floor.lock();
        shared.threads -= 1;
        shared.halted |= std::thread::panicking();
        shared.idle.waited += self.waited;
        shared.idle.total += self.came.elapsed();
        self.floor.work.notify_all();
        self.floor.news.notify_all();
    }
}

fn wait<'a>(condition: &Condvar, guard: MutexGuard<'a, Shared>) -> MutexGuard<'a, Shared> {
    condition
        .wait(guard)
        .unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
