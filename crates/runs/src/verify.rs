//! Whether a run directory holds what its run wrote, and would write again.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::Dataset;
use meta::{EpisodeRecord, Settings, Summariser, Threads, Training, measure_episode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Table;

use crate::checkpoint::newest_usable;
use crate::files::failed;
use crate::metrics::{METRICS, cells, header};
use crate::run::State;
use crate::sums;
use crate::{Config, Halves, Metrics, OnlineConfig, RunError, record, rows};

/// How much of a run is run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// This many recorded episodes, each alone with the coefficients recorded for it, and
    /// the first few of trial 0 one after the other, with the outer optimiser.
    Episodes(u64),
    /// All of it, as it was run.
    All,
}

impl Sample {
    /// How many episodes of a training it has at most: how often `watch` of [`verify`] is
    /// called.
    pub fn episodes(self, config: &Config) -> u64 {
        let recorded = config.settings.outer.episodes * config.trials().len() as u64;
        match self {
            Sample::All => recorded,
            Sample::Episodes(number) => number.min(recorded) + in_sequence(&config.settings),
        }
    }

    /// How many tests of an online run it has at most: how often `watch` of
    /// [`verify_online`](crate::verify_online) is called.
    pub fn tests(self, config: &OnlineConfig, data: &Halves) -> u64 {
        let of_trial = config.online.tests_of_trial(&data.0) as u64;
        match self {
            Sample::All => of_trial * config.trials(),
            Sample::Episodes(number) => number.min(of_trial),
        }
    }
}

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether the run was finished; if not, its files are checked up to its last
    /// checkpoint.
    pub finished: bool,
    /// Recorded episodes.
    pub rows: u64,
    /// How many of them were run again alone.
    pub alone: u64,
    /// How many of them were run again in sequence, with the outer optimiser.
    pub in_sequence: u64,
    /// What is not as it was written, or comes out differently; a line each.
    pub differences: Vec<String>,
}

/// Checks the run in `dir`, whose config.toml gave `config`: the checksums of its files,
/// that they agree with one another, and that recorded episodes come out to the bit when
/// they are run again. `watch` is called after each of those.
///
/// # Errors
/// If the files cannot be read, or the settings do not fit the data; [`RunError::Stopped`]
/// once `stop` is set.
pub fn verify(
    dir: &Path,
    config: &Config,
    data: &Arc<Dataset>,
    sample: Sample,
    stop: &AtomicBool,
    mut watch: impl FnMut() + Send,
) -> Result<Report, RunError> {
    let settings = &config.settings;
    let parameters = settings.learner.parameters().len();
    let mut report = Report {
        finished: sums::is_finished(dir),
        ..Report::default()
    };
    let text = read_table::<State>(dir, METRICS, &mut report)?;
    let here = config.to_toml(data, record::record(config.rule_file.as_ref(), data));
    check_origin(dir, &here, &mut report)?;
    let rows = check_form(config, &text, &mut report);
    let trials: Vec<u64> = config.trials().collect();
    let place = |row: u64| {
        let width = trials.len() as u64;
        (trials[(row % width) as usize], row / width)
    };
    report.rows = rows.len() as u64;
    match sample {
        Sample::All => {
            let whole = (trials.len(), rows.len() as u64);
            run_in_sequence(config, data, whole, &rows, &mut report, stop, &mut watch)?;
        }
        Sample::Episodes(number) => {
            let chosen = spread(number, rows.len() as u64);
            for row in chosen {
                let line = rows[row as usize];
                let (trial, episode) = place(row);
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                report.alone += 1;
                watch();
                let theta: Option<Vec<f64>> = line
                    .split(',')
                    .skip(6)
                    .take(parameters)
                    .map(|cell| cell.parse().ok())
                    .collect();
                let Some(theta) = theta.filter(|t| t.len() == parameters) else {
                    report.differences.push(format!(
                        "metrics.csv: line {}: has no coefficients",
                        row + 2
                    ));
                    continue;
                };
                let again = measure_episode(settings, data, trial, episode, &theta)
                    .map_err(|error| config.place(error))?;
                compare(settings, row, line, &again, &mut report.differences);
            }
            if !rows.is_empty() {
                let recorded = rows.len() as u64 / trials.len() as u64;
                let few = recorded.min(in_sequence(settings));
                run_in_sequence(config, data, (1, few), &rows, &mut report, stop, &mut watch)?;
            }
        }
    }
    if stop.load(Ordering::Relaxed) {
        return Err(RunError::Stopped(dir.to_owned()));
    }
    if report.finished {
        check_summary(dir, config, &mut report);
    }
    Ok(report)
}

