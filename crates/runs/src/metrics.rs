//! `metrics.csv`: one row for each episode and trial, ordered by episode, then trial.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use meta::{EpisodeRecord, Settings, Status};

use crate::RunError;

/// The columns before those whose number depends on the rule and the network.
const FIXED: [&str; 6] = [
    "trial",
    "episode",
    "status",
    "loss",
    "cross_entropy",
    "accuracy",
];

/// Writes the records of a run, one after the other.
#[derive(Debug)]
pub struct MetricsWriter {
    path: PathBuf,
    writer: csv::Writer<File>,
}

impl MetricsWriter {
    /// Creates the file with its header.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(path: &Path, settings: &Settings) -> Result<Self, RunError> {
        let file = File::create(path).map_err(|error| failed(path, &error))?;
        let mut writer = csv::Writer::from_writer(file);
        let layers = settings.network.layers();
        let terms = settings.rule.terms.iter();
        let header = FIXED
            .into_iter()
            .map(str::to_owned)
            .chain(terms.map(|term| format!("theta_{}", term.name)))
            .chain((0..=layers).map(|l| format!("angle_{l}")))
            .chain((1..=layers).map(|l| format!("ortho_{l}")));
        writer
            .write_record(header)
            .map_err(|error| failed(path, &error.into()))?;
        Ok(MetricsWriter {
            path: path.to_owned(),
            writer,
        })
    }

    /// Adds a row. Numbers are printed with as many digits as it takes to read them
    /// back exactly.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, record: &EpisodeRecord) -> Result<(), RunError> {
        let measures = [record.loss, record.cross_entropy, record.accuracy];
        let numbers = measures
            .iter()
            .chain(&record.theta)
            .chain(&record.angles)
            .chain(&record.orthonormality)
            .map(f64::to_string);
        let start = [
            record.trial.to_string(),
            record.episode.to_string(),
            record.status.name().to_owned(),
        ];
        self.writer
            .write_record(start.into_iter().chain(numbers))
            .map_err(|error| failed(&self.path, &error.into()))
    }

    /// Makes sure that every row is on disk.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn finish(self) -> Result<(), RunError> {
        let flushed = self
            .writer
            .into_inner()
            .map_err(|error| io::Error::from(error.error().kind()));
        flushed
            .and_then(|file| file.sync_all())
            .map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> RunError {
    RunError::Failed(format!("{}: {error}", path.display()))
}

/// The records of a run, read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// The names of the rule's terms, without the column's `theta_`.
    pub terms: Vec<String>,
    /// L, the number of layers of synapses.
    pub layers: usize,
    /// One row for each episode and trial, as they stand in the file.
    pub rows: Vec<Row>,
}

/// One episode of one trial, measured before its optimiser step.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The trial, from 0.
    pub trial: u64,
    /// The episode, from 0.
    pub episode: u64,
    /// Whether the numbers can be used.
    pub status: Status,
    /// L_meta, with the penalty.
    pub loss: f64,
    /// The mean cross-entropy alone.
    pub cross_entropy: f64,
    /// The share of query images classified right.
    pub accuracy: f64,
    /// The rule's coefficients, in the order of [`Metrics::terms`].
    pub theta: Vec<f64>,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
}

impl Metrics {
    /// Reads `metrics.csv`.
    ///
    /// # Errors
    /// If it cannot be read or is no such file; the message names the line.
    pub fn read(path: &Path) -> Result<Metrics, RunError> {
        let shown = path.display();
        let wrong = |what: String| RunError::Input(format!("{shown}: {what}"));
        let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
        let header = reader
            .headers()
            .map_err(|error| wrong(error.to_string()))?
            .clone();
        if header.iter().take(FIXED.len()).ne(FIXED) {
            return Err(wrong(format!(
                "is no metrics.csv; its columns should begin with {}",
                FIXED.join(",")
            )));
        }
        let names = |prefix: &str| -> Vec<String> {
            let found = header.iter().filter_map(|c| c.strip_prefix(prefix));
            found.map(str::to_owned).collect()
        };
        let terms = names("theta_");
        let (angles, layers) = (names("angle_").len(), names("ortho_").len());
        let known = FIXED.len() + terms.len() + angles + layers;
        if angles != layers + 1 || header.len() < known {
            return Err(wrong(
                "has columns angle_0.. and ortho_1.. that do not go together".to_owned(),
            ));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |i: usize| record.get(i).unwrap_or_default();
            let bad = |i: usize| {
                let (column, text) = (header.get(i).unwrap_or_default(), cell(i));
                wrong(format!("line {line}: {column} is '{text}'"))
            };
            let number = |i: usize| cell(i).parse::<f64>().map_err(|_| bad(i));
            let numbers = |from: usize, count: usize| {
                (from..from + count)
                    .map(number)
                    .collect::<Result<Vec<_>, _>>()
            };
            let first = FIXED.len();
            rows.push(Row {
                trial: cell(0).parse().map_err(|_| bad(0))?,
                episode: cell(1).parse().map_err(|_| bad(1))?,
                status: Status::from_name(cell(2)).ok_or_else(|| bad(2))?,
                loss: number(3)?,
                cross_entropy: number(4)?,
                accuracy: number(5)?,
                theta: numbers(first, terms.len())?,
                angles: numbers(first + terms.len(), angles)?,
                orthonormality: numbers(first + terms.len() + angles, layers)?,
            });
        }
        Ok(Metrics {
            terms,
            layers,
            rows,
        })
    }
}
