//! What a training does next: one ordered queue of the evaluations of all trials. It
//! knows no threads and no clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EpisodeRecord;
use crate::{Evaluated, Evidence, Optimiser, Purpose, Settings, stream};

/// What a trial carries from episode to episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialState {
    /// The trial, from 0.
    pub trial: u64,
    /// The first episode of those that the optimiser asked for last.
    pub episode: u64,
    /// The coefficients.
    pub theta: Vec<f64>,
    /// The outer optimiser.
    pub optimiser: Optimiser,
    /// What came out of the episodes from `episode` on, as far as they were run, until the
    /// optimiser is told of all of them.
    pub found: BTreeMap<u64, Evidence>,
}

/// All that a training carries from one moment to the next: with the settings and the
/// data, everything else follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// The trials, in order.
    pub trials: Vec<TrialState>,
    /// How many records were handed out.
    pub handed_out: u64,
    /// Records of episodes that were run before others which come before them, by episode
    /// and place of the trial.
    pub waiting: BTreeMap<(u64, u64), EpisodeRecord>,
}

impl TrainingState {
    /// Before the first episode of these trials, with settings that were checked.
    pub(crate) fn new(settings: &Settings, trials: impl IntoIterator<Item = u64>) -> Self {
        let theta = settings.start();
        let trials = trials
            .into_iter()
            .map(|trial| TrialState {
                trial,
                episode: 0,
                theta: theta.clone(),
                optimiser: Optimiser::new(settings, &theta),
                found: BTreeMap::new(),
            })
            .collect();
        TrainingState {
            trials,
            handed_out: 0,
            waiting: BTreeMap::new(),
        }
    }
}

/// A [`TrainingState`] that cannot be that of a training.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It has other trials.
    #[error("has {}, not {wanted}", words::count(*found as u64, "trial"))]
    Trials {
        /// How many it has.
        found: usize,
        /// How many the training has.
        wanted: usize,
    },
    /// A trial does not fit the settings.
    #[error("does not fit the settings in trial {0}")]
    Trial(u64),
    /// It has records of other episodes than those that were run.
    #[error("has records of other episodes than were run")]
    Records,
}

/// Something that a thread can do by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job {
    /// The place of the trial in the state.
    pub(crate) trial: usize,
    /// The episode.
    pub(crate) episode: u64,
    pub(crate) task: Task,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Task {
    /// Measure how large the rule's terms are with these parameters.
    Sizes(Vec<f64>),
    /// Run the episode with these parameters.
    Evaluate(Vec<f64>),
}

/// What came out of a job.
#[derive(Clone, Debug)]
pub(crate) enum Product {
    Sizes(Vec<f64>),
    Episode(Box<EpisodeRecord>, Evidence),
}

/// The queue, and the state that it comes from. Jobs are taken in the order of episodes,
/// then of trials, so that no trial runs far ahead; a trial's next episodes join them as
/// soon as its optimiser was told of the last. Whatever the order in which jobs end, an
/// optimiser is told in the order in which it asked, and records are handed out by episode
/// and trial.
pub(crate) struct Schedule {
    settings: Settings,
    state: TrainingState,
    /// What each trial's optimiser asked for last.
    asked: Vec<Vec<Vec<f64>>>,
    ready: BTreeMap<(u64, usize), Task>,
    running: usize,
}

impl Schedule {
    /// Goes on from a state that fits the settings.
    pub(crate) fn new(settings: &Settings, state: TrainingState) -> Self {
        let trials = state.trials.len();
        let mut schedule = Schedule {
            settings: settings.clone(),
            state,
            asked: vec![Vec::new(); trials],
            ready: BTreeMap::new(),
            running: 0,
        };
        for trial in 0..trials {
            schedule.ask(trial);
        }
        schedule
    }

    /// Goes on from another state of the same trials.
    ///
    /// # Errors
    /// If `state` cannot be that of a training with these settings.
    pub(crate) fn with_state(&self, state: TrainingState) -> Result<Self, StateError> {
        self.check_trials(&state)?;
        let schedule = Schedule::new(&self.settings, state);
        schedule.check_records()?;
        Ok(schedule)
    }

    pub(crate) fn state(&self) -> &TrainingState {
        &self.state
    }

    /// Whether every episode was run and handed out.
    pub(crate) fn is_finished(&self) -> bool {
        self.state.handed_out == self.settings.outer.episodes * self.state.trials.len() as u64
    }

    /// The next job, if one is ready.
    pub(crate) fn take(&mut self) -> Option<Job> {
        let ((episode, trial), task) = self.ready.pop_first()?;
        self.running += 1;
        Some(Job {
            trial,
            episode,
            task,
        })
    }

    /// How many jobs were taken that have not ended.
    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// How many jobs can be taken.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Takes in what came out of a job.
    pub(crate) fn end(&mut self, job: &Job, product: Product) {
        self.running -= 1;
        let trial = &mut self.state.trials[job.trial];
        match product {
            Product::Sizes(sizes) => {
                trial.optimiser.outer_mut().measure(&sizes);
                self.ask(job.trial);
            }
            Product::Episode(record, evidence) => {
                trial.found.insert(job.episode, evidence);
                let place = (job.episode, job.trial as u64);
                self.state.waiting.insert(place, *record);
                if trial.found.len() == self.asked_of(job.trial).count() {
                    self.tell(job.trial);
                    self.ask(job.trial);
                }
            }
        }
    }

