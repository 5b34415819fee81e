//! Table 1: which layers use eHebb, and the alignment angles then.

use std::fmt::Write as _;

use plots::stats::Interval;
use plots::{Table, Trials};

use crate::experiments::Experiment;
use crate::figures::{caption_end, data};
use crate::measured::Measured;
use crate::results::Results;
use crate::target::Target;

/// A row of the paper's Table 1.
#[derive(Clone, Copy, Debug)]
pub struct Table1Row {
    /// The experiment.
    pub experiment: &'static str,
    /// The layers that use eHebb, from 1; the others use F^0 alone.
    pub ehebb_on: &'static [usize],
    /// The paper's α_0, α_1, α_2 in degrees.
    pub paper: [f64; 3],
}

/// The paper's Table 1.
pub const TABLE1: [Table1Row; 7] = [
    row("table1-none", &[], [89.89, 76.69, 82.04]),
    row("table1-w12", &[2], [89.95, 59.95, 72.14]),
    row("table1-w23", &[3], [90.03, 75.18, 29.02]),
    row("table1-w01-w12", &[1, 2], [75.29, 61.23, 72.56]),
    row("table1-w12-w23", &[2, 3], [90.2, 49.4, 27.9]),
    row("table1-w01-w23", &[1, 3], [84.86, 74.25, 30.33]),
    row("table1-all", &[1, 2, 3], [77.93, 49.93, 28.4]),
];

const fn row(experiment: &'static str, ehebb_on: &'static [usize], paper: [f64; 3]) -> Table1Row {
    Table1Row {
        experiment,
        ehebb_on,
        paper,
    }
}

impl Table1Row {
    /// What the table calls it.
    pub fn label(&self) -> &'static str {
        Experiment::named(self.experiment).label
    }

    /// Whether the layer whose pre-synaptic error has the angle α_l uses eHebb.
    pub fn uses_ehebb_above(&self, l: usize) -> bool {
        self.ehebb_on.contains(&(l + 1))
    }

    /// α_l of each trial: its mean after a burn-in of a fifth of the episodes, 100 of
    /// the paper's 500.
    pub fn angle(&self, results: &Results, l: usize) -> Option<Vec<f64>> {
        let trials = results.trials(self.experiment, |row| row.angles[l])?;
        Some(trials.means(burn_in(&trials)..trials.episodes()))
    }

    /// α_l over trials.
    pub fn interval(&self, results: &Results, l: usize) -> Option<Interval> {
        Some(Measured::mean(&self.angle(results, l)?)?.value)
    }
}

fn burn_in(trials: &Trials) -> usize {
    trials.episodes() / 5
}

/// Table 1 beside the paper's, as far as its runs are there, and its source data.
pub(super) fn table(target: &Target, results: &Results) -> (Table, String) {
    let mut header = vec!["eHebb on".to_owned()];
    for l in ["α₀", "α₁", "α₂"] {
        header.push(format!("{l} paper"));
        header.push(format!("{l} here"));
        header.push("difference".to_owned());
    }
    let rows = TABLE1.iter().map(|row| {
        let mut cells = vec![row.label().to_owned()];
        for (l, paper) in row.paper.iter().enumerate() {
            cells.push(format!("{paper:.1}"));
            match row.interval(results, l) {
                Some(Interval { mean, lower, upper }) => {
                    cells.push(format!("{mean:.1} [{lower:.1}, {upper:.1}]"));
                    cells.push(format!("{:+.1}", mean - paper).replace('-', "−"));
                }
                None => cells.extend(["none".to_owned(), String::new()]),
            }
        }
        cells
    });
    let episodes = results
        .trials(TABLE1[0].experiment, |_| 0.0)
        .map_or(0, |trials| trials.episodes());
    let caption = format!(
        "Alignment angles in degrees after a burn-in of the first fifth of {}; \
         mean of {} with its 98 % t interval. Network 784-130-70-47, tasks \
         from {}. {}",
        words::count(episodes as u64, "episode"),
        words::count(results.context.trials, "trial"),
        data(&results.context.data),
        caption_end(target, results)
    );
    let table = Table {
        id: target.name.to_owned(),
        title: target.title.to_owned(),
        caption,
        header,
        rows: rows.collect(),
    };
    (table, source(results))
}

/// A row an angle.
fn source(results: &Results) -> String {
    let mut text = "ehebb_on,angle,paper,mean,lower,upper,difference\n".to_owned();
    for row in &TABLE1 {
        for (l, paper) in row.paper.iter().enumerate() {
            let numbers = match row.interval(results, l) {
                Some(Interval { mean, lower, upper }) => {
                    format!("{mean},{lower},{upper},{}", mean - paper)
                }
                None => ",,,".to_owned(),
            };
            let name = row.experiment.trim_start_matches("table1-");
            let _ = writeln!(text, "{name},{l},{paper},{numbers}");
        }
    }
    text
}
