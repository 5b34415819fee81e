//! One measure of a run, for each trial and episode, and what figures and verdicts take
//! from it.

use std::ops::Range;

use meta::Status;
use runs::{Metrics, Row};

use crate::figure::Curve;
use crate::stats::{Bootstrap, Interval, SMOOTHING, mean, moving_average};

/// The most points of a curve over episodes; axes are 392 units wide.
const POINTS: usize = 300;

/// Of every how many episodes a curve has a point, see [`Trials::curve`].
pub(crate) fn step_of(episodes: usize) -> usize {
    episodes.div_ceil(POINTS).max(1)
}

/// One number for each trial and episode; NaN where the episode diverged or was not run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    values: Vec<Vec<f64>>,
}

impl Trials {
    /// `measure` of each row of a run. What is not finite counts as missing.
    pub fn of(metrics: &Metrics, measure: impl Fn(&Row) -> f64) -> Trials {
        let most = |number: fn(&Row) -> u64| metrics.rows.iter().map(number).max();
        let trials = most(|row| row.trial).map_or(0, |last| last as usize + 1);
        let episodes = most(|row| row.episode).map_or(0, |last| last as usize + 1);
        let mut values = vec![vec![f64::NAN; episodes]; trials];
        for row in &metrics.rows {
            let value = measure(row);
            if row.status == Status::Ok && value.is_finite() {
                values[row.trial as usize][row.episode as usize] = value;
            }
        }
        Trials { values }
    }

    /// Of numbers in memory by trial, then time; all trials are alike long.
    pub fn from_values(values: Vec<Vec<f64>>) -> Trials {
        Trials { values }
    }

    /// Each number mapped to another; what is missing stays so.
    pub fn map(self, change: impl Fn(f64) -> f64) -> Trials {
        let mut values = self.values;
        values.iter_mut().flatten().for_each(|v| *v = change(*v));
        Trials { values }
    }

    /// The numbers of each trial in turn.
    pub fn each(&self) -> impl Iterator<Item = &[f64]> {
        self.values.iter().map(Vec::as_slice)
    }

    /// How many trials there are.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// How many episodes each trial has.
    pub fn episodes(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// The last sixth of the episodes, where the paper's 600 have their last 100.
    pub fn end(&self) -> Range<usize> {
        let episodes = self.episodes();
        episodes - episodes.div_ceil(6)..episodes
    }

    /// Each trial's mean over a range of episodes.
    pub fn means(&self, episodes: Range<usize>) -> Vec<f64> {
        let end = episodes.end.min(self.episodes());
        let range = episodes.start.min(end)..end;
        let trials = self.values.iter();
        trials
            .map(|trial| mean(trial[range.clone()].iter().copied()))
            .collect()
    }

    /// The mean over trials and a range of episodes, with its interval over trials;
    /// `None` if nothing is left of the range.
    pub fn interval(&self, episodes: Range<usize>) -> Option<Interval> {
        Bootstrap::new(self.count()).interval(&self.means(episodes))
    }

    /// The curve of a figure: each trial smoothed by the paper's moving average, then
    /// the mean over trials and its band. Of long runs it has every second episode, or
    /// every third and so on: as many points as a panel is wide enough to tell apart.
    pub fn curve(&self) -> Curve {
        let step = step_of(self.episodes());
        let thinned = |trial: &Vec<f64>| -> Vec<f64> {
            let smooth = moving_average(trial, SMOOTHING);
            smooth.into_iter().step_by(step).collect()
        };
        let smooth: Vec<Vec<f64>> = self.values.iter().map(thinned).collect();
        let x = (0..self.episodes()).step_by(step);
        band(x.map(|episode| episode as f64).collect(), &smooth)
    }

    /// The curve at the times `x`, without smoothing.
    pub fn curve_at(&self, x: Vec<f64>) -> Curve {
        band(x, &self.values)
    }
}

fn band(x: Vec<f64>, trials: &[Vec<f64>]) -> Curve {
    let bootstrap = Bootstrap::new(trials.len());
    let missing = Interval {
        mean: f64::NAN,
        lower: f64::NAN,
        upper: f64::NAN,
    };
    let points = (0..x.len())
        .map(|i| {
            let values: Vec<f64> = trials.iter().map(|trial| trial[i]).collect();
            bootstrap.interval(&values).unwrap_or(missing)
        })
        .collect();
    Curve { x, points }
}

/// The episodes of a run in which a trial diverged, once for each such trial.
pub fn diverged(metrics: &Metrics) -> Vec<f64> {
    let rows = metrics.rows.iter();
    rows.filter(|row| row.status == Status::Diverged)
        .map(|row| row.episode as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(trial: u64, episode: u64, accuracy: f64) -> Row {
        let status = if accuracy.is_nan() {
            Status::Diverged
        } else {
            Status::Ok
        };
        Row {
            trial,
            episode,
            status,
            divergence: None,
            loss: 0.0,
            cross_entropy: 0.0,
            accuracy,
            theta: vec![],
            angles: vec![],
            measured: vec![],
            orthonormality: vec![],
        }
    }

    fn metrics(rows: Vec<Row>) -> Metrics {
        Metrics {
            terms: vec![],
            layers: 0,
            measures: vec![],
            rows,
        }
    }

    #[test]
    fn diverged_episodes_are_gaps_and_are_listed() {
        let metrics = metrics(vec![
            row(0, 0, 0.5),
            row(1, 0, f64::NAN),
            row(0, 1, 0.7),
            row(1, 1, 0.1),
        ]);
        let trials = Trials::of(&metrics, |row| row.accuracy);
        assert_eq!(trials.means(0..2), [0.6, 0.1]);
        assert_eq!(trials.means(0..1)[0], 0.5);
        assert!(trials.means(0..1)[1].is_nan());
        assert_eq!(diverged(&metrics), [0.0]);
    }

    #[test]
    fn a_curve_has_gaps_only_where_every_trial_has_one() {
        // Gaps wider than the moving average.
        let mut first = vec![1.0; 40];
        first[10..30].fill(f64::NAN);
        let mut second = vec![3.0; 40];
        second[20..40].fill(f64::NAN);
        let curve = Trials::from_values(vec![first, second]).curve();
        let means: Vec<f64> = curve.points.iter().map(|p| p.mean).collect();
        assert_eq!((means[2], means[17], means[38]), (2.0, 3.0, 1.0));
        let missing = Trials::from_values(vec![vec![f64::NAN; 3]; 2]).curve();
        assert!(missing.points.iter().all(|p| p.mean.is_nan()));
    }

    #[test]
    fn a_long_run_has_no_more_points_than_can_be_told_apart() {
        let run = |episodes| Trials::from_values(vec![(0..episodes).map(f64::from).collect()]);
        assert_eq!(run(300).curve().x.len(), 300);
        let long = run(100_000).curve();
        assert!(long.x.len() <= 300 && long.points.len() == long.x.len());
        // The mean of eleven consecutive numbers is the sixth.
        assert_eq!((long.x[1], long.points[1].mean), (334.0, 334.0));
    }

    #[test]
    fn the_end_is_the_last_sixth() {
        let trials = Trials::from_values(vec![vec![0.0; 600]]);
        assert_eq!(trials.end(), 500..600);
        assert_eq!(Trials::from_values(vec![vec![0.0; 4]]).end(), 3..4);
    }
}
