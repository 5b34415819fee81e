//! The page of a sweep: a heat map where two keys vary besides the seed, and the table of all
//! runs.

use std::collections::HashMap;

use runs::{Outcome, Point, Sweep};

/// A page that stands alone.
pub(super) fn page(sweep: &Sweep, outcomes: &[Outcome<'_>]) -> String {
    let all = words::count(sweep.points.len() as u64, "run");
    let finished = outcomes.iter().filter(|o| o.summary.is_some()).count();
    let keys: Vec<&str> = sweep.varied.iter().map(String::as_str).collect();
    let others: Vec<&str> = keys.iter().filter(|key| **key != "seed").copied().collect();
    let map = match (keys.as_slice(), others.as_slice()) {
        ([rows, columns], _) => heat_map(outcomes, (rows, columns), ""),
        (_, [rows, columns]) => heat_map(outcomes, (rows, columns), ", mean over seeds"),
        _ => String::new(),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{name}</h1>\n<p>{finished} of {all} finished. Accuracy is the mean over the last \
         episodes, then over trials, of those that did not diverge.</p>\n{map}{table}\
         </body>\n</html>\n",
        name = escape(&sweep.name),
        table = table(sweep, outcomes),
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0}\
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #8884}\
th{font-weight:600}.map td,.map th{text-align:center;min-width:4.5rem}\
.map th:first-child{text-align:left;position:sticky;left:0;background:Canvas}\
.words{text-align:left}a{color:inherit}\
.wide{overflow-x:auto}small{opacity:.7}";

/// Accuracy by two keys, as cells of a colour; of the runs of a cell, their mean.
fn heat_map(outcomes: &[Outcome<'_>], (rows, columns): (&str, &str), mean: &str) -> String {
    let (down, across) = (values(outcomes, rows), values(outcomes, columns));
    let mut cells: HashMap<(&str, &str), Cell> = HashMap::new();
    for outcome in outcomes {
        let place = (value(outcome.point, rows), value(outcome.point, columns));
        cells.entry(place).or_default().add(outcome);
    }
    let means = cells.values().filter_map(Cell::mean);
    let range = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
        (least.min(x), most.max(x))
    });
    let mut text = format!(
        "<h2>Accuracy by {} and {}{mean}</h2>\n<div class=\"wide\"><table class=\"map\">\n\
         <tr><th>{}</th>",
        escape(rows),
        escape(columns),
        escape(&format!("{rows} \\ {columns}")),
    );
    for column in &across {
        text += &format!("<th>{}</th>", escape(column));
    }
    text += "</tr>\n";
    for row in down {
        text += &format!("<tr><th>{}</th>", escape(row));
        for column in &across {
            // In step, not every value meets every other.
            let cell = cells.get(&(row, *column));
            text += &cell.map_or_else(|| "<td></td>".to_owned(), |cell| cell.shown(range));
        }
        text += "</tr>\n";
    }
    text + "</table></div>\n"
}

/// The runs of a cell of the map.
#[derive(Default)]
struct Cell {
    runs: usize,
    finished: usize,
    accuracies: Vec<f64>,
}

impl Cell {
    fn add(&mut self, outcome: &Outcome<'_>) {
        self.runs += 1;
        if let Some(summary) = &outcome.summary {
            self.finished += 1;
            self.accuracies
                .extend(summary.accuracy.map(|spread| spread.mean));
        }
    }

    fn mean(&self) -> Option<f64> {
        let number = self.accuracies.len() as f64;
        (number > 0.0).then(|| self.accuracies.iter().sum::<f64>() / number)
    }

    /// The bluer the larger; text is dark on light cells and light on dark ones whatever the
    /// page's colours are.
    fn shown(&self, (least, most): (f64, f64)) -> String {
        let Some(mean) = self.mean() else {
            let why = if self.finished == 0 {
                "not run"
            } else {
                "diverged"
            };
            return format!("<td><small>{why}</small></td>");
        };
        let share = if most > least {
            (mean - least) / (most - least)
        } else {
            0.5
        };
        let lightness = 94.0 - 64.0 * share;
        let ink = if lightness < 53.0 { "#fff" } else { "#111" };
        let of = match self.accuracies.len() == self.runs {
            true => String::new(),
            false => format!(" <small>{} of {}</small>", self.accuracies.len(), self.runs),
        };
        format!(
            "<td style=\"background:hsl(214 60% {lightness:.0}%);color:{ink}\">{}{of}</td>",
            words::number(mean)
        )
    }
}

/// The values that a key takes, in the order of the grid.
fn values<'p>(outcomes: &[Outcome<'p>], key: &str) -> Vec<&'p str> {
    let mut seen = std::collections::HashSet::new();
    let values = outcomes.iter().map(|o| value(o.point, key));
    values.filter(|value| seen.insert(*value)).collect()
}

/// A row for each run of the grid.
fn table(sweep: &Sweep, outcomes: &[Outcome<'_>]) -> String {
    let mut text = "<h2>All runs</h2>\n<div class=\"wide\"><table>\n<tr>".to_owned();
    // Numbers stand right, one below the other, words left.
    let classes: Vec<&str> = (0..sweep.varied.len())
        .map(|i| {
            let number = |o: &Outcome<'_>| o.point.varied[i].1.parse::<f64>().is_ok();
            match outcomes.iter().all(number) {
                true => "",
                false => " class=\"words\"",
            }
        })
        .collect();
    for (head, class) in sweep.varied.iter().zip(&classes) {
        text += &format!("<th{class}>{}</th>", escape(head));
    }
    for head in [
        "accuracy",
        "± over trials",
        "trials",
        "meta-loss",
        "diverged episodes",
    ] {
        text += &format!("<th>{head}</th>");
    }
    text += "</tr>\n";
    for Outcome { point, summary } in outcomes {
        text += "<tr>";
        for ((_, value), class) in point.varied.iter().zip(&classes) {
            text += &format!("<td{class}>{}</td>", escape(value));
        }
        let cells = match summary {
            None => ["not run", "", "", "", ""].map(str::to_owned),
            Some(summary) => {
                let shown = |x: Option<f64>| x.map_or_else(String::new, words::number);
                let accuracy = summary.accuracy;
                let mean = accuracy.map_or_else(|| "none".to_owned(), |s| words::number(s.mean));
                let report = escape(&format!("{}/report.html", point.name));
                [
                    format!("<a href=\"{report}\">{mean}</a>"),
                    shown(accuracy.and_then(|s| s.sd)),
                    format!("{} of {}", accuracy.map_or(0, |s| s.trials), summary.trials),
                    shown(summary.loss.map(|s| s.mean)),
                    summary.diverged_episodes.to_string(),
                ]
            }
        };
        for cell in cells {
            text += &format!("<td>{cell}</td>");
        }
        text += "</tr>\n";
    }
    text + "</table></div>\n"
}

fn value<'p>(point: &'p Point, key: &str) -> &'p str {
    let found = point.varied.iter().find(|(name, _)| name == key);
    found.map_or("", |(_, value)| value)
}

/// Text in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
