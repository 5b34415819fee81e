use serde::{Deserialize, Serialize};

use crate::{EpisodeRecord, OnlineRecord, Scores, Settings, Status};

/// Mean and standard deviation over trials, and how many numbers they are of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean over trials.
    pub mean: f64,
    /// The standard deviation over trials (n − 1); none of a single trial.
    pub sd: Option<f64>,
    /// Trials that have a number.
    pub trials: u64,
    /// Episodes of all trials that have one: neither diverged, nor undefined as an angle
    /// to nothing is.
    pub episodes: u64,
}

impl Spread {
    /// Of the mean of each trial, with how many episodes it is of; `None` without any.
    fn of(means: &[(u64, f64)]) -> Option<Spread> {
        let n = means.len() as f64;
        if means.is_empty() {
            return None;
        }
        let sum: f64 = means.iter().map(|(_, x)| x).sum();
        // Where the sum is too large for a number, its parts are not.
        let mean = if sum.is_finite() {
            sum / n
        } else {
            means.iter().map(|(_, x)| x / n).sum()
        };
        let off = means.iter().map(|(_, x)| x - mean);
        let squares: f64 = off.clone().map(|x| x.powi(2)).sum();
        let sd = if squares.is_finite() {
            (squares / (n - 1.0)).sqrt()
        } else {
            let largest = off.clone().fold(0.0, |m: f64, x| m.max(x.abs()));
            let shares: f64 = off.map(|x| (x / largest).powi(2)).sum();
            (shares / (n - 1.0)).sqrt() * largest
        };
        Some(Spread {
            mean,
            sd: (means.len() > 1).then_some(sd).filter(|sd| sd.is_finite()),
            trials: means.len() as u64,
            episodes: means.iter().map(|(count, _)| count).sum(),
        })
    }
}

/// A number of which a mean is taken as it comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    count: u64,
    sum: f64,
}

impl Sum {
    /// Takes in a number, unless it is undefined.
    fn add(&mut self, x: f64) {
        if x.is_finite() {
            self.count += 1;
            self.sum += x;
        }
    }

    /// How many numbers came in, and their mean; none if there were none, or they were
    /// too large to be added up.
    fn mean(self) -> Option<(u64, f64)> {
        let mean = self.sum / self.count as f64;
        (self.count > 0 && mean.is_finite()).then_some((self.count, mean))
    }
}

/// What a run came to: means over its last episodes, then over trials. Diverged
/// episodes and undefined numbers are left out of the means; each [`Spread`] says how many
/// numbers it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Episodes of each trial.
    pub episodes: u64,
    /// Trials.
    pub trials: u64,
    /// How many episodes at the end the means are over.
    pub last_episodes: u64,
    /// Diverged episodes in the whole run.
    pub diverged_episodes: u64,
    /// Trials with at least one diverged episode.
    pub diverged_trials: u64,
    /// Episodes whose reverse sweep had to replay the updates.
    pub replayed_episodes: u64,
    /// The largest residual of restored weights of an episode that did not diverge.
    pub largest_residual: f64,
    /// L_meta.
    pub loss: Option<Spread>,
    /// Cross-entropy on the query images.
    pub cross_entropy: Option<Spread>,
    /// Meta-accuracy.
    pub accuracy: Option<Spread>,
    /// All that is meta-learned: coefficients θ with the names of their terms, the rest
    /// with that of its column.
    pub theta: Vec<(String, Option<Spread>)>,
    /// α_0..α_L in degrees.
    pub angles: Vec<Option<Spread>>,
    /// E_1..E_L.
    pub orthonormality: Vec<Option<Spread>>,
}

/// Adds up the records of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summariser {
    summary: Summary,
    /// For each trial, the sums of its numbers.
    sums: Vec<Vec<Sum>>,
    diverged: Vec<bool>,
}

impl Summariser {
    /// For a run with these settings; the means are over the last 100 episodes, or all.
    pub fn new(settings: &Settings) -> Self {
        let layers = settings.learner.network.layers();
        let summary = Summary {
            episodes: settings.outer.episodes,
            trials: settings.outer.trials,
            last_episodes: settings.outer.episodes.min(100),
            diverged_episodes: 0,
            diverged_trials: 0,
            replayed_episodes: 0,
            largest_residual: 0.0,
            loss: None,
            cross_entropy: None,
            accuracy: None,
            theta: settings
                .learner
                .parameters()
                .into_iter()
                .map(|parameter| (parameter.shown(), None))
                .collect(),
            angles: vec![None; layers + 1],
            orthonormality: vec![None; layers],
        };
        let trials = settings.outer.trials as usize;
        Summariser {
            summary,
            sums: vec![Vec::new(); trials],
            diverged: vec![false; trials],
        }
    }

