//! A grid of settings as runs in directories of their own.
//!
//! ```toml
//! out = "sweeps/lambda"     # where the runs go; else sweeps/ and the name of this file
//! parts = 4                 # each run in so many parts, put together at the end; else whole
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

mod error;
mod grid;
mod outcome;

pub use error::SweepError;
pub use outcome::{Outcome, table};

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use grid::Grid;

use crate::config::{ConfigError, Kind};
use crate::files::failed;
use crate::sums::{hex, is_finished, sha256};
use crate::{Config, MergeError, Shard, merge};

/// The folder of a sweep that holds the parts of its runs.
const PARTS: &str = "parts";

/// Bytes of a directory's name. File systems allow 255.
const LONGEST: usize = 200;

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

    /// Whether its directory holds a finished run.
    pub fn is_finished(&self) -> bool {
        is_finished(&self.directory)
    }
}

/// What is done in one go: a run of a grid, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job<'s> {
    /// The run.
    pub point: &'s Point,
    /// The part of it.
    pub shard: Shard,
    /// The run directory of the part.
    pub directory: PathBuf,
}

impl Job<'_> {
    /// What people call it, as in `seed=1` or `seed=1, part 2/4`.
    pub fn name(&self) -> String {
        match self.shard.is_whole() {
            true => self.point.name.clone(),
            false => format!("{}, part {}", self.point.name, self.shard),
        }
    }

    /// Its configuration.
    ///
    /// # Errors
    /// As [`Point::config`], and if the run has fewer trials than parts.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let shard = (!self.shard.is_whole()).then(|| self.shard.to_string());
        Config::new(None, vec![("shard", shard)], &self.point.assignments)
    }

    /// The command that carries it out.
    pub fn command(&self) -> String {
        let mut words = vec!["metaplast", "train"];
        words.extend(self.point.assignments.iter().map(String::as_str));
        let shard = self.shard.to_string();
        if !self.shard.is_whole() {
            words.extend(["--shard", &shard]);
        }
        let out = self.directory.to_string_lossy();
        words.extend(["--out", &out]);
        words::command(words)
    }

    /// Whether it is done, or its whole run is.
    pub fn is_finished(&self) -> bool {
        is_finished(&self.directory) || self.point.is_finished()
    }
}

/// A grid of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Its name, that of its file.
    pub name: String,
    /// Where its runs go, and what they come to.
    pub out: PathBuf,
    /// The keys that vary, those in step first, in the order of the file.
    pub varied: Vec<String>,
    /// How many parts each run is done in.
    pub parts: u64,
    /// Its runs.
    pub points: Vec<Point>,
}

impl Sweep {
    /// Reads a grid.
    ///
    /// # Errors
    /// What is wrong with it; every value of every run is checked.
    pub fn read(file: &Path) -> Result<Sweep, SweepError> {
        let grid = Grid::read(file)?;
        let points = grid.points().map_err(|runs| SweepError::TooMany {
            file: file.to_owned(),
            runs,
        })?;
        let fixed = grid.settings.iter();
        let fixed: Vec<String> = fixed
            .map(|list| format!("{}={}", list.key, list.values[0]))
            .collect();
        let points = points.into_iter().map(|varied| {
            let name = name_of(&varied);
            let mut assignments = fixed.clone();
            assignments.extend(varied.iter().map(|(key, value)| format!("{key}={value}")));
            Point {
                directory: grid.out.join(&name),
                name,
                varied,
                assignments,
            }
        });
        let sweep = Sweep {
            name: file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            points: points.collect(),
            varied: grid.varied().map(|list| list.key.clone()).collect(),
            parts: grid.parts,
            out: grid.out,
        };
        sweep.check(file)?;
        Ok(sweep)
    }

