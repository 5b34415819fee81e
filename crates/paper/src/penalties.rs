//! Beside Fig. S5: what each penalty leaves of the pool, in numbers.

use std::fmt::Write as _;

use plots::stats::Interval;
use plots::{Table, diverged};

use crate::experiments::Experiment;
use crate::figures::{BASELINES, caption_end};
use crate::kept;
use crate::measured::Measured;
use crate::results::Results;
use crate::target::Target;

/// The table, and its source data.
pub(super) fn table(target: &Target, results: &Results) -> (Table, String) {
    let mut header = vec!["penalty".to_owned()];
    header.extend(["accuracy", "terms that stay"].map(str::to_owned));
    header.push("diverged episodes".to_owned());
    let mut rows = Vec::new();
    let mut source = "experiment,measure,mean,lower,upper\n".to_owned();
    let pools = target.experiments.iter();
    for name in pools.filter(|name| !BASELINES.contains(name)) {
        let Some(run) = results.run(name) else {
            continue;
        };
        let mut cells = vec![Experiment::named(name).label.to_owned()];
        let kept = results.at_end(name, |row| kept::terms_kept(&row.theta) as f64);
        let accuracy = results.accuracy_at_end(name);
        for (column, values) in [("accuracy", accuracy), ("terms that stay", kept)] {
            match Measured::mean(&values.unwrap_or_default()) {
                Some(found) => {
                    let Interval { mean, lower, upper } = found.value;
                    cells.push(found.text(2));
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
    let caption = format!(
        "Means over the last sixth of episodes and {}, with 98 % t intervals; a term \
         stays if |θ| is at least {:e}; a diverged episode counts as chance accuracy. {}",
        words::count(results.context.trials, "trial"),
        kept::GONE,
        caption_end(target, results)
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
    use crate::context::Context;
    use meta::Status;
    use runs::{Metrics, Row};

    fn row(trial: u64, episode: u64, theta: Vec<f64>, accuracy: f64) -> Row {
        let diverged = accuracy.is_nan();
        Row {
            trial,
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
            measured: vec![],
            orthonormality: vec![],
        }
    }

    #[test]
    fn a_row_tells_of_the_end_of_its_run_and_counts_what_diverged() {
        let mut results = Results::new(Context {
            data: "glyphs".to_owned(),
            synthetic: true,
            online_data: String::new(),
            online_images: 0,
            trials: 2,
            episodes: None,
            seed: 0,
            quick: true,
            assignments: Vec::new(),
            outputs: 47,
        });
        // The end of six episodes is the last.
        let mut rows = Vec::new();
        for trial in 0..2 {
            rows.extend((0..5).map(|episode| row(trial, episode, vec![1e-2; 10], f64::NAN)));
            let theta = [vec![2e-3; 3], vec![1e-4; 7]].concat();
            rows.push(row(trial, 5, theta, 0.5));
        }
        let metrics = Metrics {
            terms: (0..10).map(|r| format!("F{r}")).collect(),
            layers: 0,
            measures: vec![],
            rows,
        };
        results.add("pool-l2", metrics);
        let (table, source) = table(Target::named("figs5").unwrap(), &results);
        let cells = ["pool, L2", "0.50 [0.50, 0.50]", "3.00 [3.00, 3.00]", "10"];
        assert_eq!(table.rows, [cells.map(str::to_owned)]);
        assert_eq!(table.header.len(), cells.len());
        assert!(source.contains("pool-l2,terms that stay,3,3,3\n"));
        assert!(source.contains("pool-l2,diverged episodes,10,,\n"));
    }
}