/// How many of the first episodes of trial 0 a sample runs again one after the other: with
/// some steps of the outer optimiser, and the first episode after one of them.
fn in_sequence(settings: &Settings) -> u64 {
    let outer = &settings.outer;
    outer.episodes.min(8.max(outer.episodes_of_step() + 1))
}

/// The table of a run, held against the checksums of a finished one, or against the last
/// checkpoint, whose state is an `S`.
pub(crate) fn read_table<S: DeserializeOwned>(
    dir: &Path,
    table: &str,
    report: &mut Report,
) -> Result<String, RunError> {
    if report.finished {
        report.differences = sums::check(dir, table)?;
        let path = dir.join(table);
        return fs::read_to_string(&path).map_err(|error| failed(&path, error));
    }
    let Some(checkpoint) = newest_usable::<S>(dir) else {
        return Err(RunError::Unverifiable(dir.to_owned()));
    };
    let (text, same) = rows::written(dir, table, &checkpoint.rows)?;
    if !same {
        let what = format!("{table}: is not what the run wrote, by its last checkpoint");
        report.differences.push(what);
    }
    Ok(text)
}

/// That the data and the program are those of the record in config.toml; `here` is what
/// it would be now.
pub(crate) fn check_origin(dir: &Path, here: &str, report: &mut Report) -> Result<(), RunError> {
    let path = dir.join("config.toml");
    let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
    let there = record::parse(&path, &text)?;
    let here: Table = here.parse().expect("it was just made");
    let difference =
        record::other_setting(&there, &here).or_else(|| record::other_origin(&there, &here));
    if let Some(difference) = difference {
        report
            .differences
            .push(format!("config.toml: {difference}"));
    }
    Ok(())
}

/// That metrics.csv has the columns and the rows of the run, in order. Returns the rows.
fn check_form<'a>(config: &Config, text: &'a str, report: &mut Report) -> Vec<&'a str> {
    let settings = &config.settings;
    let trials: Vec<u64> = config.trials().collect();
    let mut lines = text.lines();
    let wanted = header(settings).join(",");
    if lines.next() != Some(&wanted) {
        let what = format!("metrics.csv: line 1: should be {wanted}");
        report.differences.push(what);
    }
    let rows: Vec<&str> = lines.collect();
    let total = trials.len() as u64 * settings.outer.episodes;
    if report.finished && rows.len() as u64 != total {
        let what = format!("metrics.csv: has {} rows, should have {total}", rows.len());
        report.differences.push(what);
    }
    for (row, line) in rows.iter().enumerate() {
        let (trial, episode) = (trials[row % trials.len()], row / trials.len());
        if !line.starts_with(&format!("{trial},{episode},")) {
            report.differences.push(format!(
                "metrics.csv: line {}: should be of trial {trial}, episode {episode}",
                row + 2
            ));
        }
    }
    rows
}

/// `number` different rows out of `rows`, spread evenly over episodes and trials.
fn spread(number: u64, rows: u64) -> BTreeSet<u64> {
    let mut chosen = BTreeSet::new();
    let mut k = 0_u64;
    while (chosen.len() as u64) < number.min(rows) {
        // Multiples of the golden ratio, modulo 1, as fractions of 2⁶⁴ (Weyl's sequence).
        let fraction = k.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        chosen.insert(((u128::from(fraction) * u128::from(rows)) >> 64) as u64);
        k += 1;
    }
    chosen
}