    /// Checks the values of all runs, and that each has a name of its own.
    fn check(&self, file: &Path) -> Result<(), SweepError> {
        let mut names = BTreeSet::new();
        for point in &self.points {
            // Of parts the last is the first to have no trial.
            let last = Shard::new(self.parts, self.parts).map(|shard| self.job(point, shard));
            let checked = last.map_or_else(|| point.config(), |job| job.config());
            if let Err(error) = checked {
                return Err(SweepError::Point {
                    file: file.to_owned(),
                    name: point.name.clone(),
                    error: Box::new(error),
                });
            }
            if !names.insert(&point.name) {
                return Err(SweepError::SameName {
                    file: file.to_owned(),
                    name: point.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// All that is to be done, finished or not, in the order of the grid.
    pub fn jobs(&self) -> impl Iterator<Item = Job<'_>> {
        self.points.iter().flat_map(|point| self.jobs_of(point))
    }

    /// All that is to be done for a run.
    pub fn jobs_of<'s>(&'s self, point: &'s Point) -> impl Iterator<Item = Job<'s>> {
        let shards = (1..=self.parts).filter_map(|i| Shard::new(i, self.parts));
        shards.map(move |shard| self.job(point, shard))
    }

    fn job<'s>(&'s self, point: &'s Point, shard: Shard) -> Job<'s> {
        let directory = match shard.is_whole() {
            true => point.directory.clone(),
            false => self
                .out
                .join(PARTS)
                .join(format!("{},part={}", point.name, shard.index())),
        };
        Job {
            point,
            shard,
            directory,
        }
    }

    /// Puts the parts of a run together, if that is left to do and all of them are
    /// finished, and removes them: the whole has every byte of them. Whether it did.
    ///
    /// # Errors
    /// As [`merge`], or if a part cannot be removed.
    pub fn put_together(&self, point: &Point) -> Result<bool, MergeError> {
        if self.parts == 1 {
            return Ok(false);
        }
        let parts: Vec<PathBuf> = self.jobs_of(point).map(|job| job.directory).collect();
        let merges = !point.is_finished();
        if merges {
            if !parts.iter().all(|part| is_finished(part)) {
                return Ok(false);
            }
            merge(&parts, &point.directory)?;
        }
        for part in parts.iter().filter(|part| part.exists()) {
            fs::remove_dir_all(part).map_err(|error| failed(part, error))?;
        }
        // Once the last has gone.
        let _ = fs::remove_dir(self.out.join(PARTS));
        Ok(merges)
    }
}

/// The name of a run's directory.
fn name_of(varied: &[(String, String)]) -> String {
    if varied.is_empty() {
        return "run".to_owned();
    }
    let values: Vec<String> = varied
        .iter()
        .map(|(key, value)| format!("{key}={}", short(value)))
        .collect();
    let name = values.join(",");
    if name.len() <= LONGEST {
        return name;
    }
    let sum = hex(&sha256(name.as_bytes()));
    let ends = name.char_indices().map(|(at, _)| at);
    let start = ends.take_while(|at| *at <= LONGEST - 9).last();
    format!("{}-{}", &name[..start.unwrap_or(0)], &sum[..8])
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
    fn lists_are_crossed_or_go_in_step_in_the_order_of_the_file() {
        let sweep = read(
            "[settings]\nepisodes = 3\n[zip]\nrule = ['bio', 'mine.toml']\neta = [0.1, 0.2]\n\
             [cross]\nseed = [1, 2, 3]\nlambda = [0, 0.50]\n",
        )
        .unwrap();
        assert_eq!(sweep.varied, ["rule", "eta", "seed", "lambda"]);
        assert_eq!(sweep.points.len(), 2 * 2 * 3);
        assert_eq!(sweep.points[0].name, "rule=bio,eta=0.1,seed=1,lambda=0");
        let last = sweep.points.last().unwrap();
        // A value is as it was written.
        assert_eq!(last.name, "rule=mine,eta=0.2,seed=3,lambda=0.50");
        assert_eq!(last.directory, Path::new("sweeps/grid").join(&last.name));
        let job = sweep.jobs_of(last).next().unwrap();
        assert_eq!(
            (job.name(), &job.directory),
            (last.name.clone(), &last.directory)
        );
        let command = job.command();
        assert!(
            command.starts_with("metaplast train episodes=3 rule="),
            "{command}"
        );
        assert!(command.ends_with(
            "seed=3 lambda=0.50 --out sweeps/grid/rule=mine,eta=0.2,seed=3,lambda=0.50"
        ));
    }

    #[test]
    fn each_run_of_a_grid_in_parts_is_as_many_jobs() {
        let sweep = read("parts = 3\n[settings]\ntrials = 4\n[cross]\nseed = [1, 2]\n").unwrap();
        let jobs: Vec<Job<'_>> = sweep.jobs().collect();
        assert_eq!(jobs.len(), 2 * 3);
        assert_eq!(jobs[4].name(), "seed=2, part 2/3");
        assert_eq!(jobs[4].config().unwrap().trials().collect::<Vec<_>>(), [1]);
        assert_eq!(
            jobs[4].command(),
            "metaplast train trials=4 seed=2 --shard 2/3 --out sweeps/grid/parts/seed=2,part=2"
        );
    }

    #[test]
    fn a_name_is_never_longer_than_file_systems_allow() {
        let varied = |end: &str| -> Vec<(String, String)> {
            let values = (0..9).map(|i| (format!("key{i}"), "θ".repeat(40)));
            let last = ("end".to_owned(), end.to_owned());
            values.chain([last]).collect()
        };
        let (one, other) = (name_of(&varied("1")), name_of(&varied("2")));
        assert!(one.len() <= LONGEST && one.starts_with("key0=θθ"), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn what_is_wrong_with_a_grid_is_named_with_its_line() {
        for (text, wanted) in [
            (
                "\n[cross]\nlambda = 3\n",
                "line 3: lambda: needs a list of values",
            ),
            (
                "[cross]\nlambda = []\n",
                "line 2: lambda: needs a list of values",
            ),
            ("[cross]\nlamda = [1]\n", "line 2: unknown key 'lamda'"),
            ("[cross]\nlamda = [1]\n", "did you mean 'lambda'?"),
            (
                "[cross]\nlambda = [-1]\n",
                "line 2: lambda: '-1' is not a finite number of at least 0",
            ),
            (
                "[settings]\nK = 'x'\n",
                "line 2: K: 'x' is not a whole number",
            ),
            (
                "[cross]\nK = [1]\n[settings]\nK = 2\n",
                "line 2: K: is set twice",
            ),
            (
                "[zip]\nK = [1, 2]\nM = [1]\n",
                "line 3: M has 1 values and K has 2",
            ),
            ("[grid]\nK = [1]\n", "line 1: unknown 'grid'"),
            ("\nout = 3\n", "line 2: out: is not a folder's name"),
            ("parts = 0\n", "line 1: parts: is not a whole number from 1"),
            ("settings = 3\n", "line 1: settings: is not a table"),
            ("[cross]\nout = ['a']\n", "line 2: out: cannot be swept"),
            (
                "[cross]\nshard = ['1/2']\n",
                "shard: cannot be swept; put parts = N before the tables",
            ),
            (
                "[cross]\nseed = [1, 1]\n",
                "two runs would be called seed=1",
            ),
            (
                "[cross]\nrule = ['bio', 'biio']\n",
                "grid.toml: rule=biio: rule: unknown rule 'biio'",
            ),
            (
                "parts = 3\n[cross]\ntrials = [4, 2]\n",
                "grid.toml: trials=2: shard: 3/3 of 2 trials has none; ask for fewer parts",
            ),
            ("[cross\n", "line 1: "),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
