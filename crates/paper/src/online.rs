//! Online learning on disk: one directory an experiment, with how it was made and a row
//! for each test.

use std::path::Path;

use datasets::Dataset;
use meta::{Online, OnlineRecord};
use model::Misfit;
use plots::Trials;
use rayon::prelude::*;
use runs::{RunError, write_whole};
use serde::{Deserialize, Serialize};

/// The records of an online experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineMetrics {
    rows: Vec<Row>,
}

/// A row of `online.csv`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Row {
    trial: u64,
    images: usize,
    status: Status,
    cross_entropy: f64,
    accuracy: f64,
    /// α_0..α_L.
    angles: Vec<f64>,
}

/// Whether the numbers of a test can be used.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Diverged,
}

impl From<OnlineRecord> for Row {
    fn from(record: OnlineRecord) -> Row {
        let status = if record.cross_entropy.is_finite() {
            Status::Ok
        } else {
            Status::Diverged
        };
        Row {
            trial: record.trial,
            images: record.images,
            status,
            cross_entropy: record.cross_entropy,
            accuracy: record.accuracy,
            angles: record.angles,
        }
    }
}

impl OnlineMetrics {
    /// How many images had been learned from at each test.
    pub fn images(&self) -> Vec<f64> {
        let first = self.rows.iter().take_while(|row| row.trial == 0);
        first.map(|row| row.images as f64).collect()
    }

    /// The test accuracy, [trial][test].
    pub fn accuracy(&self) -> Trials {
        self.trials(|row| row.accuracy)
    }

    /// The same, where a test of a diverged trial counts as chance.
    pub fn accuracy_or(&self, chance: f64) -> Trials {
        let accuracy = self.accuracy();
        accuracy.map(|share| if share.is_nan() { chance } else { share })
    }

    /// α_l in degrees, [trial][test].
    pub fn angle(&self, l: usize) -> Trials {
        self.trials(move |row| row.angles[l])
    }

    /// L, the number of layers of synapses.
    pub fn layers(&self) -> usize {
        self.rows.first().map_or(0, |row| row.angles.len() - 1)
    }

    /// Tests of diverged trials, at their numbers of images.
    pub fn diverged(&self) -> Vec<f64> {
        let rows = self.rows.iter();
        rows.filter(|row| row.status == Status::Diverged)
            .map(|row| row.images as f64)
            .collect()
    }

    fn trials(&self, measure: impl Fn(&Row) -> f64) -> Trials {
        let mut values: Vec<Vec<f64>> = Vec::new();
        for row in &self.rows {
            if row.trial as usize == values.len() {
                values.push(Vec::new());
            }
            let value = measure(row);
            let usable = row.status == Status::Ok && value.is_finite();
            let trial = values.last_mut().expect("rows begin with trial 0");
            trial.push(if usable { value } else { f64::NAN });
        }
        Trials::from_values(values)
    }

    /// Of records in memory.
    pub fn of(records: Vec<OnlineRecord>) -> Self {
        OnlineMetrics {
            rows: records.into_iter().map(Row::from).collect(),
        }
    }

    fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        let start = ["trial", "images", "status", "cross_entropy", "accuracy"];
        let angles = (0..=self.layers()).map(|l| format!("angle_{l}"));
        let header = start.into_iter().map(str::to_owned).chain(angles);
        writer
            .write_record(header)
            .expect("writing to memory succeeds");
        for row in &self.rows {
            writer.serialize(row).expect("a row is plain data");
        }
        writer.into_inner().expect("writing to memory succeeds")
    }

    fn read(path: &Path) -> Option<Self> {
        let reader = csv::ReaderBuilder::new().flexible(false).from_path(path);
        let mut reader = reader.ok()?;
        let mut rows = Vec::new();
        for record in reader.records() {
            rows.push(record.ok()?.deserialize(None).ok()?);
        }
        Some(OnlineMetrics { rows })
    }
}

/// The file that says how the records beside it were made; written when they are whole.
const RECORD: &str = "config.toml";

/// Whether a folder has records, of whatever settings.
pub(crate) fn has_records(folder: &Path) -> bool {
    folder.join(RECORD).is_file()
}

/// Runs `trials` trials in `folder`, or reads them back if they are there already, made
/// with the same settings. `watch` is called as each trial that is run ends.
///
/// # Errors
/// If the folder cannot be written.
pub(crate) fn run(
    folder: &Path,
    online: &Online,
    (train, test): (&Dataset, &Dataset),
    trials: u64,
    watch: impl Fn() + Sync,
) -> Result<OnlineMetrics, RunError> {
    let settings = describe(online, (train, test), trials);
    let (record, table) = (folder.join(RECORD), folder.join("online.csv"));
    if std::fs::read_to_string(&record).is_ok_and(|found| found == settings)
        && let Some(metrics) = OnlineMetrics::read(&table)
    {
        return Ok(metrics);
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| RunError::Input(format!("{}: {error}", folder.display())))?;
    let records: Result<Vec<Vec<OnlineRecord>>, Misfit> = (0..trials)
        .into_par_iter()
        .map(|trial| {
            let records = online.run(train, test, trial);
            watch();
            records
        })
        .collect();
    let records = records.map_err(|error| RunError::Failed(error.to_string()))?;
    let metrics = OnlineMetrics::of(records.into_iter().flatten().collect());
    // The record goes last: with it, the table beside it is whole.
    write_whole(&table, &metrics.to_csv())?;
    write_whole(&record, settings.as_bytes())?;
    Ok(metrics)
}

/// All that determines the numbers, as TOML.
fn describe(online: &Online, (train, test): (&Dataset, &Dataset), trials: u64) -> String {
    let terms: Vec<&str> = online
        .rule
        .terms
        .iter()
        .map(|term| term.name.as_str())
        .collect();
    let mut table = toml::Table::new();
    let mut set = |key: &str, value: toml::Value| table.insert(key.to_owned(), value);
    set("rule", online.rule.name.clone().into());
    set("terms", terms.into());
    set("theta", online.theta.clone().into());
    set("feedback", online.feedback.name().into());
    set("activation", online.network.activation.name().into());
    let sizes: Vec<i64> = online.network.sizes.iter().map(|n| *n as i64).collect();
    set("sizes", sizes.into());
    set("trials", (trials as i64).into());
    set("images", (online.images as i64).into());
    set("every", (online.every as i64).into());
    set("tests", (online.tests as i64).into());
    set("seed", (online.seed as i64).into());
    set("train", train.name().into());
    set("train_sha256", train.checksum().into());
    set("test", test.name().into());
    set("test_sha256", test.checksum().into());
    set("version", env!("CARGO_PKG_VERSION").into());
    toml::to_string(&table).expect("a table of plain values is TOML")
}