    /// For a part of the run that has `trials` of its trials.
    pub fn of_part(mut self, trials: u64) -> Self {
        self.summary.trials = trials;
        self
    }

    /// Whether it can take in records of a run with these settings.
    pub fn fits(&self, settings: &Settings, trials: u64) -> bool {
        let new = Summariser::new(settings).of_part(trials);
        let numbers = |summary: &Summary| {
            let measures = summary.angles.len() + summary.orthonormality.len();
            3 + summary.theta.len() + measures
        };
        let sums = |sums: &Vec<Sum>| sums.is_empty() || sums.len() == numbers(&new.summary);
        self.summary.trials == new.summary.trials
            && self.summary.episodes == new.summary.episodes
            && self.summary.last_episodes == new.summary.last_episodes
            && numbers(&self.summary) == numbers(&new.summary)
            && self.sums.len() == new.sums.len()
            && self.sums.iter().all(sums)
            && self.diverged.len() == new.diverged.len()
    }

    /// Takes in one record.
    pub fn add(&mut self, record: &EpisodeRecord) {
        let trial = record.trial as usize;
        self.summary.replayed_episodes += u64::from(record.replayed);
        if record.status == Status::Diverged {
            self.summary.diverged_episodes += 1;
            self.diverged[trial] = true;
            return;
        }
        self.summary.largest_residual = self.summary.largest_residual.max(record.residual);
        if record.episode + self.summary.last_episodes < self.summary.episodes {
            return;
        }
        let scores = &record.scores;
        let numbers = [record.loss, scores.cross_entropy, scores.accuracy]
            .into_iter()
            .chain(record.theta.iter().copied())
            .chain(scores.angles.iter().copied())
            .chain(scores.orthonormality.iter().copied());
        for (i, x) in numbers.enumerate() {
            if self.sums[trial].len() == i {
                self.sums[trial].push(Sum::default());
            }
            self.sums[trial][i].add(x);
        }
    }

    /// The summary of what was taken in.
    pub fn finish(mut self) -> Summary {
        let sums = &self.sums;
        let mut column = 0..;
        let mut next = || {
            let column = column.next()?;
            let of_trials = sums.iter().filter_map(|trial| trial.get(column)?.mean());
            Spread::of(&of_trials.collect::<Vec<_>>())
        };
        let summary = &mut self.summary;
        summary.diverged_trials = self.diverged.iter().filter(|d| **d).count() as u64;
        summary.loss = next();
        summary.cross_entropy = next();
        summary.accuracy = next();
        summary
            .theta
            .iter_mut()
            .for_each(|(_, theta)| *theta = next());
        summary.angles.iter_mut().for_each(|angle| *angle = next());
        summary.orthonormality.iter_mut().for_each(|e| *e = next());
        self.summary
    }
}

/// What online learning came to: means over the last test of each trial. Trials that
/// diverged and undefined numbers are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineSummary {
    /// Images that each trial learned from.
    pub images: u64,
    /// Trials.
    pub trials: u64,
    /// Trials whose last test shows no finite cross-entropy.
    pub diverged_trials: u64,
    /// Cross-entropy on the test images.
    pub cross_entropy: Option<Spread>,
    /// The share of test images classified right.
    pub accuracy: Option<Spread>,
    /// α_0..α_L in degrees.
    pub angles: Vec<Option<Spread>>,
    /// E_1..E_L.
    pub orthonormality: Vec<Option<Spread>>,
}

