//! `metrics.csv`: one row for each episode and trial, ordered by episode, then trial.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use meta::{Divergence, EpisodeRecord, Quantity, Scores, Settings, Status};
use model::Parameter;

use crate::RunError;

/// The file.
pub(crate) const METRICS: &str = "metrics.csv";

/// The columns before those whose number depends on the rule and the network.
const FIXED: [&str; 6] = [
    "trial",
    "episode",
    "status",
    "loss",
    "cross_entropy",
    "accuracy",
];

/// The last columns: where a diverged episode went wrong, empty for all others.
const DIVERGED: [&str; 4] = [
    "diverged_step",
    "diverged_layer",
    "diverged_quantity",
    "diverged_term",
];

/// The names of the columns of a run.
pub(crate) fn header(settings: &Settings) -> Vec<String> {
    let layers = settings.learner.network.layers();
    let parameters = settings.learner.parameters();
    FIXED
        .into_iter()
        .map(str::to_owned)
        .chain(parameters.iter().map(Parameter::column))
        .chain((0..=layers).map(|l| format!("angle_{l}")))
        .chain((1..=layers).map(|l| format!("ortho_{l}")))
        .chain(settings.measured())
        .chain(DIVERGED.map(str::to_owned))
        .collect()
}

/// The cells of a row. Numbers are printed with as many digits as it takes to read them
/// back exactly.
pub(crate) fn cells(record: &EpisodeRecord) -> Vec<String> {
    let measures = [
        record.loss,
        record.scores.cross_entropy,
        record.scores.accuracy,
    ];
    let numbers = measures
        .iter()
        .chain(&record.theta)
        .chain(&record.scores.angles)
        .chain(&record.scores.orthonormality)
        .chain(&record.measured)
        .map(f64::to_string);
    let start = [
        record.trial.to_string(),
        record.episode.to_string(),
        record.status.to_string(),
    ];
    let shown = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
    let end = match &record.divergence {
        None => <[String; 4]>::default(),
        Some(found) => [
            shown(found.step),
            shown(found.layer),
            found.quantity.name().to_owned(),
            found.term.clone().unwrap_or_default(),
        ],
    };
    start.into_iter().chain(numbers).chain(end).collect()
}

/// The records of a run, read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// The names of all that is meta-learned: of θ without the column's `theta_`, of
    /// the rest the whole column.
    pub terms: Vec<String>,
    /// L, the number of layers of synapses.
    pub layers: usize,
    /// The names of what was measured because it was asked for.
    pub measures: Vec<String>,
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
    /// What was asked for besides, in the order of [`Metrics::measures`].
    pub measured: Vec<f64>,
    /// Where it diverged, if it did and the file says so.
    pub divergence: Option<Divergence>,
}

impl Row {
    /// As a run recorded it, but for what it keeps to itself: `residual` and `replayed`.
    pub(crate) fn into_record(self) -> EpisodeRecord {
        EpisodeRecord {
            trial: self.trial,
            episode: self.episode,
            status: self.status,
            theta: self.theta,
            loss: self.loss,
            scores: Scores {
                cross_entropy: self.cross_entropy,
                accuracy: self.accuracy,
                angles: self.angles,
                orthonormality: self.orthonormality,
            },
            measured: self.measured,
            residual: 0.0,
            replayed: false,
            divergence: self.divergence,
        }
    }
}

/// Why a text is no table of records, without the name of its file.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// It is no table, or cannot be read.
    #[error(transparent)]
    Table(#[from] csv::Error),
    /// It is another table.
    #[error("is no {table}; its columns should begin with {}", columns.join(","))]
    Foreign {
        /// What it should be.
        table: &'static str,
        /// The columns that it should begin with.
        columns: &'static [&'static str],
    },
    /// It has the measures of no network.
    #[error("has columns angle_0.. and ortho_1.. that do not go together")]
    Columns,
    /// A cell is not of its column.
    #[error("line {line}: {column} is '{text}'")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The name of the column.
        column: String,
        /// What stands there.
        text: String,
    },
}

