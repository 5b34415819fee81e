//! `online.csv`: one row for each test of a trial, ordered by test, then trial.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use meta::{Online, OnlineRecord, Scores};

use crate::{MetricsError, RunError};

/// The file.
pub(crate) const ONLINE: &str = "online.csv";

/// The columns before those of the measures of layers.
const FIXED: [&str; 5] = ["trial", "images", "status", "cross_entropy", "accuracy"];

/// The names of the columns of a run.
pub(super) fn header(online: &Online) -> Vec<String> {
    let layers = online.learner.network.layers();
    let fixed = FIXED.into_iter().map(str::to_owned);
    fixed
        .chain((0..=layers).map(|l| format!("angle_{l}")))
        .chain((1..=layers).map(|l| format!("ortho_{l}")))
        .collect()
}

/// The cells of a row, numbers as in `metrics.csv`.
pub(super) fn cells(record: &OnlineRecord) -> Vec<String> {
    let Scores {
        cross_entropy,
        accuracy,
        angles,
        orthonormality,
    } = &record.scores;
    let status = match cross_entropy.is_finite() {
        true => "ok",
        false => "diverged",
    };
    let start = [record.trial.to_string(), record.images.to_string()];
    let numbers = [*cross_entropy, *accuracy].into_iter();
    let numbers = numbers.chain(angles.iter().chain(orthonormality).copied());
    start
        .into_iter()
        .chain([status.to_owned()])
        .chain(numbers.map(|number| number.to_string()))
        .collect()
}

/// Reads an `online.csv`.
///
/// # Errors
/// If it cannot be read or is no such file.
pub fn read_online(path: &Path) -> Result<Vec<OnlineRecord>, RunError> {
    let wrong = |error| RunError::Metrics {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(|error| wrong(csv::Error::from(error).into()))?;
    parse(file).map_err(wrong)
}

/// Reads the text of an `online.csv`.
pub(super) fn parse(text: impl Read) -> Result<Vec<OnlineRecord>, MetricsError> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers()?.clone();
    if header.iter().take(FIXED.len()).ne(FIXED) {
        return Err(MetricsError::Foreign {
            table: ONLINE,
            columns: &FIXED,
        });
    }
    let count = |prefix: &str| header.iter().filter(|c| c.starts_with(prefix)).count();
    let (angles, layers) = (count("angle_"), count("ortho_"));
    if angles != layers + 1 || header.len() != FIXED.len() + angles + layers {
        return Err(MetricsError::Columns);
    }
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row?;
        let bad = |i: usize| MetricsError::Cell {
            line: row.position().map_or(0, csv::Position::line),
            column: header[i].to_owned(),
            text: row[i].to_owned(),
        };
        let number = |i: usize| row[i].parse::<f64>().map_err(|_| bad(i));
        let numbers = |from: usize, count: usize| -> Result<Vec<f64>, MetricsError> {
            (from..from + count).map(number).collect()
        };
        records.push(OnlineRecord {
            trial: row[0].parse().map_err(|_| bad(0))?,
            images: row[1].parse().map_err(|_| bad(1))?,
            scores: Scores {
                cross_entropy: number(3)?,
                accuracy: number(4)?,
                angles: numbers(FIXED.len(), angles)?,
                orthonormality: numbers(FIXED.len() + angles, layers)?,
            },
        });
    }
    Ok(records)
}
