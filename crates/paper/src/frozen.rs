//! Tests with frozen coefficients: their records, in memory and on disk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::Dataset;
use meta::{Frozen, FrozenRecord};
use plots::Trials;
use plots::stats::mean;
use rayon::prelude::*;
use runs::{Metrics, RunError, write_whole};
use serde::{Deserialize, Serialize};

/// The records of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct FrozenMetrics {
    /// [trial][task].
    trials: Vec<Vec<FrozenRecord>>,
    /// The accuracy of a guess, which a diverged task counts as.
    chance: f64,
}

/// What a test leaves in its directory.
#[derive(Deserialize, Serialize)]
struct Stored {
    /// All that determines the numbers.
    made: String,
    records: Vec<FrozenRecord>,
}

impl FrozenMetrics {
    /// Of records in memory, ordered by trial.
    pub fn of(records: Vec<FrozenRecord>, chance: f64) -> Self {
        let mut trials: Vec<Vec<FrozenRecord>> = Vec::new();
        for record in records {
            match trials
                .last_mut()
                .filter(|trial| trial[0].trial == record.trial)
            {
                Some(trial) => trial.push(record),
                None => trials.push(vec![record]),
            }
        }
        FrozenMetrics { trials, chance }
    }

    /// The mean accuracy of each trial; a diverged task counts as chance.
    pub fn accuracy(&self) -> Vec<f64> {
        self.means(|record| {
            let learned = record.cross_entropy.is_some();
            Some(if learned {
                record.accuracy
            } else {
                self.chance
            })
        })
    }

    /// The mean of a measure over the tasks of each trial; NaN where none has it.
    pub fn means(&self, of: impl Fn(&FrozenRecord) -> Option<f64>) -> Vec<f64> {
        let trials = self.trials.iter();
        trials
            .map(|trial| mean(trial.iter().filter_map(&of)))
            .collect()
    }

    /// How many tasks diverged.
    pub fn lost(&self) -> usize {
        let records = self.trials.iter().flatten();
        records
            .filter(|record| record.cross_entropy.is_none())
            .count()
    }

    /// Synapses of how many layers were measured.
    pub fn layers(&self) -> usize {
        let first = self.trials.first().and_then(|trial| trial.first());
        first.map_or(0, |record| record.orthonormality.len())
    }
}

/// The coefficients that each trial of a run arrived at: their mean over the last sixth
/// of its episodes, or the last ones if all of those diverged.
pub fn final_theta(metrics: &Metrics) -> Vec<Vec<f64>> {
    let of_term = |r: usize| {
        let trials = Trials::of(metrics, |row| row.theta[r]);
        trials.means(trials.end())
    };
    let terms: Vec<Vec<f64>> = (0..metrics.terms.len()).map(of_term).collect();
    let trials = terms.first().map_or(0, Vec::len);
    (0..trials)
        .map(|trial| {
            let mean: Vec<f64> = terms.iter().map(|of_trial| of_trial[trial]).collect();
            let rows = metrics.rows.iter().filter(|row| row.trial == trial as u64);
            match rows.max_by_key(|row| row.episode) {
                Some(last) if mean.iter().any(|theta| theta.is_nan()) => last.theta.clone(),
                _ => mean,
            }
        })
        .collect()
}

/// Where the records of a test stand in its folder.
const RECORDS: &str = "tasks.json";

/// Whether a folder has records, of whatever settings.
pub(crate) fn has_records(folder: &Path) -> bool {
    folder.join(RECORDS).is_file()
}

/// Runs a test, a trial for each list of coefficients, or reads its records back if they
/// are in `folder` already, made alike. `watch` is called as each trial that is run ends.
///
/// # Errors
/// [`RunError::Stopped`] once `stop` is set; if the settings do not fit the data, or the
/// folder cannot be written.
pub(crate) fn run(
    folder: &Path,
    frozen: &Frozen<'_>,
    theta: &[Vec<f64>],
    stop: &AtomicBool,
    watch: impl Fn() + Sync,
) -> Result<FrozenMetrics, RunError> {
    let made = describe(frozen, theta);
    let path = folder.join(RECORDS);
    let network = &frozen.settings.learner.network;
    let chance = 1.0 / network.sizes[network.layers()] as f64;
    if let Ok(text) = std::fs::read(&path)
        && let Ok(stored) = serde_json::from_slice::<Stored>(&text)
        && stored.made == made
    {
        return Ok(FrozenMetrics::of(stored.records, chance));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| RunError::Input(format!("{}: {error}", folder.display())))?;
    let trials: Result<Vec<Vec<FrozenRecord>>, RunError> = theta
        .par_iter()
        .enumerate()
        .map(|(trial, theta)| {
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Stopped(folder.to_owned()));
            }
            let records = frozen.run(trial as u64, theta);
            watch();
            records.map_err(|error| RunError::Input(error.to_string()))
        })
        .collect();
    let records: Vec<FrozenRecord> = trials?.into_iter().flatten().collect();
    let stored = Stored { made, records };
    let text = serde_json::to_vec(&stored).expect("records are plain data");
    write_whole(&path, &text)?;
    Ok(FrozenMetrics::of(stored.records, chance))
}

/// All that determines the numbers.
fn describe(frozen: &Frozen<'_>, theta: &[Vec<f64>]) -> String {
    let Frozen {
        settings,
        data,
        tasks,
        probes,
    } = frozen;
    format!(
        "{settings:?} {} {} {} {tasks} {probes:?} {theta:?} {}",
        data.name(),
        data.split(),
        Dataset::checksum(data),
        env!("CARGO_PKG_VERSION")
    )
}
