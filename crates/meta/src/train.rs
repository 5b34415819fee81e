use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use autodiff::{Real, Tape};
use datasets::Dataset;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::term_size::term_sizes;
use crate::{
    Adam, Divergence, Drawn, Episode, Evidence, Guarded, Optimiser, OptimiserKind, Precision,
    Scores, Settings, SettingsError, Threads,
};

/// Whether an episode's numbers can be used.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::EnumString,
)]
#[strum(serialize_all = "lowercase")]
pub enum Status {
    /// They can.
    Ok,
    /// The meta-loss or its gradient is not finite; θ was left as it was.
    Diverged,
}

/// One row of the record of a run: an episode, measured before its optimiser step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// The trial, from 0.
    pub trial: u64,
    /// The episode, from 0.
    pub episode: u64,
    /// Whether it diverged.
    pub status: Status,
    /// All that is meta-learned, as the episode used it, see
    /// [`Rule::parameters`](model::Rule::parameters).
    pub theta: Vec<f64>,
    /// L_meta, with the penalty.
    pub loss: f64,
    /// What was measured on the query images.
    pub scores: Scores,
    /// How precisely the initial weights were restored.
    pub residual: f64,
    /// Whether the sweep had to replay.
    pub replayed: bool,
    /// Where it diverged, if it did.
    pub divergence: Option<Divergence>,
}

/// What a trial carries from episode to episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialState {
    /// The trial, from 0.
    pub trial: u64,
    /// The next episode.
    pub episode: u64,
    /// All that is meta-learned.
    pub theta: Vec<f64>,
    /// The outer optimiser.
    pub optimiser: Optimiser,
}

/// All that a training carries from one moment to the next: with the settings and the
/// data, everything else follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// The trials, in order.
    pub trials: Vec<TrialState>,
    /// Records of a round that was stopped before all trials had come to its end.
    pub waiting: Vec<EpisodeRecord>,
}

/// A [`TrainingState`] that cannot be that of a training.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It has other trials.
    #[error("has {found} trials, not {wanted}")]
    Trials {
        /// How many it has.
        found: usize,
        /// How many the training has.
        wanted: usize,
    },
    /// A trial does not fit the settings.
    #[error("does not fit the settings in trial {0}")]
    Trial(usize),
    /// It has records of episodes that come after those that were run.
    #[error("has records of episodes that were not run")]
    Records,
}

/// A meta-training in progress.
pub struct Training {
    settings: Settings,
    data: Arc<Dataset>,
    state: TrainingState,
    threads: Threads,
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
        let theta = settings.start();
        let trials = trials
            .into_iter()
            .map(|trial| TrialState {
                trial,
                episode: 0,
                theta: theta.clone(),
                optimiser: optimiser(settings, &theta),
            })
            .collect();
        let workers = match settings.numerics.precision {
            Precision::F32 => Workers::F32(Mutex::default()),
            Precision::F64 => Workers::F64(Mutex::default()),
        };
        let waiting = Vec::new();
        Ok(Training {
            settings: settings.clone(),
            data,
            state: TrainingState { trials, waiting },
            threads: threads.clone(),
            workers,
        })
    }

    /// Goes on from where another training of the same settings and data was.
    ///
    /// # Errors
    /// If `state` cannot be that of such a training.
    pub fn with_state(self, state: TrainingState) -> Result<Self, StateError> {
        let (new, given) = (&self.state.trials, &state.trials);
        if given.len() != new.len() {
            let (found, wanted) = (given.len(), new.len());
            return Err(StateError::Trials { found, wanted });
        }
        let fits = |new: &TrialState, given: &TrialState| {
            let terms = new.theta.len();
            given.trial == new.trial
                && given.episode <= self.settings.outer.episodes
                && given.theta.len() == terms
                && given.optimiser.fits(terms)
        };
        if let Some(trial) = (0..new.len()).find(|i| !fits(&new[*i], &given[*i])) {
            return Err(StateError::Trial(trial));
        }
        let known = |record: &EpisodeRecord| {
            let trial = given.iter().find(|trial| trial.trial == record.trial);
            trial.is_some_and(|trial| record.episode < trial.episode)
        };
        if !state.waiting.iter().all(known) {
            return Err(StateError::Records);
        }
        Ok(Training { state, ..self })
    }

    /// Where the training is now.
    pub fn state(&self) -> &TrainingState {
        &self.state
    }

    /// Whether every episode has been run and handed out.
    pub fn is_finished(&self) -> bool {
        let TrainingState { trials, waiting } = &self.state;
        waiting.is_empty()
            && trials
                .iter()
                .all(|t| t.episode == self.settings.outer.episodes)
    }

    /// Runs the next few episodes of all trials and returns their records, ordered by
    /// episode and then trial whatever the number of threads; none if all are done.
    ///
    /// Once `stop` is set no episode is begun any more. Records of an incomplete round
    /// stay in the [`TrainingState`] then, and the next round begins with the rest of it.
    pub fn round(&mut self, stop: &AtomicBool) -> Vec<EpisodeRecord> {
        let (settings, data, workers) = (&self.settings, &*self.data, &self.workers);
        let TrainingState { trials, waiting } = &mut self.state;
        let slowest = trials.iter().map(|trial| trial.episode).min().unwrap_or(0);
        let end = settings.outer.episodes.min((slowest / ROUND + 1) * ROUND);
        let until = (end, stop);
        let of_trials: Vec<Vec<EpisodeRecord>> = self.threads.install(|| {
            trials
                .par_iter_mut()
                .map(|trial| match workers {
                    Workers::F32(workers) => advance(settings, data, trial, workers, until),
                    Workers::F64(workers) => advance(settings, data, trial, workers, until),
                })
                .collect()
        });
        waiting.extend(of_trials.into_iter().flatten());
        if trials.iter().any(|trial| trial.episode < end) {
            return Vec::new();
        }
        let mut records = std::mem::take(waiting);
        records.sort_by_key(|record| (record.episode, record.trial));
        records
    }
}