/// Trains the first `trials` trials again, and compares the first `number` records.
fn run_in_sequence(
    config: &Config,
    data: &Arc<Dataset>,
    (trials, number): (usize, u64),
    rows: &[&str],
    report: &mut Report,
    stop: &AtomicBool,
    watch: &mut (impl FnMut() + Send),
) -> Result<(), RunError> {
    // A trial does not depend on how many there are.
    let settings = &config.settings;
    let width = config.trials().len() as u64;
    let first: Vec<u64> = config.trials().take(trials).collect();
    let threads = Threads::new(config.threads)?;
    let training = Training::of_trials(settings, Arc::clone(data), &threads, first.iter().copied());
    let mut training = training.map_err(|error| config.place(error))?;
    let mut seen = 0;
    training.run(stop, |news| {
        for record in news.into_records() {
            let at = first.iter().position(|trial| *trial == record.trial);
            let row = record.episode * width + at.map_or(0, |at| at as u64);
            if seen < number
                && let Some(line) = rows.get(row as usize)
            {
                compare(settings, row, line, &record, &mut report.differences);
                report.in_sequence += 1;
                watch();
            }
            seen += 1;
        }
        if seen < number {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    Ok(())
}

/// Adds a line for the first cell of a row that differs from a record.
fn compare(
    settings: &Settings,
    row: u64,
    line: &str,
    again: &EpisodeRecord,
    differences: &mut Vec<String>,
) {
    let place = format!("trial {}, episode {}", again.trial, again.episode);
    let at = (METRICS, row, place.as_str());
    differences.extend(difference(at, &header(settings), line, &cells(again)));
}

/// The first cell in which a line of a table differs from what it should be; `row` counts
/// from 0 below the header, and is of what `place` says.
pub(crate) fn difference(
    (table, row, place): (&str, u64, &str),
    columns: &[String],
    line: &str,
    again: &[String],
) -> Option<String> {
    let found: Vec<&str> = line.split(',').collect();
    let i = (0..found.len().max(again.len()))
        .find(|i| found.get(*i).copied() != again.get(*i).map(String::as_str))?;
    Some(format!(
        "{table}: line {} ({place}): {} is {}, comes out as {}",
        row + 2,
        columns.get(i).map_or("one cell more", String::as_str),
        found.get(i).unwrap_or(&"missing"),
        again.get(i).map_or("nothing", String::as_str),
    ))
}

/// That summary.json is the summary of metrics.csv, but for what only a run knows.
fn check_summary(dir: &Path, config: &Config, report: &mut Report) {
    let settings = &config.settings;
    const ONLY_A_RUN_KNOWS: [&str; 2] = ["replayed_episodes", "largest_residual"];
    let read = |name: &str| fs::read_to_string(dir.join(name)).map_err(|error| error.to_string());
    let without = |mut value: Value| {
        if let Some(map) = value.as_object_mut() {
            map.retain(|key, _| !ONLY_A_RUN_KNOWS.contains(&key.as_str()));
        }
        value
    };
    let compared = || -> Result<bool, String> {
        let there: Value =
            serde_json::from_str(&read("summary.json")?).map_err(|error| error.to_string())?;
        let metrics = Metrics::parse(read("metrics.csv")?.as_bytes())
            .map_err(|reason| format!("metrics.csv {reason}"))?;
        let terms = settings.learner.parameters().len();
        if metrics.terms.len() != terms || metrics.layers != settings.learner.network.layers() {
            return Err("metrics.csv has the columns of another run".to_owned());
        }
        let mut summariser = Summariser::new(settings).of_part(config.trials().len() as u64);
        for row in metrics.rows {
            if row.trial < settings.outer.trials {
                summariser.add(&row.into_record());
            }
        }
        let here = serde_json::to_value(summariser.finish()).map_err(|error| error.to_string())?;
        Ok(without(there) == without(here))
    };
    match compared() {
        Ok(true) => {}
        Ok(false) => report
            .differences
            .push("summary.json: is not the summary of metrics.csv".to_owned()),
        Err(reason) => report.differences.push(format!("summary.json: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_all_rows_and_has_none_twice() {
        assert_eq!(spread(5, 3).into_iter().collect::<Vec<_>>(), [0, 1, 2]);
        let chosen: Vec<u64> = spread(100, 12_000).into_iter().collect();
        assert_eq!(chosen.len(), 100);
        let gaps = chosen.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.max().unwrap() < 400);
        let trials: BTreeSet<u64> = chosen.iter().map(|row| row % 20).collect();
        assert!(trials.len() > 15, "{trials:?}");
    }
}
