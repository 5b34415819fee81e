//! The columns of a `metrics.csv` or an `online.csv`, for programs that work on arrays.

use std::path::Path;

use crate::RunError;

/// The columns of a `metrics.csv`, each a matrix of trials × episodes, or of an
/// `online.csv`, of trials × tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// The trials in ascending order, which are the rows. A part of a run has but some.
    pub trials: Vec<u64>,
    /// The episodes in ascending order, or after how many images each test was; they are
    /// the columns.
    pub steps: Vec<u64>,
    /// The columns in the order of the file.
    pub columns: Vec<Column>,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What stands in it, trial by trial and in the order of episodes.
    pub values: Values,
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers, known where the row is missing too.
    Counts(Vec<u64>),
    /// Numbers; NaN where the cell is empty or the row missing.
    Numbers(Vec<f64>),
    /// Words; empty where the row is missing.
    Texts(Vec<String>),
}

/// The columns of words.
const TEXTS: [&str; 3] = ["status", "diverged_quantity", "diverged_term"];

/// What the second column may be called.
const STEPS: [&str; 2] = ["episode", "images"];

impl Columns {
    /// Reads a table of a run directory, also of a run under way.
    ///
    /// # Errors
    /// If it cannot be read or is no such file; the message names the line.
    pub fn read(path: &Path) -> Result<Columns, RunError> {
        let wrong = |what: String| RunError::Input(format!("{}: {what}", path.display()));
        let failed = |error: csv::Error| wrong(error.to_string());
        let mut reader = csv::Reader::from_path(path).map_err(failed)?;
        let header = reader.headers().map_err(failed)?.clone();
        if header.get(0) != Some("trial") || !header.get(1).is_some_and(|s| STEPS.contains(&s)) {
            return Err(wrong(
                "is no table of a run; its columns should begin with trial,episode or \
                 trial,images"
                    .to_owned(),
            ));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(failed)?;
            let index = |i: usize| {
                let cell: Option<u64> = record[i].parse().ok();
                cell.ok_or_else(|| wrong(misread(&header, &record, i)))
            };
            rows.push((index(0)?, index(1)?, record));
        }
        let trials = in_order(rows.iter().map(|(trial, ..)| *trial));
        let steps = in_order(rows.iter().map(|(_, step, _)| *step));
        // Before memory is asked for by what a damaged file says. Of a run under way, some
        // trials may lack the last episode.
        if rows.len() < trials.len() * steps.len().saturating_sub(1) {
            let step = if &header[1] == "episode" {
                "episode"
            } else {
                "test"
            };
            return Err(wrong(format!(
                "has {} for {} and {}; some are missing",
                words::count(rows.len() as u64, "row"),
                words::count(trials.len() as u64, "trial"),
                words::count(steps.len() as u64, step),
            )));
        }
        let place = |list: &[u64], of: u64| list.partition_point(|other| *other < of);
        let places: Vec<usize> = rows
            .iter()
            .map(|(trial, step, _)| place(&trials, *trial) * steps.len() + place(&steps, *step))
            .collect();
        let cells = trials.len() * steps.len();
        let column = |(i, name): (usize, &str)| {
            let values = match i {
                0 => {
                    let rows = trials.iter();
                    let repeated = rows.flat_map(|trial| std::iter::repeat_n(*trial, steps.len()));
                    Values::Counts(repeated.collect())
                }
                1 => Values::Counts(trials.iter().flat_map(|_| steps.clone()).collect()),
                _ if TEXTS.contains(&name) => {
                    let mut texts = vec![String::new(); cells];
                    for ((.., record), place) in rows.iter().zip(&places) {
                        texts[*place] = record[i].to_owned();
                    }
                    Values::Texts(texts)
                }
                _ => {
                    let mut numbers = vec![f64::NAN; cells];
                    for ((.., record), place) in rows.iter().zip(&places) {
                        if !record[i].is_empty() {
                            let number = record[i].parse();
                            numbers[*place] =
                                number.map_err(|_| wrong(misread(&header, record, i)))?;
                        }
                    }
                    Values::Numbers(numbers)
                }
            };
            let name = name.to_owned();
            Ok(Column { name, values })
        };
        let columns: Result<Vec<Column>, RunError> =
            header.iter().enumerate().map(column).collect();
        Ok(Columns {
            columns: columns?,
            trials,
            steps,
        })
    }
}

