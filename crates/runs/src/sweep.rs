//! A grid of settings as runs in directories of their own.
//!
//! ```toml
//! out = "sweeps/lambda"     # where the runs go; else sweeps/ and the name of this file
//!
//! [settings]                # the same for all runs
//! rule = "pool"
//! episodes = 60
//!
//! [zip]                     # lists of the same length, in step
//! optimiser = ["adam", "guarded"]
//! eta = [0.001, 0.002]
//!
//! [cross]                   # lists, every value with every other
//! lambda = [0, 0.5, 2.1]
//! seed = [0, 1]
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use meta::Summary;
use toml::{Spanned, Table, Value};

use crate::config::{ConfigError, Key, Kind, Place};
use crate::files::read_text;
use crate::{Config, RunError};

/// A grid is a few lines; anything near this is something else.
const LARGEST: u64 = 1 << 20;

/// The most runs of a grid.
const MOST: usize = 1_000_000;

/// What is wrong with a grid. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The file cannot be read, a key or a value makes no sense, or does not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A table or key of the file that there is not.
    #[error("{}: line {}: unknown '{name}': should be out, [settings], [zip] or [cross]", place.file.display(), place.line)]
    Unknown {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
    },
    /// A key that no sweep can set.
    #[error("{}: {key}: cannot be swept; {advice}", file.display())]
    NotSwept {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What to do instead.
        advice: &'static str,
    },
    /// A key is set in two tables.
    #[error("{}: {key}: is set twice, in [settings], [zip] or [cross]", file.display())]
    Twice {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
    },
    /// A list is none, or has no values.
    #[error("{}: {key}: needs a list of values, as in {key} = [1, 2]", file.display())]
    NoList {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
    },
    /// Lists that go in step are of different lengths.
    #[error("{}: [zip]: {key} has {found} values and {other} has {wanted}; lists in step need as many", file.display())]
    Lengths {
        /// The file.
        file: PathBuf,
        /// A key.
        key: String,
        /// How many values it has.
        found: usize,
        /// The first key.
        other: String,
        /// How many values it has.
        wanted: usize,
    },
    /// There are too many runs.
    #[error("{}: {runs} runs are more than {MOST}; shorten the lists", file.display())]
    TooMany {
        /// The file.
        file: PathBuf,
        /// How many.
        runs: usize,
    },
    /// Two runs would have the same name.
    #[error("{}: two runs would be called {name}; give different values, or files of different names", file.display())]
    SameName {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
}

/// One run of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The name of its directory: the values that vary, as in `lambda=0.5,seed=1`.
    pub name: String,
    /// What varies, with its value.
    pub varied: Vec<(String, String)>,
    /// All of its settings, as `key=value`.
    pub assignments: Vec<String>,
    /// Its run directory.
    pub directory: PathBuf,
}

impl Point {
    /// Its configuration.
    ///
    /// # Errors
    /// The first key or value that makes no sense.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Config::new(None, Vec::new(), &self.assignments)
    }

    /// The command that carries it out.
    pub fn command(&self) -> String {
        let out = self.directory.to_string_lossy();
        let start = ["metaplast", "train"].into_iter();
        let settings = self.assignments.iter().map(String::as_str);
        words::command(start.chain(settings).chain(["--out", &out]))
    }

    /// Whether its directory holds a finished run.
    pub fn is_finished(&self) -> bool {
        self.directory.join(crate::sums::SUMS).is_file()
    }
}

/// A grid of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Its name, that of its file.
    pub name: String,
    /// Where its runs go, and what they come to.
    pub out: PathBuf,
    /// The keys that vary, those in step first.
    pub varied: Vec<String>,
    /// Its runs.
    pub points: Vec<Point>,
}

/// A key with the values that it takes.
type List = (String, Vec<String>);

impl Sweep {
    /// Reads a grid.
    ///
    /// # Errors
    /// What is wrong with it; every value of every run is checked.
    pub fn read(file: &Path) -> Result<Sweep, SweepError> {
        let text = read_text(file, LARGEST).map_err(|error| ConfigError::Unreadable {
            file: file.to_owned(),
            error,
        })?;
        let place = |at: usize| Place {
            file: file.to_owned(),
            line: text[..at].matches('\n').count() + 1,
        };
        let tables: BTreeMap<Spanned<String>, Value> =
            toml::from_str(&text).map_err(|error| ConfigError::Syntax {
                place: Some(place(error.span().map_or(0, |span| span.start))),
                reason: error.message().to_owned(),
            })?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let mut out = Path::new("sweeps").join(&*name);
        let (mut settings, mut zip, mut cross) = (Vec::new(), Vec::new(), Vec::new());
        for (key, value) in tables {
            match (key.get_ref().as_str(), value) {
                ("out", Value::String(folder)) => out = folder.into(),
                ("settings", Value::Table(table)) => settings = values(file, table)?,
                ("zip", Value::Table(table)) => zip = lists(file, table)?,
                ("cross", Value::Table(table)) => cross = lists(file, table)?,
                (other, _) => {
                    return Err(SweepError::Unknown {
                        place: place(key.span().start),
                        name: other.to_owned(),
                    });
                }
            }
        }
        let keys =
            |lists: &[List]| -> Vec<String> { lists.iter().map(|(key, _)| key.clone()).collect() };
        let varied: Vec<String> = [keys(&zip), keys(&cross)].concat();
        let fixed = settings.iter().map(|(key, _)| key);
        let mut seen = std::collections::BTreeSet::new();
        for key in fixed.chain(&varied) {
            if !seen.insert(key.clone()) {
                return Err(SweepError::Twice {
                    file: file.to_owned(),
                    key: key.clone(),
                });
            }
        }
        let points = combine(file, &zip, &cross)?;
        let points = points.into_iter().map(|varied| {
            let name = varied
                .iter()
                .map(|(key, value)| format!("{key}={}", short(value)))
                .collect::<Vec<_>>()
                .join(",");
            let name = if name.is_empty() {
                "run".to_owned()
            } else {
                name
            };
            let all = settings.iter().chain(&varied);
            Point {
                directory: out.join(&name),
                name,
                assignments: all.map(|(key, value)| format!("{key}={value}")).collect(),
                varied,
            }
        });
        let sweep = Sweep {
            name: name.into_owned(),
            points: points.collect(),
            out,
            varied,
        };
        sweep.check(file)?;
        Ok(sweep)
    }