/// Runs one episode alone, with given coefficients, and no optimiser step: what a
/// training records for it.
///
/// # Errors
/// If the settings do not fit the data.
///
/// # Panics
/// If `theta` has another length than the rule has terms.
pub fn measure_episode(
    settings: &Settings,
    data: &Dataset,
    trial: u64,
    episode: u64,
    theta: &[f64],
) -> Result<EpisodeRecord, SettingsError> {
    settings.check(data)?;
    let place = (trial, episode);
    Ok(match settings.numerics.precision {
        Precision::F32 => {
            measure(
                settings,
                data,
                place,
                theta,
                &mut Worker::<f32>::new(settings),
            )
            .0
        }
        Precision::F64 => {
            measure(
                settings,
                data,
                place,
                theta,
                &mut Worker::<f64>::new(settings),
            )
            .0
        }
    })
}

impl<T: Real> Worker<T> {
    /// For settings that were checked.
    fn new(settings: &Settings) -> Self {
        Worker {
            tape: Tape::new(),
            episode: Episode::of(settings).expect("the settings were checked"),
        }
    }
}

/// The optimiser of a new trial.
fn optimiser(settings: &Settings, theta: &[f64]) -> Optimiser {
    let (eta, penalty) = (settings.outer.eta, settings.outer.penalty);
    match settings.outer.optimiser {
        OptimiserKind::Adam => Optimiser::Adam(Adam::new(eta, theta.len())),
        OptimiserKind::Guarded => {
            let network = &settings.learner.network;
            let outputs = network.sizes[network.layers()];
            Optimiser::Guarded(Guarded::new(eta, theta, penalty, outputs))
        }
    }
}

/// Runs the episodes of one trial before `end`, as long as nobody asks to `stop`.
fn advance<T: Real>(
    settings: &Settings,
    data: &Dataset,
    trial: &mut TrialState,
    workers: &Mutex<Vec<Worker<T>>>,
    (end, stop): (u64, &AtomicBool),
) -> Vec<EpisodeRecord> {
    let free = workers
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .pop();
    let mut worker = free.unwrap_or_else(|| Worker::new(settings));
    let mut records = Vec::new();
    while trial.episode < end && !stop.load(Ordering::Relaxed) {
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
    let place = (trial.trial, trial.episode);
    if trial.optimiser.wants_sizes() {
        let start = Drawn::new(settings, data, place, &trial.theta);
        let (episode, tape) = (&mut worker.episode, &mut worker.tape);
        let sizes = term_sizes(episode, tape, &start);
        trial.optimiser.measure(&sizes);
    }
    let (record, gradient) = measure(settings, data, place, &trial.theta, worker);
    let learner = &settings.learner;
    let evidence = Evidence {
        finite: record.status == Status::Ok,
        cross_entropy: record.scores.cross_entropy,
        gradient: &gradient,
        penalised: learner.rule.counts(learner.feedback).theta,
    };
    trial.optimiser.learn(&mut trial.theta, &evidence);
    record
}

/// The record of one episode, and its meta-gradient.
fn measure<T: Real>(
    settings: &Settings,
    data: &Dataset,
    (trial, episode): (u64, u64),
    theta: &[f64],
    worker: &mut Worker<T>,
) -> (EpisodeRecord, Vec<f64>) {
    let start = Drawn::new(settings, data, (trial, episode), theta);
    let outcome = worker.episode.run(&mut worker.tape, &start);
    let gradient = outcome.gradient;
    let finite = outcome.meta_loss.is_finite() && gradient.theta.iter().all(|g| g.is_finite());
    let divergence = (!finite).then(|| {
        Divergence::locate(
            &mut worker.episode,
            &mut worker.tape,
            &start,
            &settings.learner.parameters(),
            &gradient.theta,
        )
    });
    let record = EpisodeRecord {
        trial,
        episode,
        status: if finite { Status::Ok } else { Status::Diverged },
        theta: theta.to_vec(),
        loss: outcome.meta_loss,
        scores: Scores {
            cross_entropy: outcome.cross_entropy,
            accuracy: outcome.accuracy,
            angles: outcome.angles,
            orthonormality: outcome.orthonormality,
        },
        residual: gradient.residual,
        replayed: gradient.replayed,
        divergence,
    };
    (record, gradient.theta)
}
