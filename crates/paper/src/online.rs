//! The records of online learning, as figures and claims look at them.

use meta::OnlineRecord;
use plots::Trials;

/// The records of an online experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineMetrics {
    /// By trial, then test.
    rows: Vec<OnlineRecord>,
}

/// Whether the numbers of a test can be used.
fn learned(record: &OnlineRecord) -> bool {
    record.scores.cross_entropy.is_finite()
}

impl OnlineMetrics {
    /// Of the tests of a run, in any order.
    pub fn of(mut records: Vec<OnlineRecord>) -> Self {
        records.sort_by_key(|record| (record.trial, record.images));
        OnlineMetrics { rows: records }
    }

    /// How many images had been learned from at each test.
    pub fn images(&self) -> Vec<f64> {
        let first = self.rows.iter().take_while(|row| row.trial == 0);
        first.map(|row| row.images as f64).collect()
    }

    /// The test accuracy, [trial][test].
    pub fn accuracy(&self) -> Trials {
        self.trials(|row| row.scores.accuracy)
    }

    /// The same, where a test of a diverged trial counts as chance.
    pub fn accuracy_or(&self, chance: f64) -> Trials {
        let accuracy = self.accuracy();
        accuracy.map(|share| if share.is_nan() { chance } else { share })
    }

    /// α_l in degrees, [trial][test].
    pub fn angle(&self, l: usize) -> Trials {
        self.trials(move |row| row.scores.angles[l])
    }

    /// L, the number of layers of synapses.
    pub fn layers(&self) -> usize {
        self.rows
            .first()
            .map_or(0, |row| row.scores.angles.len() - 1)
    }

    /// Tests of diverged trials, at their numbers of images.
    pub fn diverged(&self) -> Vec<f64> {
        let rows = self.rows.iter();
        rows.filter(|row| !learned(row))
            .map(|row| row.images as f64)
            .collect()
    }

    fn trials(&self, measure: impl Fn(&OnlineRecord) -> f64) -> Trials {
        let mut values: Vec<Vec<f64>> = Vec::new();
        for row in &self.rows {
            if row.trial as usize == values.len() {
                values.push(Vec::new());
            }
            let value = measure(row);
            let usable = learned(row) && value.is_finite();
            let trial = values.last_mut().expect("rows begin with trial 0");
            trial.push(if usable { value } else { f64::NAN });
        }
        Trials::from_values(values)
    }
}