impl Metrics {
    /// Reads a `metrics.csv`, also one of before it said where episodes diverge.
    ///
    /// # Errors
    /// If it cannot be read or is no such file; the message names the line.
    pub fn read(path: &Path) -> Result<Metrics, RunError> {
        let wrong = |error| RunError::Metrics {
            path: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(|error| wrong(csv::Error::from(error).into()))?;
        Metrics::parse(file).map_err(wrong)
    }

    /// Reads the text of a `metrics.csv`.
    ///
    /// # Errors
    /// As [`Metrics::read`], without the file's name.
    pub fn parse(text: impl Read) -> Result<Metrics, MetricsError> {
        let mut reader = MetricsReader::new(text)?;
        let rows = reader.rows().collect::<Result<_, _>>()?;
        Ok(Metrics {
            terms: reader.terms,
            layers: reader.layers,
            measures: reader.measures,
            rows,
        })
    }
}

/// Reads a `metrics.csv` row by row.
pub(crate) struct MetricsReader<R> {
    reader: csv::Reader<R>,
    header: csv::StringRecord,
    terms: Vec<String>,
    layers: usize,
    measures: Vec<String>,
    /// Where the columns of [`DIVERGED`] begin, if there are any.
    place: Option<usize>,
}

impl<R: Read> MetricsReader<R> {
    /// Reads the header.
    pub(crate) fn new(text: R) -> Result<Self, MetricsError> {
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers()?.clone();
        if header.iter().take(FIXED.len()).ne(FIXED) {
            return Err(MetricsError::Foreign {
                table: METRICS,
                columns: &FIXED,
            });
        }
        let names = |prefix: &str| -> Vec<String> {
            let found = header.iter().filter_map(|c| c.strip_prefix(prefix));
            found.map(str::to_owned).collect()
        };
        // What is meta-learned stands before the measures, whatever it is called.
        let learned = header.iter().skip(FIXED.len());
        let learned = learned.take_while(|column| !column.starts_with("angle_"));
        let shown = |column: &str| column.strip_prefix("theta_").unwrap_or(column).to_owned();
        let terms: Vec<String> = learned.map(shown).collect();
        let (angles, layers) = (names("angle_").len(), names("ortho_").len());
        let known = FIXED.len() + terms.len() + angles + layers;
        if angles != layers + 1 || header.len() < known {
            return Err(MetricsError::Columns);
        }
        let place = header.iter().position(|c| c == DIVERGED[0]);
        let place = place.filter(|i| header.iter().skip(*i).take(4).eq(DIVERGED));
        let end = place.unwrap_or(header.len()).max(known);
        let measures: Vec<String> = (known..end).map(|i| header[i].to_owned()).collect();
        Ok(MetricsReader {
            reader,
            header,
            terms,
            layers,
            measures,
            place,
        })
    }

    /// The rows, as they stand there.
    pub(crate) fn rows(&mut self) -> impl Iterator<Item = Result<Row, MetricsError>> + '_ {
        let mut record = csv::StringRecord::new();
        std::iter::from_fn(move || match self.reader.read_record(&mut record) {
            Ok(true) => Some(self.row(&record)),
            Ok(false) => None,
            Err(error) => Some(Err(error.into())),
        })
    }