    /// Checks the values of all runs, and that each has a name of its own.
    fn check(&self, file: &Path) -> Result<(), SweepError> {
        let mut names = std::collections::BTreeSet::new();
        for point in &self.points {
            point.config()?;
            if !names.insert(&point.name) {
                return Err(SweepError::SameName {
                    file: file.to_owned(),
                    name: point.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// What the finished runs came to, in the order of the grid.
    ///
    /// # Errors
    /// If the summary of a finished run cannot be read.
    pub fn collect(&self) -> Result<Vec<(&Point, Summary)>, RunError> {
        let mut found = Vec::new();
        for point in self.points.iter().filter(|point| point.is_finished()) {
            let path = point.directory.join("summary.json");
            let text = fs::read(&path).map_err(|error| crate::files::failed(&path, error))?;
            let summary = serde_json::from_slice(&text).map_err(|error| RunError::Damaged {
                path,
                reason: error.to_string(),
            })?;
            found.push((point, summary));
        }
        Ok(found)
    }

    /// The table of what the finished runs came to, as CSV: the keys that vary, then the
    /// numbers of the summary, empty where a run has none.
    ///
    /// # Errors
    /// As [`Sweep::collect`].
    pub fn table(&self) -> Result<Vec<u8>, RunError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let start = ["run"]
            .into_iter()
            .chain(self.varied.iter().map(String::as_str));
        let rest = [
            "trials",
            "diverged_episodes",
            "accuracy",
            "accuracy_sd",
            "accuracy_trials",
            "loss",
            "loss_sd",
            "cross_entropy",
            "theta",
        ];
        let header: Vec<&str> = start.chain(rest).collect();
        let to_memory = "writing to memory succeeds";
        writer.write_record(header).expect(to_memory);
        for (point, summary) in self.collect()? {
            let shown = |number: Option<f64>| number.map_or_else(String::new, |x| x.to_string());
            let (accuracy, loss) = (summary.accuracy, summary.loss);
            let theta = summary.theta.iter().map(|(name, spread)| {
                let mean = spread.map_or_else(|| "none".to_owned(), |s| s.mean.to_string());
                format!("{name}={mean}")
            });
            let theta = theta.collect::<Vec<_>>().join(" ");
            let numbers = [
                summary.trials.to_string(),
                summary.diverged_episodes.to_string(),
                shown(accuracy.map(|s| s.mean)),
                shown(accuracy.and_then(|s| s.sd)),
                accuracy.map_or(0, |s| s.trials).to_string(),
                shown(loss.map(|s| s.mean)),
                shown(loss.and_then(|s| s.sd)),
                shown(summary.cross_entropy.map(|s| s.mean)),
                theta,
            ];
            let varied = point.varied.iter().map(|(_, value)| value.clone());
            let row = std::iter::once(point.name.clone())
                .chain(varied)
                .chain(numbers);
            writer.write_record(row).expect(to_memory);
        }
        Ok(writer.into_inner().expect(to_memory))
    }
}

/// Every combination of the lists, those in step first.
fn combine(
    file: &Path,
    zip: &[List],
    cross: &[List],
) -> Result<Vec<Vec<(String, String)>>, SweepError> {
    let steps = match zip.first() {
        None => 1,
        Some((other, values)) => {
            for (key, list) in zip {
                if list.len() != values.len() {
                    return Err(SweepError::Lengths {
                        file: file.to_owned(),
                        key: key.clone(),
                        found: list.len(),
                        other: other.clone(),
                        wanted: values.len(),
                    });
                }
            }
            values.len()
        }
    };
    let lengths = cross.iter().map(|(_, values)| values.len());
    let runs = lengths.fold(steps, usize::saturating_mul);
    if runs > MOST {
        return Err(SweepError::TooMany {
            file: file.to_owned(),
            runs,
        });
    }
    let mut points: Vec<Vec<(String, String)>> = (0..steps)
        .map(|i| {
            zip.iter()
                .map(|(key, list)| (key.clone(), list[i].clone()))
                .collect()
        })
        .collect();
    for (key, values) in cross {
        let longer = points.iter().flat_map(|point| {
            values.iter().map(move |value| {
                let mut point = point.clone();
                point.push((key.clone(), value.clone()));
                point
            })
        });
        points = longer.collect();
    }
    Ok(points)
}

/// The keys of a table, each with one value.
fn values(file: &Path, table: Table) -> Result<Vec<(String, String)>, SweepError> {
    let of = |(key, value): (String, Value)| {
        check_key(file, &key)?;
        let text = text_of(file, &key, &value);
        Ok((key, text))
    };
    table.into_iter().map(of).collect()
}

/// The keys of a table, each with a list of values.
fn lists(file: &Path, table: Table) -> Result<Vec<List>, SweepError> {
    let of = |(key, value): (String, Value)| {
        check_key(file, &key)?;
        match value {
            Value::Array(values) if !values.is_empty() => {
                let texts = values.iter().map(|value| text_of(file, &key, value));
                let texts = texts.collect();
                Ok((key, texts))
            }
            _ => Err(SweepError::NoList {
                file: file.to_owned(),
                key,
            }),
        }
    };
    table.into_iter().map(of).collect()
}

fn check_key(file: &Path, key: &str) -> Result<(), SweepError> {
    let advice = match key {
        "out" => "put it before the tables, as the folder of all runs",
        "shard" => "give --shard to the commands that --list prints",
        _ if Key::named(key).is_some() => return Ok(()),
        _ => {
            return Err(SweepError::Config(ConfigError::UnknownKey {
                place: None,
                key: key.to_owned(),
            }));
        }
    };
    Err(SweepError::NotSwept {
        file: file.to_owned(),
        key: key.to_owned(),
        advice,
    })
}

/// A value as `key=value` has it. A rule file is looked for beside the grid.
fn text_of(file: &Path, key: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let sizes = values.iter().all(Value::is_integer);
            let parts: Vec<String> = values.iter().map(|v| text_of(file, key, v)).collect();
            parts.join(if sizes { "-" } else { "," })
        }
        other => other.to_string(),
    };
    let beside = file.parent().map(|folder| folder.join(&text));
    match beside.filter(|path| key == "rule" && path.is_file()) {
        Some(path) => path.to_string_lossy().into_owned(),
        None => text,
    }
}

/// A value as part of a directory's name: of a path the file's name, without its ending.
fn short(value: &str) -> String {
    let path = Path::new(value);
    let is_path = Kind::Number.read(value).is_err() && path.components().count() > 1
        || value.ends_with(".toml");
    let text = match path.file_stem() {
        Some(stem) if is_path => stem.to_string_lossy().into_owned(),
        _ => value.to_owned(),
    };
    crate::tame(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Sweep, SweepError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.toml"), "terms = ['F0']\n").unwrap();
        let file = folder.path().join("grid.toml");
        fs::write(&file, text).unwrap();
        Sweep::read(&file)
    }

    #[test]
    fn lists_are_crossed_or_go_in_step() {
        let sweep = read(
            "[settings]\nepisodes = 3\n[zip]\nrule = ['bio', 'mine.toml']\neta = [0.1, 0.2]\n\
             [cross]\nlambda = [0, 0.5]\nseed = [1, 2, 3]\n",
        )
        .unwrap();
        assert_eq!(sweep.varied, ["eta", "rule", "lambda", "seed"]);
        assert_eq!(sweep.points.len(), 2 * 2 * 3);
        let last = sweep.points.last().unwrap();
        assert_eq!(last.name, "eta=0.2,rule=mine,lambda=0.5,seed=3");
        assert_eq!(last.directory, Path::new("sweeps/grid").join(&last.name));
        let command = last.command();
        assert!(
            command.starts_with("metaplast train episodes=3 eta=0.2 rule="),
            "{command}"
        );
        assert!(
            command.ends_with(
                "lambda=0.5 seed=3 --out sweeps/grid/eta=0.2,rule=mine,lambda=0.5,seed=3"
            )
        );
    }

    #[test]
    fn what_is_wrong_with_a_grid_is_named() {
        for (text, wanted) in [
            ("[cross]\nlambda = 3\n", "lambda: needs a list of values"),
            ("[cross]\nlambda = []\n", "lambda: needs a list of values"),
            ("[cross]\nlamda = [1]\n", "did you mean 'lambda'?"),
            (
                "[cross]\nlambda = [-1]\n",
                "lambda: '-1' is not a finite number of at least 0",
            ),
            ("[cross]\nK = [1]\n[settings]\nK = 2\n", "K: is set twice"),
            ("[zip]\nK = [1, 2]\nM = [1]\n", "M has 1 values and K has 2"),
            ("[grid]\nK = [1]\n", "line 1: unknown 'grid'"),
            ("[cross]\nout = ['a']\n", "out: cannot be swept"),
            (
                "[cross]\nseed = [1, 1]\n",
                "two runs would be called seed=1",
            ),
            ("[cross\n", "line 1: "),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
