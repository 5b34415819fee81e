//! Parts of a run, each in a directory of its own, put together to what one run of all
//! trials would have written.
//!
//! However many parts there are and however long they are, what is held in memory is a
//! block of each.

mod error;
mod rows;

pub use error::MergeError;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use meta::{Summariser, Summary};
use toml::Table;

use crate::config::RULE_FOLDER;
use crate::files::{failed, input, put, write_whole};
use crate::metrics::{METRICS, MetricsReader};
use crate::sums::{self, SUMS};
use crate::{Config, RunError, Shard, record};

/// A part, as it lies in its directory.
struct Part {
    path: PathBuf,
    shard: Shard,
    /// What only its own run knows, and its rows do not tell.
    replayed_episodes: u64,
    largest_residual: f64,
}

/// What the parts have in common.
struct Whole {
    /// The first of them.
    first: PathBuf,
    config: Config,
    config_toml: String,
    table: Table,
}

impl Whole {
    fn read(first: &Path) -> Result<Whole, MergeError> {
        let file = first.join("config.toml");
        let config_toml = fs::read_to_string(&file).map_err(|error| failed(&file, error))?;
        Ok(Whole {
            first: first.to_owned(),
            config: Config::new(Some(&file), Vec::new(), &[]).map_err(RunError::from)?,
            table: table(&file, &config_toml)?,
            config_toml,
        })
    }

    fn trials(&self) -> u64 {
        self.config.settings.outer.trials
    }

    /// Reads a part of the same run.
    fn part(&self, path: &Path) -> Result<Part, MergeError> {
        let file = path.join("config.toml");
        let text = fs::read_to_string(&file).map_err(|error| failed(&file, error))?;
        let here = table(&file, &text)?;
        let difference = record::other_setting(&here, &self.table)
            .or_else(|| record::other_origin(&here, &self.table));
        if let Some(difference) = difference {
            return Err(MergeError::Foreign {
                part: path.to_owned(),
                first: self.first.clone(),
                difference,
            });
        }
        let file = path.join("summary.json");
        let summary = fs::read(&file).map_err(|error| failed(&file, error))?;
        let summary: Summary = serde_json::from_slice(&summary)
            .map_err(|error| damaged(path, format!("summary.json: {error}")))?;
        let config: Table = text.parse().unwrap_or_default();
        let shard = config.get("shard").and_then(|shard| shard.as_str());
        let shard = shard.map_or(Ok(Shard::WHOLE), str::parse);
        Ok(Part {
            path: path.to_owned(),
            shard: shard.map_err(|()| damaged(path, "config.toml: its shard is none".into()))?,
            replayed_episodes: summary.replayed_episodes,
            largest_residual: summary.largest_residual,
        })
    }
}

/// The settings of a config.toml, but for which part it is of.
fn table(file: &Path, text: &str) -> Result<Table, RunError> {
    let mut table = record::parse(file, text)?;
    table.remove("shard");
    Ok(table)
}

fn damaged(part: &Path, wrong: String) -> MergeError {
    MergeError::Damaged {
        part: part.to_owned(),
        wrong: vec![wrong],
    }
}

/// Checks that a directory holds a finished run, every byte as it was written.
fn check(path: &Path) -> Result<(), MergeError> {
    if !path.join("config.toml").is_file() {
        return Err(MergeError::NoRun(path.to_owned()));
    }
    if !path.join(SUMS).is_file() {
        return Err(MergeError::Unfinished(path.to_owned()));
    }
    let wrong = sums::check(path, METRICS)?;
    if !wrong.is_empty() {
        return Err(MergeError::Damaged {
            part: path.to_owned(),
            wrong,
        });
    }
    Ok(())
}

