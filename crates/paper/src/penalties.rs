//! Beside Fig. S5: what each penalty leaves of the pool, in numbers.

use std::fmt::Write as _;

use plots::stats::Interval;
use plots::{Table, diverged};
use runs::Row;

use crate::experiments::Experiment;
use crate::figures::{BASELINES, data, made};
use crate::kept;
use crate::results::Results;
use crate::target::Target;

/// A column of the table: its heading, and what it is the mean of at the end of a run.
type Column = (&'static str, fn(&Row) -> f64);

const COLUMNS: [Column; 2] = [
    ("accuracy", |row| row.accuracy),
    ("terms that stay", |row| kept::terms_kept(&row.theta) as f64),
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
        kept::GONE,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Context;
    use meta::Status;
    use runs::Metrics;

    fn row(episode: u64, theta: Vec<f64>, accuracy: f64) -> Row {
        let diverged = accuracy.is_nan();
        Row {
            trial: 0,
            episode,
            status: if diverged {
                Status::Diverged
            } else {
                Status::Ok
            },
            divergence: None,
            loss: 1.0,
            cross_entropy: 0.9,
            accuracy,
            theta,
            angles: vec![],
            orthonormality: vec![],
        }
    }

    #[test]
    fn a_row_tells_of_the_end_of_its_run_and_counts_what_diverged() {
        let mut results = Results::new(Context {
            data: "glyphs".to_owned(),
            synthetic: true,
            online_data: String::new(),
            trials: 1,
            episodes: None,
            seed: 0,
            quick: true,
        });
        // The end of six episodes is the last.
        let mut rows: Vec<Row> = (0..5)
            .map(|episode| row(episode, vec![1e-2; 10], f64::NAN))
            .collect();
        rows.push(row(5, [vec![2e-3; 3], vec![1e-4; 7]].concat(), 0.5));
        let metrics = Metrics {
            terms: (0..10).map(|r| format!("F{r}")).collect(),
            layers: 0,
            rows,
        };
        results.add("pool-l2", metrics);
        let (table, source) = table(Target::named("figs5").unwrap(), &results);
        let cells = ["pool, L2", "0.50 [0.50, 0.50]", "3.00 [3.00, 3.00]", "5"];
        assert_eq!(table.rows, [cells.map(str::to_owned)]);
        assert_eq!(table.header.len(), cells.len());
        assert!(source.contains("pool-l2,terms that stay,3,3,3\n"));
        assert!(source.contains("pool-l2,diverged episodes,5,,\n"));
    }
}