impl OnlineSummary {
    /// Of the last test of each trial.
    pub fn of(last: &[OnlineRecord]) -> Self {
        let learned = |record: &&OnlineRecord| record.scores.cross_entropy.is_finite();
        let scores = || last.iter().filter(learned).map(|record| &record.scores);
        let spread = |measure: &dyn Fn(&Scores) -> f64| {
            let numbers = scores().map(measure).filter(|x| x.is_finite());
            Spread::of(&numbers.map(|x| (1, x)).collect::<Vec<_>>())
        };
        let first = last.first().map(|record| &record.scores);
        let counts = first.map_or((0, 0), |s| (s.angles.len(), s.orthonormality.len()));
        OnlineSummary {
            images: last.first().map_or(0, |record| record.images as u64),
            trials: last.len() as u64,
            diverged_trials: (last.len() - scores().count()) as u64,
            cross_entropy: spread(&|scores| scores.cross_entropy),
            accuracy: spread(&|scores| scores.accuracy),
            angles: (0..counts.0)
                .map(|l| spread(&|scores| scores.angles[l]))
                .collect(),
            orthonormality: (0..counts.1)
                .map(|l| spread(&|scores| scores.orthonormality[l]))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scores;

    fn record(trial: u64, episode: u64, status: Status, accuracy: f64) -> EpisodeRecord {
        EpisodeRecord {
            trial,
            episode,
            status,
            theta: vec![0.5; 3],
            loss: accuracy + 1.0,
            scores: Scores {
                cross_entropy: accuracy,
                accuracy,
                angles: vec![1.0; 6],
                orthonormality: vec![2.0; 5],
            },
            measured: Vec::new(),
            residual: 1e-8,
            replayed: false,
            divergence: None,
        }
    }

    #[test]
    fn means_are_over_the_last_episodes_and_leave_out_diverged_ones() {
        let mut settings = Settings::default();
        (settings.outer.episodes, settings.outer.trials) = (200, 2);
        let mut summariser = Summariser::new(&settings);
        for episode in 0..200 {
            let late = if episode < 100 { 0.0 } else { 0.8 };
            summariser.add(&record(0, episode, Status::Ok, late));
            let status = if episode == 150 {
                Status::Diverged
            } else {
                Status::Ok
            };
            let other = if status == Status::Ok { 0.4 } else { f64::NAN };
            summariser.add(&record(1, episode, status, other));
        }
        let summary = summariser.finish();
        let accuracy = summary.accuracy.unwrap();
        assert!((accuracy.mean - 0.6).abs() < 1e-12, "{accuracy:?}");
        assert!((accuracy.sd.unwrap() - 0.4 / f64::sqrt(2.0)).abs() < 1e-12);
        assert_eq!((accuracy.trials, accuracy.episodes), (2, 199));
        assert_eq!((summary.diverged_episodes, summary.diverged_trials), (1, 1));
        assert_eq!(summary.theta[1].0, "F2");
        assert_eq!(summary.orthonormality[4].unwrap().mean, 2.0);
    }
    #[test]
    fn means_say_how_many_numbers_they_are_of_and_undefined_ones_are_left_out() {
        let mut settings = Settings::default();
        (settings.outer.episodes, settings.outer.trials) = (10, 3);
        let mut summariser = Summariser::new(&settings);
        for episode in 0..10 {
            // One trial has good numbers once, another never; an angle is undefined twice.
            let mut first = record(0, episode, Status::Ok, 0.5);
            if episode < 2 {
                first.scores.angles[1] = f64::NAN;
            }
            summariser.add(&first);
            let second = match episode {
                7 => record(1, 7, Status::Ok, 0.7),
                _ => record(1, episode, Status::Diverged, f64::NAN),
            };
            summariser.add(&second);
            summariser.add(&record(2, episode, Status::Diverged, f64::INFINITY));
        }
        let summary = summariser.finish();
        let accuracy = summary.accuracy.unwrap();
        assert_eq!((accuracy.trials, accuracy.episodes), (2, 11));
        let angle = summary.angles[1].unwrap();
        assert_eq!((angle.mean, angle.trials, angle.episodes), (1.0, 2, 9));
        assert_eq!(summary.angles[0].unwrap().episodes, 11);
    }

    #[test]
    fn one_trial_has_no_deviation_and_no_number_is_too_large() {
        assert_eq!(Spread::of(&[(9, 0.08)]).unwrap().sd, None);
        assert_eq!(Spread::of(&[]), None);
        let huge = Spread::of(&[(1, 1.5e308), (1, 1.7e308)]).unwrap();
        assert!((huge.mean - 1.6e308).abs() < 1e300, "{huge:?}");
        // 0.1·√2, of numbers whose squares are no numbers.
        assert!(
            (huge.sd.unwrap() / 1e307 - 2.0_f64.sqrt()).abs() < 1e-9,
            "{huge:?}"
        );
        let json = serde_json::to_string(&huge).unwrap();
        assert_eq!(serde_json::from_str::<Spread>(&json).unwrap(), huge);
    }
}
