//! Tests with frozen coefficients: their records, in memory and on disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::Dataset;
use meta::{Evaluated, Evidence, Frozen, FrozenRecord, OuterSettings, Status};
use plots::Trials;
use plots::stats::mean;
use rayon::prelude::*;
use runs::{Metrics, Row, RunError, make_folder, write_whole};
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

/// The coefficients that each trial of a run arrived at: the mean over the last sixth of
/// its episodes of what its optimiser held to be θ, or the last ones if all of those
/// diverged. `outer` is of the run's settings.
pub fn final_theta(metrics: &Metrics, outer: &OuterSettings) -> Vec<Vec<f64>> {
    let metrics = &with_estimates(metrics, outer);
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

/// The records with, in place of the coefficients that an episode tried, those that the
/// trial's optimiser held to be θ in that step, see [`OptimiserKind::estimate`]. Where a
/// step does not show them, those of the step before.
///
/// [`OptimiserKind::estimate`]: meta::OptimiserKind::estimate
fn with_estimates(metrics: &Metrics, outer: &OuterSettings) -> Metrics {
    let mut metrics = metrics.clone();
    let width = outer.episodes_of_step() as usize;
    let mut trials: BTreeMap<u64, Vec<&mut Row>> = BTreeMap::new();
    for row in &mut metrics.rows {
        trials.entry(row.trial).or_default().push(row);
    }
    for mut rows in trials.into_values() {
        rows.sort_by_key(|row| row.episode);
        let mut held: Option<Vec<f64>> = None;
        for step in rows.chunks_mut(width) {
            let whole = step.len() == width;
            let now = whole.then(|| estimate(step, outer)).flatten();
            held = now.or(held);
            if let Some(theta) = &held {
                step.iter_mut().for_each(|row| row.theta.clone_from(theta));
            }
        }
    }
    metrics
}

/// What the records of a whole step show of θ.
fn estimate(step: &[&mut Row], outer: &OuterSettings) -> Option<Vec<f64>> {
    let evidence = |row: &&mut Row| Evidence {
        finite: row.status == Status::Ok,
        loss: row.loss,
        cross_entropy: row.cross_entropy,
        gradient: Vec::new(),
        hessian: Vec::new(),
    };
    let evidence: Vec<Evidence> = step.iter().map(evidence).collect();
    let batches = step.chunks(outer.batch).zip(evidence.chunks(outer.batch));
    let told: Vec<Evaluated<'_>> = batches
        .map(|(rows, episodes)| Evaluated {
            parameters: &rows[0].theta,
            episodes: episodes.iter().collect(),
        })
        .collect();
    outer.optimiser.estimate(&told)
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
    if let Ok(text) = std::fs::read(&path)
        && let Ok(stored) = serde_json::from_slice::<Stored>(&text)
        && stored.made == made
    {
        return Ok(FrozenMetrics::of(stored.records, chance(frozen)));
    }
    make_folder(folder)?;
    let Some(records) = try_trials(frozen, theta, stop, watch)? else {
        return Err(RunError::Stopped(folder.to_owned()));
    };
    let stored = Stored { made, records };
    let text = serde_json::to_vec(&stored).expect("records are plain data");
    write_whole(&path, &text)?;
    Ok(FrozenMetrics::of(stored.records, chance(frozen)))
}

/// Runs a test in memory, a trial for each list of coefficients, side by side. `watch` is
/// called as each trial ends. None once `stop` is set.
///
/// # Errors
/// If the settings do not fit the data.
pub fn try_frozen(
    frozen: &Frozen<'_>,
    theta: &[Vec<f64>],
    stop: &AtomicBool,
    watch: impl Fn() + Sync,
) -> Result<Option<FrozenMetrics>, RunError> {
    let records = try_trials(frozen, theta, stop, watch)?;
    Ok(records.map(|records| FrozenMetrics::of(records, chance(frozen))))
}

fn try_trials(
    frozen: &Frozen<'_>,
    theta: &[Vec<f64>],
    stop: &AtomicBool,
    watch: impl Fn() + Sync,
) -> Result<Option<Vec<FrozenRecord>>, RunError> {
    let trials: Result<Vec<Option<Vec<FrozenRecord>>>, RunError> = theta
        .par_iter()
        .enumerate()
        .map(|(trial, theta)| {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let records = frozen.run(trial as u64, theta)?;
            watch();
            Ok(Some(records))
        })
        .collect();
    let trials: Option<Vec<Vec<FrozenRecord>>> = trials?.into_iter().collect();
    Ok(trials.map(|trials| trials.into_iter().flatten().collect()))
}

/// The accuracy of a guess among all outputs.
fn chance(frozen: &Frozen<'_>) -> f64 {
    let network = &frozen.settings.learner.network;
    1.0 / network.sizes[network.layers()] as f64
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

#[cfg(test)]
mod tests {
    use super::*;
    use meta::OptimiserKind;

    /// A trial of one coefficient, whose loss is least at 0.7.
    fn metrics(tried: &[f64]) -> Metrics {
        let row = |(episode, theta): (usize, &f64)| Row {
            trial: 0,
            episode: episode as u64,
            status: Status::Ok,
            loss: (theta - 0.7).abs(),
            cross_entropy: 0.0,
            accuracy: 0.0,
            theta: vec![*theta],
            angles: vec![],
            orthonormality: vec![],
            measured: vec![],
            divergence: None,
        };
        Metrics {
            terms: vec!["F0".to_owned()],
            layers: 0,
            measures: vec![],
            rows: tried.iter().enumerate().map(row).collect(),
        }
    }

    #[test]
    fn a_run_ends_at_what_its_optimiser_held_to_be_theta_and_not_at_what_it_tried_last() {
        let end = |optimiser, population, tried: &[f64]| {
            let outer = OuterSettings {
                optimiser,
                population,
                ..OuterSettings::default()
            };
            final_theta(&metrics(tried), &outer)[0][0]
        };
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found}");
        // The last sixth of six is the last one.
        near(
            end(OptimiserKind::Adam, 8, &[0., 0., 0., 0., 0.1, 0.2]),
            0.2,
        );
        // The middle of the pair, and of the last whole step if there is half of one.
        near(end(OptimiserKind::Es, 2, &[0., 0., 0., 0., 0.1, 0.3]), 0.2);
        near(end(OptimiserKind::Es, 2, &[0., 0., 0.1, 0.3, 9.]), 0.2);
        // The better half of a generation, weighted as Hansen's Eq. 49 has it.
        let (w1, w2) = ((2.5_f64).ln(), (2.5_f64 / 2.0).ln());
        let wanted = (0.6 * w1 + 0.5 * w2) / (w1 + w2);
        near(end(OptimiserKind::Cma, 4, &[9., 0.5, 0.6, -3.]), wanted);
        // θ, and not the step that was tried from it.
        near(
            end(OptimiserKind::Newton, 8, &[0., 0., 0., 0., 0.4, 5.]),
            0.4,
        );
    }
}
