//! The page of a sweep: a heat map where two keys vary, and the table of all runs.

use std::collections::HashMap;

use runs::{Outcome, Point, Sweep};

/// A page that stands alone.
pub(super) fn page(sweep: &Sweep, outcomes: &[Outcome<'_>]) -> String {
    let all = words::count(sweep.points.len() as u64, "run");
    let finished = outcomes.iter().filter(|o| o.summary.is_some()).count();
    let map = match sweep.varied.as_slice() {
        [rows, columns] => heat_map(outcomes, (rows, columns)),
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
th{font-weight:600}.map td{text-align:center;min-width:4.5rem}\
.wide{overflow-x:auto}small{opacity:.7}";

/// Accuracy by two keys, as cells of a colour.
fn heat_map(outcomes: &[Outcome<'_>], (rows, columns): (&str, &str)) -> String {
    let (down, across) = (values(outcomes, rows), values(outcomes, columns));
    let cells: HashMap<(&str, &str), &Outcome<'_>> = outcomes
        .iter()
        .map(|o| ((value(o.point, rows), value(o.point, columns)), o))
        .collect();
    let accuracies = outcomes
        .iter()
        .filter_map(|o| Some(o.summary.as_ref()?.accuracy?.mean));
    let (least, most) = accuracies.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
        (least.min(x), most.max(x))
    });
    let mut text = format!(
        "<h2>Accuracy by {} and {}</h2>\n<div class=\"wide\"><table class=\"map\">\n<tr><th>{}</th>",
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
            let outcome = cells.get(&(row, *column));
            text += &match outcome.map(|o| o.summary.as_ref()) {
                // In step, not every value meets every other.
                None => "<td></td>".to_owned(),
                Some(None) => "<td><small>not run</small></td>".to_owned(),
                Some(Some(summary)) => match summary.accuracy {
                    None => "<td><small>diverged</small></td>".to_owned(),
                    Some(accuracy) => cell_of(accuracy.mean, (least, most)),
                },
            };
        }
        text += "</tr>\n";
    }
    text + "</table></div>\n"
}

/// The values that a key takes, in the order of the grid.
fn values<'p>(outcomes: &[Outcome<'p>], key: &str) -> Vec<&'p str> {
    let mut seen = std::collections::HashSet::new();
    let values = outcomes.iter().map(|o| value(o.point, key));
    values.filter(|value| seen.insert(*value)).collect()
}

/// A cell with its number, the bluer the larger; text is dark on light cells and light on
/// dark ones whatever the page's colours are.
fn cell_of(mean: f64, (least, most): (f64, f64)) -> String {
    let share = if most > least {
        (mean - least) / (most - least)
    } else {
        0.5
    };
    let lightness = 94.0 - 64.0 * share;
    let ink = if lightness < 58.0 { "#fff" } else { "#111" };
    format!(
        "<td style=\"background:hsl(214 60% {lightness:.0}%);color:{ink}\">{}</td>",
        words::number(mean)
    )
}

/// A row for each run of the grid.
fn table(sweep: &Sweep, outcomes: &[Outcome<'_>]) -> String {
    let mut text = "<h2>All runs</h2>\n<div class=\"wide\"><table>\n<tr>".to_owned();
    let heads = sweep.varied.iter().map(String::as_str);
    for head in heads.chain([
        "accuracy",
        "± over trials",
        "trials",
        "meta-loss",
        "diverged episodes",
    ]) {
        text += &format!("<th>{}</th>", escape(head));
    }
    text += "</tr>\n";
    for Outcome { point, summary } in outcomes {
        text += "<tr>";
        for (_, value) in &point.varied {
            text += &format!("<td>{}</td>", escape(value));
        }
        let cells = match summary {
            None => ["not run", "", "", "", ""].map(str::to_owned),
            Some(summary) => {
                let shown = |x: Option<f64>| x.map_or_else(String::new, words::number);
                let accuracy = summary.accuracy;
                [
                    shown(accuracy.map(|s| s.mean)),
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
