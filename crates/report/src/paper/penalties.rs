//! Beside Fig. S5: what each penalty leaves of the pool, in numbers.

use std::fmt::Write as _;

use runs::Row;

use super::figures::{BASELINES, data, made};
use super::{Target, claims, experiments::Experiment, results::Results};
use crate::stats::Interval;
use crate::table::Table;
use crate::trials::diverged;

/// A column of the table: its heading, and what it is the mean of at the end of a run.
type Column = (&'static str, fn(&Row) -> f64);

const COLUMNS: [Column; 3] = [
    ("accuracy", |row| row.accuracy),
    ("cross-entropy", |row| row.cross_entropy),
    ("terms that stay", |row| {
        claims::terms_kept(&row.theta) as f64
    }),
];

/// The table, and its source data.
pub(super) fn table(target: &Target, results: &Results) -> (Table, String) {
    let mut header = vec!["penalty".to_owned()];
    header.extend(COLUMNS.map(|(name, _)| name.to_owned()));
    header.push("diverged episodes".to_owned());
    let mut rows = Vec::new();
    let mut source = "experiment,measure,mean,lower,upper\n".to_owned();
    let pools = target.experiments.iter();
    for name in pools.filter(|name| !BASELINES.contains(name)) {
        let Some(run) = results.run(name) else {
            continue;
        };
        let mut cells = vec![Experiment::named(name).label.to_owned()];
        for (column, measure) in COLUMNS {
            match results.at_end(name, measure) {
                Some(Interval { mean, lower, upper }) => {
                    cells.push(format!("{mean:.2} [{lower:.2}, {upper:.2}]"));
                    let _ = writeln!(source, "{name},{column},{mean},{lower},{upper}");
                }
                None => cells.push("none".to_owned()),
            }
        }
        let lost = diverged(run).len();
        let _ = writeln!(source, "{name},diverged episodes,{lost},,");
        cells.push(lost.to_string());
        rows.push(cells);
    }
    let context = &results.context;
    let caption = format!(
        "Means over the last sixth of episodes and {} trials, with 98 % bootstrap intervals; a \
         term stays if |θ| is at least {:e}. Tasks from {}. {}",
        context.trials,
        claims::GONE,
        data(&context.data),
        made(context)
    );
    let table = Table {
        id: format!("{}-table", target.name),
        title: format!("{}, in numbers", target.title),
        caption,
        header,
        rows,
    };
    (table, source)
}
