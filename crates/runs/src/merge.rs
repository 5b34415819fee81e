//! Parts of a run, each in a directory of its own, put together to what one run of all
//! trials would have written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use meta::{Summariser, Summary};
use toml::Table;

use crate::config::RULE_FOLDER;
use crate::files::{failed, input, write_whole};
use crate::metrics::METRICS;
use crate::sums::{self, SUMS};
use crate::{Config, Metrics, RunError, record};

/// Why parts cannot be put together. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("no parts are given; name the run directories of all parts")]
    NoParts,
    /// A directory holds no run.
    #[error("{}: is no run directory: it has no config.toml", .0.display())]
    NoRun(PathBuf),
    /// A part has other settings, data, rule or program than the first.
    #[error("{} is no part of the run that {} is of: {difference}", part.display(), first.display())]
    Foreign {
        /// The part.
        part: PathBuf,
        /// The first part.
        first: PathBuf,
        /// The first thing that differs.
        difference: String,
    },
    /// Two parts have the same trial.
    #[error("{} and {} both have trial {trial}; leave one of them out", one.display(), other.display())]
    Duplicated {
        /// A part.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// The trial.
        trial: u64,
    },
    /// A part is not finished.
    #[error("{} is not finished; go on with: {}", .0.display(), words::command(["metaplast", "resume", &.0.to_string_lossy()]))]
    Unfinished(PathBuf),
    /// A part is not what its run wrote.
    #[error("{}: {}; run this part again", part.display(), wrong.join(", "))]
    Damaged {
        /// The part.
        part: PathBuf,
        /// What is wrong.
        wrong: Vec<String>,
    },
    /// No part has some of the trials.
    #[error("{} missing of {}: {}; give the parts that have them", words::count(trials.len() as u64, "trial"), of, listed(trials))]
    Missing {
        /// The trials.
        trials: Vec<u64>,
        /// Trials of the whole run.
        of: u64,
    },
    /// A directory cannot be read or written, or a configuration makes no sense.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl MergeError {
    /// Whose fault it is: what was given, or a run that is not as it should be.
    pub fn fault(&self) -> crate::Fault {
        match self {
            MergeError::NoParts
            | MergeError::NoRun(_)
            | MergeError::Foreign { .. }
            | MergeError::Duplicated { .. } => crate::Fault::Input,
            MergeError::Unfinished(_) | MergeError::Damaged { .. } | MergeError::Missing { .. } => {
                crate::Fault::Run
            }
            MergeError::Run(error) => error.fault(),
        }
    }
}

/// A list of numbers, the first ten of it.
fn listed(numbers: &[u64]) -> String {
    let first: Vec<String> = numbers.iter().take(10).map(u64::to_string).collect();
    let more = if numbers.len() > 10 { ", …" } else { "" };
    first.join(", ") + more
}

/// One part, as it lies in its directory.
struct Part {
    path: PathBuf,
    config: Config,
    config_toml: String,
    table: Table,
    metrics: String,
    summary: Summary,
}

impl Part {
    fn read(path: &Path) -> Result<Part, MergeError> {
        let file = path.join("config.toml");
        if !file.is_file() {
            return Err(MergeError::NoRun(path.to_owned()));
        }
        if !path.join(SUMS).is_file() {
            return Err(MergeError::Unfinished(path.to_owned()));
        }
        let damaged = |wrong| MergeError::Damaged {
            part: path.to_owned(),
            wrong,
        };
        let wrong = sums::check(path, METRICS)?;
        if !wrong.is_empty() {
            return Err(damaged(wrong));
        }
        let text = |name: &str| {
            let path = path.join(name);
            fs::read_to_string(&path).map_err(|error| failed(&path, error))
        };
        let config = Config::new(Some(&file), Vec::new(), &[]).map_err(RunError::from)?;
        let config_toml = text("config.toml")?;
        let table = record::parse(&file, &config_toml)?;
        let summary = serde_json::from_str(&text("summary.json")?)
            .map_err(|error| damaged(vec![format!("summary.json: {error}")]))?;
        let metrics = text(METRICS)?;
        let rows = metrics.lines().count().saturating_sub(1);
        let wanted = config.trials().len() as u64 * config.settings.outer.episodes;
        if rows as u64 != wanted {
            let wrong = format!("metrics.csv: has {rows} rows, should have {wanted}");
            return Err(damaged(vec![wrong]));
        }
        Ok(Part {
            path: path.to_owned(),
            config,
            config_toml,
            table,
            metrics,
            summary,
        })
    }

    /// What keeps it from being of the same run as `first`.
    fn other_than(&self, first: &Part) -> Option<String> {
        let whole = |part: &Part| {
            let mut table = part.table.clone();
            table.remove("shard");
            table
        };
        let (here, there) = (whole(self), whole(first));
        record::other_setting(&here, &there).or_else(|| record::other_origin(&here, &there))
    }
}

