//! What the runs came to, as figures and claims look at it.

use std::collections::BTreeMap;

use plots::{Trials, diverged};
use runs::{Metrics, Row};

use crate::context::Context;
use crate::frozen::FrozenMetrics;
use crate::measured::Measured;
use crate::online::OnlineMetrics;

/// The records of finished runs by the names of their experiments.
#[derive(Clone, Debug)]
pub struct Results {
    /// How they were made.
    pub context: Context,
    runs: BTreeMap<&'static str, Metrics>,
    online: BTreeMap<&'static str, OnlineMetrics>,
    frozen: BTreeMap<&'static str, FrozenMetrics>,
}

impl Results {
    /// None yet.
    pub fn new(context: Context) -> Self {
        Results {
            context,
            runs: BTreeMap::new(),
            online: BTreeMap::new(),
            frozen: BTreeMap::new(),
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

    /// Takes in the records of a test.
    pub fn add_frozen(&mut self, test: &'static str, records: FrozenMetrics) {
        self.frozen.insert(test, records);
    }

    /// The records of an experiment.
    pub fn run(&self, experiment: &str) -> Option<&Metrics> {
        self.runs.get(experiment)
    }

    /// The records of an online experiment.
    pub fn online(&self, experiment: &str) -> Option<&OnlineMetrics> {
        self.online.get(experiment)
    }

    /// The records of a test.
    pub fn frozen(&self, test: &str) -> Option<&FrozenMetrics> {
        self.frozen.get(test)
    }

    /// One measure of an experiment.
    pub fn trials(&self, experiment: &str, measure: impl Fn(&Row) -> f64) -> Option<Trials> {
        Some(Trials::of(self.run(experiment)?, measure))
    }

    /// The accuracy of an experiment, where a diverged episode counts as chance: to leave
    /// it out would flatter what is unstable.
    pub fn accuracy(&self, experiment: &str) -> Option<Trials> {
        let accuracy = self.trials(experiment, |row| row.accuracy)?;
        let chance = self.context.chance();
        Some(accuracy.map(|share| if share.is_nan() { chance } else { share }))
    }

    /// θ of a term of an experiment.
    pub fn theta(&self, experiment: &str, term: &str) -> Option<Trials> {
        let metrics = self.run(experiment)?;
        let index = metrics.terms.iter().position(|name| name == term)?;
        Some(Trials::of(metrics, |row| row.theta[index]))
    }

    /// What a measure is at the end of each trial of an experiment, see [`Trials::end`].
    pub fn at_end(&self, experiment: &str, measure: impl Fn(&Row) -> f64) -> Option<Vec<f64>> {
        let trials = self.trials(experiment, measure)?;
        Some(trials.means(trials.end()))
    }

    /// The accuracy at the end of each trial of an experiment, see [`Results::accuracy`].
    pub fn accuracy_at_end(&self, experiment: &str) -> Option<Vec<f64>> {
        let trials = self.accuracy(experiment)?;
        Some(trials.means(trials.end()))
    }

    /// How much better one experiment is than another at the end, trial by trial.
    pub fn gain(&self, one: &str, other: &str) -> Option<Measured> {
        Measured::difference(&self.accuracy_at_end(one)?, &self.accuracy_at_end(other)?)
    }

    /// How many episodes of some experiments, and tests of some online experiments,
    /// diverged.
    pub fn lost<'n>(&self, names: impl Iterator<Item = &'n str>) -> usize {
        let of = |name| {
            let episodes = self.run(name).map_or(0, |run| diverged(run).len());
            let tests = self.online(name).map_or(0, |run| run.diverged().len());
            episodes + tests + self.frozen(name).map_or(0, FrozenMetrics::lost)
        };
        names.map(of).sum()
    }
}
