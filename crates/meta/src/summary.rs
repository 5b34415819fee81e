use serde::{Deserialize, Deserializer, Serialize};

use crate::{EpisodeRecord, Settings, Status};

/// Mean and standard deviation over trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean over trials.
    #[serde(deserialize_with = "number_or_null")]
    pub mean: f64,
    /// The standard deviation over trials (n − 1); 0 for a single trial.
    #[serde(deserialize_with = "number_or_null")]
    pub sd: f64,
}

/// JSON has no number for what is not finite; it is written as null. Binary formats have.
fn number_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    if !from.is_human_readable() {
        return f64::deserialize(from);
    }
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

impl Spread {
    /// Of one number a trial; `None` without numbers.
    pub fn of(numbers: &[f64]) -> Option<Spread> {
        let n = numbers.len() as f64;
        if numbers.is_empty() {
            return None;
        }
        let mean = numbers.iter().sum::<f64>() / n;
        let squares = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let sd = if numbers.len() > 1 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        Some(Spread { mean, sd })
    }
}

/// What a run came to: means over its last episodes, then over trials. Diverged
/// episodes are left out of the means and counted instead.
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
    #[serde(deserialize_with = "number_or_null")]
    pub largest_residual: f64,
    /// L_meta.
    pub loss: Option<Spread>,
    /// Cross-entropy on the query images.
    pub cross_entropy: Option<Spread>,
    /// Meta-accuracy.
    pub accuracy: Option<Spread>,
    /// The coefficients with the names of their terms.
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
    /// Per trial: how many episodes count, and the sums of their numbers.
    sums: Vec<(f64, Vec<f64>)>,
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
                .rule
                .terms
                .iter()
                .map(|t| (t.name.clone(), None))
                .collect(),
            angles: vec![None; layers + 1],
            orthonormality: vec![None; layers],
        };
        let trials = settings.outer.trials as usize;
        Summariser {
            summary,
            sums: vec![(0.0, Vec::new()); trials],
            diverged: vec![false; trials],
        }
    }

    /// Whether it can take in records of a run with these settings.
    pub fn fits(&self, settings: &Settings) -> bool {
        let new = Summariser::new(settings);
        let numbers = |summary: &Summary| {
            let measures = summary.angles.len() + summary.orthonormality.len();
            3 + summary.theta.len() + measures
        };
        let sums =
            |(_, sums): &(f64, Vec<f64>)| sums.is_empty() || sums.len() == numbers(&new.summary);
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
        let (count, sums) = &mut self.sums[trial];
        let scores = &record.scores;
        let numbers = [record.loss, scores.cross_entropy, scores.accuracy]
            .into_iter()
            .chain(record.theta.iter().copied())
            .chain(scores.angles.iter().copied())
            .chain(scores.orthonormality.iter().copied());
        *count += 1.0;
        if sums.is_empty() {
            sums.extend(numbers);
        } else {
            sums.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += x);
        }
    }

    /// The summary of what was taken in.
    pub fn finish(mut self) -> Summary {
        let means: Vec<Vec<f64>> = self
            .sums
            .iter()
            .filter(|(count, _)| *count > 0.0)
            .map(|(count, sums)| sums.iter().map(|sum| sum / count).collect())
            .collect();
        let mut column = 0..;
        let mut next = || {
            let column = column.next()?;
            Spread::of(&means.iter().map(|row| row[column]).collect::<Vec<_>>())
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
        assert!((accuracy.sd - 0.4 / f64::sqrt(2.0)).abs() < 1e-12);
        assert_eq!((summary.diverged_episodes, summary.diverged_trials), (1, 1));
        assert_eq!(summary.theta[1].0, "F2");
        assert_eq!(summary.orthonormality[4].unwrap().mean, 2.0);
    }
}
