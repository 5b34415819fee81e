//! Whether the directory of an online run holds what its run would write again.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use meta::{OnlineRecord, OnlineSummary, SettingsError, Threads, advance_all};

use super::table::{ONLINE, cells, header, parse};
use super::{Halves, OnlineConfig, Standing};
use crate::RunError;
use crate::sums;
use crate::verify::{Report, Sample, check_origin, difference, read_table};

/// Checks the online run in `dir`, which has the configuration `config`, as
/// [`verify`](crate::verify) does that of a training. A test depends on all images before
/// it, so that a sample is the first tests of trial 0. `watch` is called after each test
/// that is run again.
///
/// # Errors
/// If the files cannot be read, or the settings do not fit the data; [`RunError::Stopped`]
/// once `stop` is set.
pub fn verify_online(
    dir: &Path,
    config: &OnlineConfig,
    data: &Halves,
    sample: Sample,
    stop: &AtomicBool,
    mut watch: impl FnMut(),
) -> Result<Report, RunError> {
    let online = &config.online;
    let halves = (&*data.0, &*data.1);
    online.check(halves.0, halves.1)?;
    let mut report = Report {
        finished: sums::is_finished(dir),
        ..Report::default()
    };
    let text = read_table::<Vec<Standing>>(dir, ONLINE, &mut report)?;
    check_origin(dir, &config.to_toml(halves), &mut report)?;
    let columns = header(online);
    let mut lines = text.lines();
    let wanted = columns.join(",");
    if lines.next() != Some(&wanted) {
        let what = format!("{ONLINE}: line 1: should be {wanted}");
        report.differences.push(what);
    }
    let rows: Vec<&str> = lines.collect();
    report.rows = rows.len() as u64;
    let total = online.tests_of_trial(halves.0) as u64 * config.trials();
    if report.finished && report.rows != total {
        let what = format!("{ONLINE}: has {} rows, should have {total}", report.rows);
        report.differences.push(what);
    }
    let (trials, tests) = match sample {
        Sample::All => (config.trials(), usize::MAX),
        Sample::Episodes(number) => (1, usize::try_from(number).unwrap_or(usize::MAX)),
    };
    let threads = Threads::new(config.threads())?;
    let begun = (0..trials).map(|trial| online.begin(halves, trial));
    let begun: Result<Vec<_>, _> = begun.collect();
    let mut begun = begun.map_err(SettingsError::from)?;
    for (test, of_test) in rows
        .chunks(config.trials() as usize)
        .enumerate()
        .take(tests)
    {
        if stop.load(Ordering::Relaxed) {
            return Err(RunError::Stopped(dir.to_owned()));
        }
        let again = advance_all(&mut begun, &threads);
        for (trial, (line, record)) in of_test.iter().zip(&again).enumerate() {
            let row = test as u64 * config.trials() + trial as u64;
            let place = format!("trial {trial}, {} images", record.images);
            let found = difference((ONLINE, row, &place), &columns, line, &cells(record));
            report.differences.extend(found);
            report.in_sequence += 1;
            watch();
        }
    }
    if report.finished {
        check_summary(dir, &text, config.trials() as usize, &mut report);
    }
    Ok(report)
}

/// That summary.json is the summary of online.csv.
fn check_summary(dir: &Path, text: &str, trials: usize, report: &mut Report) {
    let there = fs::read(dir.join("summary.json")).ok();
    let there = there.and_then(|json| serde_json::from_slice::<OnlineSummary>(&json).ok());
    let here = parse(text.as_bytes()).ok().map(|records| {
        let last: &[OnlineRecord] = &records[records.len().saturating_sub(trials)..];
        OnlineSummary::of(last)
    });
    if here.is_none() || there != here {
        let what = format!("summary.json: is not the summary of {ONLINE}");
        report.differences.push(what);
    }
}
