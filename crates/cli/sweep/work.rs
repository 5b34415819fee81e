//! The runs of a grid, carried out side by side.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datasets::Dataset;
use meta::Threads;
use runs::{Config, Job, Run, RunError, Sweep};

use super::Failures;
use crate::failure::Failure;
use crate::progress::{Progress, say};
use crate::signals;

/// Data sets by how they were asked for; most runs have the same.
pub(super) type DataSets = BTreeMap<String, Arc<Dataset>>;

fn key(config: &Config) -> String {
    format!("{:?} {}", config.data, config.split)
}

/// The data of a run, opened once.
pub(super) fn open(config: &Config, opened: &mut DataSets) -> Result<Arc<Dataset>, Failure> {
    if let Some(data) = opened.get(&key(config)) {
        return Ok(Arc::clone(data));
    }
    let data = Arc::new(config.open_data()?);
    opened.insert(key(config), Arc::clone(&data));
    Ok(data)
}

/// Threads that a run has work for.
pub(super) fn threads_of(config: &Config) -> usize {
    config.threads.min(config.trials().len()).max(1)
}

/// Runs what is not finished of `jobs`, as many side by side as there are threads for. A
/// run that fails is told and leaves the others alone.
pub(super) fn carry_out(
    sweep: &Sweep,
    jobs: &[Job<'_>],
    threads: Option<u64>,
) -> Result<Failures, Failure> {
    let stop = signals::stop_on_request()?;
    let left: Vec<&Job<'_>> = jobs.iter().filter(|job| !job.is_finished()).collect();
    let what = if sweep.parts == 1 { "run" } else { "part" };
    say(format_args!(
        "{} in {}, {} finished before",
        words::count(jobs.len() as u64, what),
        sweep.out.display(),
        jobs.len() - left.len()
    ));
    // What does not fit its data is found before hours of others.
    let (mut opened, mut episodes, mut most) = (DataSets::new(), 0, 1);
    for job in &left {
        let config = job.config()?;
        config.check(&*open(&config, &mut opened)?)?;
        episodes += config.settings.outer.episodes * config.trials().len() as u64;
        most = most.max(threads_of(&config));
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.map_or_else(cores, |n| n as usize);
    let workers = (threads / most).clamp(1, left.len().max(1));
    let crew = Crew {
        left: &left,
        opened: &opened,
        stop: &stop,
        next: AtomicUsize::new(0),
        most: threads,
        progress: Mutex::new(Progress::new("episodes", episodes)),
        failures: Mutex::new(Failures::default()),
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| crew.work());
        }
    });
    lock(&crew.failures).0.sort_by(|(a, _), (b, _)| a.cmp(b));
    crew.progress
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .finish();
    if stop.load(Ordering::Relaxed) {
        let told = "stopped; to continue, give the same command again";
        return Err(Failure::Stopped(told.to_owned()));
    }
    Ok(crew
        .failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner))
}

/// What the workers share.
struct Crew<'j> {
    left: &'j [&'j Job<'j>],
    opened: &'j DataSets,
    stop: &'j AtomicBool,
    next: AtomicUsize,
    /// Threads of a run, at most.
    most: usize,
    progress: Mutex<Progress>,
    failures: Mutex<Failures>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crew<'_> {
    /// Takes one job after the other, until there is none left or it is to stop.
    fn work(&self) {
        // One set of threads for all runs that take as many keeps memory low.
        let mut threads = None;
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.left.get(number) else {
                return;
            };
            let (all, name) = (self.left.len(), job.name());
            lock(&self.progress).say(format_args!("{} of {all}: {name}", number + 1));
            match self.one(job, &mut threads) {
                Ok(()) | Err(RunError::Stopped(_)) => {}
                Err(error) => {
                    let failure = Failure::from(error);
                    lock(&self.progress).say(format_args!("{name}: {failure}"));
                    lock(&self.failures).add(&name, failure);
                }
            }
        }
    }

    fn one(&self, job: &Job<'_>, threads: &mut Option<Threads>) -> Result<(), RunError> {
        let config = job.config()?;
        let data = Arc::clone(&self.opened[&key(&config)]);
        let wanted = threads_of(&config).min(self.most);
        let threads = match threads.take() {
            Some(same) if same.count() == wanted => threads.insert(same),
            _ => threads.insert(Threads::new(wanted)?),
        };
        let mut run = Run::open(&config, data, &job.directory, threads)?;
        lock(&self.progress).start_at(run.done());
        for note in run.notes() {
            lock(&self.progress).say(format_args!("{}: note: {note}", job.name()));
        }
        if run.done() > 0 {
            let (done, total) = (run.done(), run.total());
            lock(&self.progress).say(format_args!(
                "{}: going on after {done} of {total} episodes",
                job.name()
            ));
        }
        run.finish(self.stop, |_| lock(&self.progress).advance(1))?;
        // Of a part nobody wants one, and the whole gets its own.
        match job.shard.is_whole() {
            true => plots::write_run_report(run.path()),
            false => Ok(()),
        }
    }
}