/// The distinct ones of numbers, in ascending order.
fn in_order(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Where a cell is not what it should be.
fn misread(header: &csv::StringRecord, record: &csv::StringRecord, i: usize) -> String {
    let line = record.position().map_or(0, csv::Position::line);
    format!("line {line}: {} is '{}'", &header[i], &record[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Columns, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        std::fs::write(&path, text).unwrap();
        let shown = format!("{}: ", path.display());
        Columns::read(&path).map_err(|error| error.to_string().replace(&shown, ""))
    }

    const HEADER: &str = "trial,episode,status,loss,diverged_step\n";

    #[test]
    fn rows_of_any_order_become_trials_by_episodes() {
        let rows = "4,0,ok,2.5,\n1,0,ok,1.5,\n1,1,diverged,NaN,3\n4,1,ok,3.5,\n";
        let columns = read(&format!("{HEADER}{rows}")).unwrap();
        assert_eq!(
            (columns.trials.as_slice(), columns.steps.as_slice()),
            (&[1, 4][..], &[0, 1][..])
        );
        let of = |name| {
            let mut columns = columns.columns.iter();
            &columns.find(|column| column.name == name).unwrap().values
        };
        assert_eq!(*of("trial"), Values::Counts(vec![1, 1, 4, 4]));
        assert_eq!(*of("episode"), Values::Counts(vec![0, 1, 0, 1]));
        let status = ["ok", "diverged", "ok", "ok"].map(str::to_owned);
        assert_eq!(*of("status"), Values::Texts(status.to_vec()));
        let Values::Numbers(loss) = of("loss") else {
            panic!("losses are numbers");
        };
        assert_eq!((loss[0], loss[2], loss[3]), (1.5, 2.5, 3.5));
        assert!(loss[1].is_nan());
        let Values::Numbers(step) = of("diverged_step") else {
            panic!("an empty cell is no word");
        };
        assert!(step[0].is_nan() && step[1] == 3.0);
    }

    #[test]
    fn an_episode_that_some_trials_have_not_finished_is_not_a_number_for_them() {
        let columns = read(&format!("{HEADER}0,0,ok,1,\n1,0,ok,2,\n0,1,ok,3,\n")).unwrap();
        let Values::Numbers(loss) = &columns.columns[3].values else {
            panic!("losses are numbers");
        };
        assert_eq!(loss[..3], [1.0, 3.0, 2.0]);
        assert!(loss[3].is_nan());
        let Values::Counts(trial) = &columns.columns[0].values else {
            panic!("trials are counts");
        };
        assert_eq!(*trial, [0, 0, 1, 1]);
    }

    #[test]
    fn tests_of_an_online_run_are_known_by_the_images_before_them() {
        let rows = "0,100,ok,1\n0,150,ok,2\n1,100,ok,3\n1,150,ok,4\n";
        let columns = read(&format!("trial,images,status,accuracy\n{rows}")).unwrap();
        assert_eq!(columns.steps, [100, 150]);
        let images = Values::Counts(vec![100, 150, 100, 150]);
        assert_eq!(columns.columns[1].values, images);
        let accuracy = Values::Numbers(vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(columns.columns[3].values, accuracy);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_in_one_line() {
        for (text, wanted) in [
            ("a,b\n", "is no table of a run"),
            ("trial,episode,loss\n0,x,1\n", "line 2: episode is 'x'"),
            ("trial,episode,loss\n0,0,one\n", "line 2: loss is 'one'"),
            (
                "trial,episode,loss\n0,1,1\n1,2,1\n2,3,1\n",
                "has 3 rows for 3 trials and 3 episodes; some are missing",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }
}
