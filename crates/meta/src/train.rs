use std::sync::Mutex;

use autodiff::{Real, Tape};
use datasets::Dataset;
use rayon::prelude::*;

use crate::{
    Adam, Batch, Episode, Precision, Purpose, Setting, Settings, SettingsError, Task, draw_weights,
    stream,
};

/// Whether an episode's numbers can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// They can.
    Ok,
    /// The meta-loss or its gradient is not finite; θ was left as it was.
    Diverged,
}

impl Status {
    /// The name in metrics.csv.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Diverged => "diverged",
        }
    }

    /// The status of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Status::Ok, Status::Diverged]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// One row of the record of a run: an episode, measured before its optimiser step.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeRecord {
    /// The trial, from 0.
    pub trial: u64,
    /// The episode, from 0.
    pub episode: u64,
    /// Whether it diverged.
    pub status: Status,
    /// The coefficients that the episode used.
    pub theta: Vec<f64>,
    /// L_meta, with the penalty.
    pub loss: f64,
    /// The mean cross-entropy alone.
    pub cross_entropy: f64,
    /// The share of query images classified right.
    pub accuracy: f64,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
    /// How precisely the initial weights were restored.
    pub residual: f64,
    /// Whether the sweep had to replay.
    pub replayed: bool,
}

/// What a trial carries from episode to episode.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialState {
    /// The trial, from 0.
    pub trial: u64,
    /// The next episode.
    pub episode: u64,
    /// The coefficients.
    pub theta: Vec<f64>,
    /// The outer optimiser.
    pub optimiser: Adam,
}

/// A meta-training in progress.
pub struct Training<'a> {
    settings: Settings,
    data: &'a Dataset,
    trials: Vec<TrialState>,
    pool: rayon::ThreadPool,
    workers: Workers,
}

/// What a worker needs for episodes, kept between them.
struct Worker<T> {
    tape: Tape<T>,
    episode: Episode,
}

enum Workers {
    F32(Mutex<Vec<Worker<f32>>>),
    F64(Mutex<Vec<Worker<f64>>>),
}

/// Episodes that a trial runs before its records are handed out: long enough that
/// waiting for the slowest trial costs little, short enough to see a run move.
const ROUND: u64 = 8;

impl<'a> Training<'a> {
    /// Ready for the first episode, with `threads` worker threads.
    ///
    /// # Errors
    /// If the settings do not fit the data, or the threads cannot be started.
    pub fn new(
        settings: &Settings,
        data: &'a Dataset,
        threads: usize,
    ) -> Result<Self, SettingsError> {
        settings.check(data)?;
        let terms = settings.rule.terms.len();
        let mut theta = vec![0.0; terms];
        theta[0] = settings.theta0;
        let trials = (0..settings.trials)
            .map(|trial| TrialState {
                trial,
                episode: 0,
                theta: theta.clone(),
                optimiser: Adam::new(settings.eta, terms),
            })
            .collect();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| {
                let reason = error.to_string();
                SettingsError::Threads { threads, reason }
            })?;
        let workers = match settings.precision {
            Precision::F32 => Workers::F32(Mutex::default()),
            Precision::F64 => Workers::F64(Mutex::default()),
        };
        Ok(Training {
            settings: settings.clone(),
            data,
            trials,
            pool,
            workers,
        })
    }

    /// The trials as they are now.
    pub fn trials(&self) -> &[TrialState] {
        &self.trials
    }

    /// Runs all episodes that are left. `observe` sees each record, ordered by episode
    /// and then trial whatever the number of threads, and may stop the run.
    ///
    /// # Errors
    /// What `observe` returned, if it stopped the run.
    pub fn run<E: Send>(
        &mut self,
        mut observe: impl FnMut(EpisodeRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let records = self.round();
            if records.is_empty() {
                return Ok(());
            }
            for record in records {
                observe(record)?;
            }
        }
    }

    /// Runs the next few episodes of all trials; nothing if all are done.
    fn round(&mut self) -> Vec<EpisodeRecord> {
        let (settings, data, workers) = (&self.settings, self.data, &self.workers);
        let trials = &mut self.trials;
        let of_trials: Vec<Vec<EpisodeRecord>> = self.pool.install(|| {
            trials
                .par_iter_mut()
                .map(|trial| match workers {
                    Workers::F32(workers) => advance(settings, data, trial, workers),
                    Workers::F64(workers) => advance(settings, data, trial, workers),
                })
                .collect()
        });
        let mut records: Vec<EpisodeRecord> = of_trials.into_iter().flatten().collect();
        records.sort_by_key(|record| (record.episode, record.trial));
        records
    }
}

