//! The columns of a `metrics.csv`, for programs that work on arrays.

use std::path::Path;

use crate::RunError;

/// The columns of a `metrics.csv`, each a matrix of trials × episodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// The trials in ascending order, which are the rows. A part of a run has but some.
    pub trials: Vec<u64>,
    /// How many episodes there are, from 0, which are the columns.
    pub episodes: usize,
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

impl Columns {
    /// Reads a `metrics.csv`, also that of a run under way.
    ///
    /// # Errors
    /// If it cannot be read or is no such file; the message names the line.
    pub fn read(path: &Path) -> Result<Columns, RunError> {
        let wrong = |what: String| RunError::Input(format!("{}: {what}", path.display()));
        let failed = |error: csv::Error| wrong(error.to_string());
        let mut reader = csv::Reader::from_path(path).map_err(failed)?;
        let header = reader.headers().map_err(failed)?.clone();
        if header.iter().take(2).ne(["trial", "episode"]) {
            return Err(wrong(
                "is no metrics.csv; its columns should begin with trial,episode".to_owned(),
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
        let mut trials: Vec<u64> = rows.iter().map(|(trial, ..)| *trial).collect();
        trials.sort_unstable();
        trials.dedup();
        let last = rows.iter().map(|(_, episode, _)| *episode).max();
        let episodes = last.map_or(0, |last| last as usize + 1);
        // Before memory is asked for by what a damaged file says.
        if rows.len() < trials.len() * episodes.saturating_sub(1) {
            return Err(wrong(format!(
                "has {} rows for {} and {}; some are missing",
                rows.len(),
                words::count(trials.len() as u64, "trial"),
                words::count(episodes as u64, "episode"),
            )));
        }
        let places: Vec<usize> = rows
            .iter()
            .map(|(trial, episode, _)| {
                let row = trials.partition_point(|other| other < trial);
                row * episodes + *episode as usize
            })
            .collect();
        let cells = trials.len() * episodes;
        let column = |(i, name): (usize, &str)| {
            let values = match i {
                0 => Values::Counts(
                    trials
                        .iter()
                        .flat_map(|trial| std::iter::repeat_n(*trial, episodes))
                        .collect(),
                ),
                1 => Values::Counts(trials.iter().flat_map(|_| 0..episodes as u64).collect()),
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
            episodes,
        })
    }
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
            (columns.trials.as_slice(), columns.episodes),
            (&[1, 4][..], 2)
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
    fn what_is_wrong_with_a_file_is_told_in_one_line() {
        for (text, wanted) in [
            ("a,b\n", "is no metrics.csv"),
            ("trial,episode,loss\n0,x,1\n", "line 2: episode is 'x'"),
            ("trial,episode,loss\n0,0,one\n", "line 2: loss is 'one'"),
            (
                "trial,episode,loss\n0,999999999,1\n",
                "has 1 rows for 1 trial and 1000000000 episodes",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }
}