/// Puts finished parts together in `out`, a new or empty folder: config.toml,
/// metrics.csv and summary.json as a run of all trials would have written them, byte for
/// byte where it would have run on the same kind of machine, and the checksums.
///
/// # Errors
/// If parts are of different runs, are not finished or damaged, have a trial twice, or
/// lack one; or `out` holds something or cannot be written. Nothing is left in it then.
pub fn merge(paths: &[PathBuf], out: &Path) -> Result<Summary, MergeError> {
    let parts = paths
        .iter()
        .map(|path| Part::read(path))
        .collect::<Result<Vec<Part>, _>>()?;
    let first = parts.first().ok_or(MergeError::NoParts)?;
    for part in &parts {
        if let Some(difference) = part.other_than(first) {
            return Err(MergeError::Foreign {
                part: part.path.clone(),
                first: first.path.clone(),
                difference,
            });
        }
    }
    let settings = &first.config.settings;
    let mut owners: BTreeMap<u64, &Part> = BTreeMap::new();
    for part in &parts {
        for trial in part.config.trials() {
            if let Some(other) = owners.insert(trial, part) {
                return Err(MergeError::Duplicated {
                    one: other.path.clone(),
                    other: part.path.clone(),
                    trial,
                });
            }
        }
    }
    let of = settings.outer.trials;
    let missing: Vec<u64> = (0..of).filter(|t| !owners.contains_key(t)).collect();
    if !missing.is_empty() {
        return Err(MergeError::Missing {
            trials: missing,
            of,
        });
    }
    let metrics = rows_in_order(&parts, settings.outer.episodes)?;
    let summary = summary_of(&parts, &metrics)?;
    write(first, out, &metrics, &summary)?;
    Ok(summary)
}

/// All rows, by episode and then trial.
fn rows_in_order(parts: &[Part], episodes: u64) -> Result<String, MergeError> {
    let mut lines: Vec<_> = parts.iter().map(|part| part.metrics.lines()).collect();
    let headers: Vec<&str> = lines.iter_mut().filter_map(Iterator::next).collect();
    let length = parts.iter().map(|part| part.metrics.len()).sum();
    let mut text = String::with_capacity(length);
    text += headers[0];
    text += "\n";
    // Which part has the next trial is the same in every episode.
    let mut turns: Vec<(u64, usize)> = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        turns.extend(part.config.trials().map(|trial| (trial, i)));
    }
    turns.sort_unstable();
    for episode in 0..episodes {
        for (trial, i) in &turns {
            let line = lines[*i].next().unwrap_or_default();
            if headers[*i] != headers[0] || !line.starts_with(&format!("{trial},{episode},")) {
                return Err(MergeError::Damaged {
                    part: parts[*i].path.clone(),
                    wrong: vec![format!(
                        "metrics.csv: has no row of trial {trial}, episode {episode} in its place"
                    )],
                });
            }
            text += line;
            text += "\n";
        }
    }
    Ok(text)
}

/// The summary of all rows, with what only the runs of the parts know.
fn summary_of(parts: &[Part], metrics: &str) -> Result<Summary, MergeError> {
    let parsed = Metrics::parse(metrics.as_bytes()).map_err(|error| MergeError::Damaged {
        part: parts[0].path.clone(),
        wrong: vec![format!("metrics.csv: {error}")],
    })?;
    let mut summariser = Summariser::new(&parts[0].config.settings);
    for row in parsed.rows {
        summariser.add(&row.into_record());
    }
    let mut summary = summariser.finish();
    let of_parts = || parts.iter().map(|part| &part.summary);
    summary.replayed_episodes = of_parts().map(|s| s.replayed_episodes).sum();
    summary.largest_residual = of_parts().map(|s| s.largest_residual).fold(0.0, f64::max);
    Ok(summary)
}

/// Writes the files beside `out` first, so that there is never half of a run in it.
fn write(first: &Part, out: &Path, metrics: &str, summary: &Summary) -> Result<(), RunError> {
    if let Ok(mut entries) = fs::read_dir(out)
        && entries.next().is_some()
    {
        return Err(RunError::NotEmpty(out.to_owned()));
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let draft = out.with_file_name(format!(".{name}.part"));
    let _ = fs::remove_dir_all(&draft);
    let written = write_files(first, &draft, metrics, summary).and_then(|()| {
        // Windows renames no folder onto another, not even an empty one.
        let _ = fs::remove_dir(out);
        fs::rename(&draft, out).map_err(|error| input(out, error))
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&draft);
    }
    written
}

fn write_files(
    first: &Part,
    folder: &Path,
    metrics: &str,
    summary: &Summary,
) -> Result<(), RunError> {
    fs::create_dir_all(folder).map_err(|error| input(folder, error))?;
    let whole: String = first
        .config_toml
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("shard = "))
        .collect();
    let rule = record::rule_file(&first.config_toml);
    if let (Some(name), Some(file)) = (&rule, &first.config.rule_file) {
        let rules = folder.join(RULE_FOLDER);
        fs::create_dir_all(&rules).map_err(|error| failed(&rules, error))?;
        write_whole(&rules.join(name), file.text.as_bytes())?;
    }
    write_whole(&folder.join("config.toml"), whole.as_bytes())?;
    write_whole(&folder.join(METRICS), metrics.as_bytes())?;
    let json = serde_json::to_string_pretty(summary).expect("a summary is plain data");
    write_whole(&folder.join("summary.json"), format!("{json}\n").as_bytes())?;
    sums::write(folder, METRICS, rule.as_deref())
}