    fn row(&self, record: &csv::StringRecord) -> Result<Row, MetricsError> {
        let cell = |i: usize| record.get(i).unwrap_or_default();
        let bad = |i: usize| MetricsError::Cell {
            line: record.position().map_or(0, csv::Position::line),
            column: self.header.get(i).unwrap_or_default().to_owned(),
            text: cell(i).to_owned(),
        };
        let number = |i: usize| cell(i).parse::<f64>().map_err(|_| bad(i));
        let numbers = |from: usize, count: usize| {
            (from..from + count)
                .map(number)
                .collect::<Result<Vec<_>, _>>()
        };
        let count = |i: usize| match cell(i) {
            "" => Ok(None),
            text => text.parse::<u64>().map(Some).map_err(|_| bad(i)),
        };
        let divergence = match self.place {
            Some(i) if !cell(i + 2).is_empty() => Some(Divergence {
                step: count(i)?,
                layer: count(i + 1)?,
                quantity: Quantity::from_name(cell(i + 2)).ok_or_else(|| bad(i + 2))?,
                term: Some(cell(i + 3).to_owned()).filter(|term| !term.is_empty()),
            }),
            _ => None,
        };
        let angles = FIXED.len() + self.terms.len();
        let ortho = angles + self.layers + 1;
        Ok(Row {
            trial: cell(0).parse().map_err(|_| bad(0))?,
            episode: cell(1).parse().map_err(|_| bad(1))?,
            status: cell(2).parse().map_err(|_| bad(2))?,
            loss: number(3)?,
            cross_entropy: number(4)?,
            accuracy: number(5)?,
            theta: numbers(FIXED.len(), self.terms.len())?,
            angles: numbers(angles, self.layers + 1)?,
            orthonormality: numbers(ortho, self.layers)?,
            measured: numbers(ortho + self.layers, self.measures.len())?,
            divergence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::Measure;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Any number at all, by its bits.
    fn number() -> impl Strategy<Value = f64> {
        any::<u64>().prop_map(f64::from_bits)
    }

    fn same(a: f64, b: f64) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_to_the_bit(
            measures in [number(), number(), number()],
            theta in vec(number(), 3),
            angles in vec(number(), 6),
            orthonormality in vec(number(), 5),
            measured in vec(number(), 5),
            step in proptest::option::of(any::<u64>()),
        ) {
            let record = EpisodeRecord {
                trial: 3,
                episode: 4,
                status: Status::Diverged,
                theta,
                loss: measures[0],
                scores: Scores {
                    cross_entropy: measures[1],
                    accuracy: measures[2],
                    angles,
                    orthonormality,
                },
                measured,
                residual: 0.0,
                replayed: false,
                divergence: step.map(|step| Divergence {
                    step: Some(step),
                    layer: None,
                    quantity: Quantity::Error,
                    term: Some("F2".to_owned()),
                }),
            };
            let settings = Settings {
                measures: vec![Measure::CosWB],
                ..Settings::default()
            };
            let mut table = csv::Writer::from_writer(Vec::new());
            table.write_record(header(&settings)).unwrap();
            table.write_record(cells(&record)).unwrap();
            let text = table.into_inner().unwrap();
            let metrics = Metrics::parse(text.as_slice()).unwrap();
            prop_assert_eq!(&metrics.terms, &["F0", "F2", "F9"]);
            prop_assert_eq!((metrics.layers, metrics.rows.len()), (5, 1));
            let row = &metrics.rows[0];
            prop_assert_eq!((row.trial, row.episode, row.status), (3, 4, Status::Diverged));
            prop_assert_eq!(&row.divergence, &record.divergence);
            prop_assert_eq!(&metrics.measures[4], "cos_WB_5");
            let numbers = |loss, cross_entropy, accuracy, lists: [&[f64]; 4]| -> Vec<f64> {
                [&[loss, cross_entropy, accuracy], &*lists.concat()].concat()
            };
            let found = numbers(
                row.loss, row.cross_entropy, row.accuracy,
                [&row.theta, &row.angles, &row.orthonormality, &row.measured],
            );
            let wanted = numbers(
                record.loss, record.scores.cross_entropy, record.scores.accuracy,
                [
                    &record.theta, &record.scores.angles, &record.scores.orthonormality,
                    &record.measured,
                ],
            );
            prop_assert_eq!(found.len(), wanted.len());
            prop_assert!(found.iter().zip(&wanted).all(|(a, b)| same(*a, *b)));
        }
    }
}
