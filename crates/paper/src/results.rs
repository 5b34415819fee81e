//! What the runs came to, as figures and claims look at it.

use std::collections::BTreeMap;

use plots::Trials;
use plots::stats::{Bootstrap, Interval};
use runs::{Metrics, Row};

use crate::online::OnlineMetrics;

/// How results were made, as captions and verdicts tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The data set's name.
    pub data: String,
    /// Whether it is drawn by this program.
    pub synthetic: bool,
    /// The data set of the online experiments.
    pub online_data: String,
    /// Trials of each run.
    pub trials: u64,
    /// Episodes of each run, where they are not the paper's.
    pub episodes: Option<u64>,
    /// The seed of every run.
    pub seed: u64,
    /// Whether it was asked for in a hurry.
    pub quick: bool,
}

/// The records of finished runs by the names of their experiments.
#[derive(Clone, Debug)]
pub struct Results {
    /// How they were made.
    pub context: Context,
    runs: BTreeMap<&'static str, Metrics>,
    online: BTreeMap<&'static str, OnlineMetrics>,
}

impl Results {
    /// None yet.
    pub fn new(context: Context) -> Self {
        Results {
            context,
            runs: BTreeMap::new(),
            online: BTreeMap::new(),
        }
    }

    /// Takes in the records of an experiment.
    pub fn add(&mut self, experiment: &'static str, metrics: Metrics) {
        self.runs.insert(experiment, metrics);
    }

    /// Takes in the records of an online experiment.
    pub fn add_online(&mut self, experiment: &'static str, metrics: OnlineMetrics) {
        self.online.insert(experiment, metrics);
    }

    /// The records of an experiment.
    pub fn run(&self, experiment: &str) -> Option<&Metrics> {
        self.runs.get(experiment)
    }

    /// The records of an online experiment.
    pub fn online(&self, experiment: &str) -> Option<&OnlineMetrics> {
        self.online.get(experiment)
    }

    /// One measure of an experiment.
    pub fn trials(&self, experiment: &str, measure: impl Fn(&Row) -> f64) -> Option<Trials> {
        Some(Trials::of(self.run(experiment)?, measure))
    }

    /// θ of a term of an experiment.
    pub fn theta(&self, experiment: &str, term: &str) -> Option<Trials> {
        let metrics = self.run(experiment)?;
        let index = metrics.terms.iter().position(|name| name == term)?;
        Some(Trials::of(metrics, |row| row.theta[index]))
    }

    /// The mean of a measure at the end of an experiment, see [`Trials::end`].
    pub fn at_end(&self, experiment: &str, measure: impl Fn(&Row) -> f64) -> Option<Interval> {
        let trials = self.trials(experiment, measure)?;
        trials.interval(trials.end())
    }

    /// The mean difference at the end of two experiments, trial by trial: trials of the
    /// same number have the same tasks and initial weights.
    pub fn difference_at_end(
        &self,
        (one, other): (&str, &str),
        measure: impl Fn(&Row) -> f64,
    ) -> Option<Interval> {
        let (a, b) = (self.trials(one, &measure)?, self.trials(other, &measure)?);
        difference(&a.means(a.end()), &b.means(b.end()))
    }
}

/// The mean of a − b over trials, which must be the same.
pub(crate) fn difference(a: &[f64], b: &[f64]) -> Option<Interval> {
    if a.len() != b.len() {
        return None;
    }
    let pairs: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    Bootstrap::new(pairs.len()).interval(&pairs)
}