/// Puts finished parts together in `out`, a new or empty folder: config.toml,
/// metrics.csv and summary.json as a run of all trials would have written them, byte for
/// byte where it would have run on the same kind of machine, and the checksums.
///
/// # Errors
/// If parts are of different runs, are not finished or damaged, have a trial twice, or
/// lack one; or `out` holds something or cannot be written. Nothing is left in it then.
pub fn merge(paths: &[PathBuf], out: &Path) -> Result<Summary, MergeError> {
    for path in paths {
        check(path)?;
    }
    let whole = Whole::read(paths.first().ok_or(MergeError::NoParts)?)?;
    let parts = paths
        .iter()
        .map(|path| whole.part(path))
        .collect::<Result<Vec<Part>, _>>()?;
    let mut owners: BTreeMap<u64, &Part> = BTreeMap::new();
    for part in &parts {
        for trial in part.shard.trials(whole.trials()) {
            if let Some(other) = owners.insert(trial, part) {
                return Err(MergeError::Duplicated {
                    one: other.path.clone(),
                    other: part.path.clone(),
                    trial,
                });
            }
        }
    }
    let of = whole.trials();
    let missing: Vec<u64> = (0..of).filter(|t| !owners.contains_key(t)).collect();
    if !missing.is_empty() {
        return Err(MergeError::Missing {
            trials: missing,
            of,
        });
    }
    write(&whole, &parts, out)
}

/// Writes the files beside `out` first, so that there is never half of a run in it.
fn write(whole: &Whole, parts: &[Part], out: &Path) -> Result<Summary, MergeError> {
    if let Ok(mut entries) = fs::read_dir(out)
        && entries.next().is_some()
    {
        return Err(RunError::NotEmpty(out.to_owned()).into());
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let draft = out.with_file_name(format!(".{name}.part"));
    let _ = fs::remove_dir_all(&draft);
    let written = write_files(whole, parts, &draft).and_then(|summary| {
        // Windows renames no folder onto another, not even an empty one.
        let _ = fs::remove_dir(out);
        fs::rename(&draft, out).map_err(|error| input(out, error))?;
        Ok(summary)
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&draft);
    }
    written
}

fn write_files(whole: &Whole, parts: &[Part], folder: &Path) -> Result<Summary, MergeError> {
    fs::create_dir_all(folder).map_err(|error| input(folder, error))?;
    let config_toml: String = whole
        .config_toml
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("shard = "))
        .collect();
    let rule = record::rule_file(&whole.config_toml);
    if let (Some(name), Some(file)) = (&rule, &whole.config.rule_file) {
        let rules = folder.join(RULE_FOLDER);
        fs::create_dir_all(&rules).map_err(|error| failed(&rules, error))?;
        write_whole(&rules.join(name), file.text.as_bytes())?;
    }
    write_whole(&folder.join("config.toml"), config_toml.as_bytes())?;
    let metrics = folder.join(METRICS);
    let mut wrong = None;
    put(&folder.join(".metrics.csv.part"), &metrics, |file| {
        wrong = rows::interleave(whole, parts, file)?;
        Ok(())
    })?;
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let summary = summary_of(whole, parts, &metrics)?;
    let json = serde_json::to_string_pretty(&summary).expect("a summary is plain data");
    write_whole(&folder.join("summary.json"), format!("{json}\n").as_bytes())?;
    sums::write(folder, METRICS, rule.as_deref())?;
    Ok(summary)
}

/// The summary of all rows, with what only the runs of the parts know.
fn summary_of(whole: &Whole, parts: &[Part], metrics: &Path) -> Result<Summary, MergeError> {
    let wrong = |error| RunError::Metrics {
        path: metrics.to_owned(),
        error,
    };
    let file = fs::File::open(metrics).map_err(|error| failed(metrics, error))?;
    let mut summariser = Summariser::new(&whole.config.settings);
    for row in MetricsReader::new(file).map_err(wrong)?.rows() {
        summariser.add(&row.map_err(wrong)?.into_record());
    }
    let mut summary = summariser.finish();
    summary.replayed_episodes = parts.iter().map(|part| part.replayed_episodes).sum();
    let residuals = parts.iter().map(|part| part.largest_residual);
    summary.largest_residual = residuals.fold(0.0, f64::max);
    Ok(summary)
}