/// Runs up to a round of episodes of one trial.
fn advance<T: Real>(
    settings: &Settings,
    data: &Dataset,
    trial: &mut TrialState,
    workers: &Mutex<Vec<Worker<T>>>,
) -> Vec<EpisodeRecord> {
    let free = workers
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .pop();
    let mut worker = free.unwrap_or_else(|| Worker {
        tape: Tape::new(),
        episode: Episode::new(
            &settings.network,
            settings.feedback,
            &settings.rule,
            settings.lambda,
        )
        .expect("the settings were checked")
        .with_gradient(settings.gradient),
    });
    let end = settings.episodes.min(trial.episode + ROUND);
    let mut records = Vec::new();
    while trial.episode < end {
        records.push(step(settings, data, trial, &mut worker));
        trial.episode += 1;
    }
    workers
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .push(worker);
    records
}

/// One episode and its optimiser step.
fn step<T: Real>(
    settings: &Settings,
    data: &Dataset,
    trial: &mut TrialState,
    worker: &mut Worker<T>,
) -> EpisodeRecord {
    let setting = draw_setting(settings, data, trial.trial, trial.episode, &trial.theta);
    let outcome = worker.episode.run(&mut worker.tape, &setting);
    let gradient = &outcome.gradient;
    let finite = outcome.meta_loss.is_finite() && gradient.theta.iter().all(|g| g.is_finite());
    let theta = trial.theta.clone();
    if finite {
        trial.optimiser.step(&mut trial.theta, &gradient.theta);
    }
    EpisodeRecord {
        trial: trial.trial,
        episode: trial.episode,
        status: if finite { Status::Ok } else { Status::Diverged },
        theta,
        loss: outcome.meta_loss,
        cross_entropy: outcome.cross_entropy,
        accuracy: outcome.accuracy,
        angles: outcome.angles,
        orthonormality: outcome.orthonormality,
        residual: gradient.residual,
        replayed: gradient.replayed,
    }
}

/// What an episode of a trial starts from: weights, feedback and task, drawn from the
/// seed, with the coefficients `theta`. `settings` must have been checked against
/// `data`, see [`Settings::check`].
pub fn draw_setting<T: Real>(
    settings: &Settings,
    data: &Dataset,
    trial: u64,
    episode: u64,
    theta: &[f64],
) -> Setting<T> {
    let rng = |purpose| stream(settings.seed, trial, episode, purpose);
    let task = Task::draw(settings, data, trial, episode);
    Setting {
        w: draw_weights(&settings.network.shapes(), &mut rng(Purpose::Weights)),
        b: draw_weights(
            &settings.feedback.shapes(&settings.network.sizes),
            &mut rng(Purpose::Feedback),
        ),
        theta: theta.iter().map(|t| T::from_f64(*t)).collect(),
        train: batch(data, &task.train),
        query: batch(data, &task.query),
    }
}

/// Images as numbers in [0, 1].
pub(crate) fn batch<T: Real>(data: &Dataset, images: &[u32]) -> Batch<T> {
    let level: Vec<T> = (0..=255)
        .map(|p| T::from_f64(f64::from(p) / 255.0))
        .collect();
    let mut x = Vec::with_capacity(images.len() * data.pixels());
    for &i in images {
        x.extend(
            data.image(i as usize)
                .iter()
                .map(|pixel| level[usize::from(*pixel)]),
        );
    }
    Batch {
        x,
        labels: images.iter().map(|i| data.label(*i as usize)).collect(),
    }
}