    /// Whether a record can be handed out.
    pub(crate) fn has_news(&self) -> bool {
        let first = self.state.waiting.first_key_value();
        first.is_some_and(|(place, _)| *place == self.next_record())
    }

    /// The records that come next, ordered by episode and then trial.
    pub(crate) fn hand_out(&mut self) -> Vec<EpisodeRecord> {
        std::iter::from_fn(|| self.hand_out_one()).collect()
    }

    /// The record that comes next, if it is there.
    pub(crate) fn hand_out_one(&mut self) -> Option<EpisodeRecord> {
        if !self.has_news() {
            return None;
        }
        let (_, record) = self.state.waiting.pop_first()?;
        self.state.handed_out += 1;
        Some(record)
    }

    /// Episode and place of the trial of the record that comes next.
    fn next_record(&self) -> (u64, u64) {
        let trials = self.state.trials.len() as u64;
        let next = self.state.handed_out;
        (next / trials, next % trials)
    }

    /// The episodes that belong to what a trial's optimiser asked for last, as far as the
    /// trial has them.
    fn asked_of(&self, trial: usize) -> std::ops::Range<u64> {
        let first = self.state.trials[trial].episode;
        let count = self.asked[trial].len() * self.settings.outer.batch;
        first..(first + count as u64).min(self.settings.outer.episodes)
    }

    /// Asks a trial's optimiser, and puts in the queue what has not been done of it.
    fn ask(&mut self, trial: usize) {
        let of = &self.state.trials[trial];
        let (episode, outer) = (of.episode, of.optimiser.outer());
        if episode == self.settings.outer.episodes {
            self.asked[trial].clear();
            return;
        }
        if outer.wants_sizes() {
            let task = Task::Sizes(of.theta.clone());
            self.ready.insert((episode, trial), task);
            return;
        }
        let rng = &mut stream(self.settings.seed, of.trial, episode, Purpose::Outer);
        self.asked[trial] = outer.ask(&of.theta, rng);
        for number in self.asked_of(trial) {
            if !of.found.contains_key(&number) {
                let candidate = (number - episode) as usize / self.settings.outer.batch;
                let task = Task::Evaluate(self.asked[trial][candidate].clone());
                self.ready.insert((number, trial), task);
            }
        }
    }

    /// Tells a trial's optimiser what came out of all that it asked for. In its last step a
    /// trial may have had fewer episodes than that: then no step follows any more.
    fn tell(&mut self, trial: usize) {
        let asked = self.asked_of(trial);
        let parameters = std::mem::take(&mut self.asked[trial]);
        let trial = &mut self.state.trials[trial];
        let found = std::mem::take(&mut trial.found);
        let episodes: Vec<&Evidence> = found.values().collect();
        let batches = episodes.chunks_exact(self.settings.outer.batch);
        if batches.remainder().is_empty() && batches.len() == parameters.len() {
            let told: Vec<Evaluated<'_>> = parameters
                .iter()
                .zip(batches)
                .map(|(parameters, episodes)| Evaluated {
                    parameters,
                    episodes: episodes.to_vec(),
                })
                .collect();
            trial.optimiser.outer_mut().tell(&mut trial.theta, &told);
        }
        trial.episode = asked.end;
    }

    /// That trials are those of this training, whichever episodes they have come to.
    fn check_trials(&self, state: &TrainingState) -> Result<(), StateError> {
        let (own, given) = (&self.state.trials, &state.trials);
        if given.len() != own.len() {
            let (found, wanted) = (given.len(), own.len());
            return Err(StateError::Trials { found, wanted });
        }
        let outer = &self.settings.outer;
        let fits = |own: &TrialState, given: &TrialState| {
            let n = own.theta.len();
            let evidence = |(episode, evidence): (&u64, &Evidence)| {
                *episode >= given.episode && evidence.fits(outer.place(*episode).wants, n)
            };
            let kind = std::mem::discriminant(&own.optimiser);
            given.trial == own.trial
                && given.episode <= outer.episodes
                && given.theta.len() == n
                && std::mem::discriminant(&given.optimiser) == kind
                && given.optimiser.outer().fits(n)
                && given.found.iter().all(evidence)
        };
        match own.iter().zip(given).find(|(own, given)| !fits(own, given)) {
            Some((own, _)) => Err(StateError::Trial(own.trial)),
            None => Ok(()),
        }
    }

    /// That every episode that was run is either handed out or waiting, and no other.
    fn check_records(&self) -> Result<(), StateError> {
        let mut run: u64 = 0;
        for (trial, of) in self.state.trials.iter().enumerate() {
            let asked = self.asked_of(trial);
            let mut found = of.found.keys();
            if !found.all(|episode| asked.contains(episode)) {
                return Err(StateError::Trial(of.trial));
            }
            run += of.episode + of.found.len() as u64;
        }
        let was_run = |(episode, trial): &(u64, u64)| {
            let trial = self.state.trials.get(*trial as usize);
            trial.is_some_and(|of| *episode < of.episode || of.found.contains_key(episode))
        };
        let next = self.next_record();
        let waiting = &self.state.waiting;
        let fit = waiting.keys().all(|place| *place >= next && was_run(place));
        if !fit || self.state.handed_out + waiting.len() as u64 != run {
            return Err(StateError::Records);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
