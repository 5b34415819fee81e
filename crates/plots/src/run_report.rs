//! The report of a single run, from the files in its directory.

use std::path::Path;

use meta::Measure;
use runs::{Metrics, Row, RunError, write_whole};
use strum::VariantNames;
use toml::{Table as Toml, Value};

use crate::axis::label;
use crate::figure::{Axis, Figure, Panel, Series};
use crate::html::{Page, Setting};
use crate::palette::Colour;
use crate::panels::{
    accuracy, angles_of, bands, coefficients_of, left_out, loss, loss_on_scale, over_episodes,
    subscript,
};
use crate::stats::{Interval, SMOOTHING};
use crate::table::Table;
use crate::trials::{Trials, diverged, step_of};

/// Writes `report.html` into the directory of a finished run.
///
/// # Errors
/// If the directory holds no run, or cannot be written.
pub fn write_run_report(folder: &Path) -> Result<(), RunError> {
    let metrics = Metrics::read(&folder.join("metrics.csv"))?;
    let setting = Setting::read("config.toml", &folder.join("config.toml"))?;
    let config: Toml = setting.text.parse().expect("a setting is TOML");
    let html = of_run(&metrics, &config, &[setting]);
    write_whole(&folder.join("report.html"), html.as_bytes())
}

/// The page of a run with a configuration.
fn of_run(metrics: &Metrics, config: &Toml, settings: &[Setting]) -> String {
    let value = |key: &str| {
        config
            .get(key)
            .map_or_else(String::new, |value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
    };
    let counted = |key: &str| match value(&format!("{key}s")).as_str() {
        "1" => format!("1 {key}"),
        number => format!("{number} {key}s"),
    };
    let (rule, data) = (value("rule"), value("data"));
    let record = config.get("record").and_then(Value::as_table);
    let recorded = |key: &str| record.and_then(|record| record.get(key));
    let version = recorded("version").and_then(Value::as_str).unwrap_or("?");
    let synthetic = recorded("data_synthetic").and_then(Value::as_bool) == Some(true);
    let badges = if synthetic {
        vec!["synthetic data".to_owned()]
    } else {
        Vec::new()
    };
    let made = format!(
        "{data}, {} of {}, seed {}, metaplast {version}",
        counted("trial"),
        counted("episode"),
        value("seed")
    );
    let lost = left_out(std::iter::once(metrics));
    let episodes = metrics.rows.iter().map(|row| row.episode + 1).max();
    let thinned = match step_of(episodes.unwrap_or(0) as usize) {
        1 => String::new(),
        step => format!(" Curves show one episode in {step}; metrics.csv has all."),
    };
    let caption = format!(
        "Means over trials, moving average over {SMOOTHING} episodes, {}.{thinned}{lost} {made}.",
        bands()
    );
    let figure = Figure {
        id: "curves".to_owned(),
        title: "Curves".to_owned(),
        caption,
        panels: panels(metrics, &rule),
    };
    let table = table(metrics, &made);
    let page = Page {
        title: format!("Meta-training of {rule}"),
        lead: format!("On {made}."),
        badges,
        sections: Vec::new(),
        figures: &[figure],
        tables: vec![&table],
        settings,
    };
    page.to_html()
}

fn panels(metrics: &Metrics, rule: &str) -> Vec<Panel> {
    let alone = |measure: fn(&Row) -> f64| {
        vec![Series {
            name: rule.to_owned(),
            colour: Colour::BLUE,
            baseline: false,
            curve: Trials::of(metrics, measure).curve(),
            diverged: diverged(metrics),
        }]
    };
    let layers = (0..metrics.layers).map(|l| Series {
        name: format!("E{}", subscript(l + 1)),
        colour: Colour::layer(l + 1),
        baseline: false,
        curve: Trials::of(metrics, |row| row.orthonormality[l]).curve(),
        diverged: Vec::new(),
    });
    let mut panels = vec![
        accuracy(alone(|row| row.accuracy)),
        loss(alone(loss_on_scale)),
        angles_of(metrics, rule),
        coefficients_of(metrics, rule),
        Panel {
            title: "Distance from orthonormal rows".to_owned(),
            y: Axis::new("E").logarithmic(),
            ..over_episodes(layers.collect())
        },
    ];
    panels.extend(measures(metrics));
    panels
}

/// A panel for each measure that was asked for, of which layers or terms are the curves.
fn measures(metrics: &Metrics) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    for (i, column) in metrics.measures.iter().enumerate() {
        let of = |measure: &&str| column.strip_prefix(*measure)?.strip_prefix('_');
        let mut known = Measure::VARIANTS.iter();
        let Some((measure, of)) = known.find_map(|measure| Some((*measure, of(measure)?))) else {
            continue;
        };
        if panels.last().is_none_or(|panel| panel.title != measure) {
            panels.push(Panel {
                title: measure.to_owned(),
                y: Axis::new(measure),
                ..over_episodes(Vec::new())
            });
        }
        let series = &mut panels.last_mut().expect("there is one now").series;
        series.push(Series {
            name: of.to_owned(),
            colour: Colour::layer(series.len() + 1),
            baseline: false,
            curve: Trials::of(metrics, |row| row.measured[i]).curve(),
            diverged: Vec::new(),
        });
    }
    panels
}

/// Every measure at the end of the run.
fn table(metrics: &Metrics, made: &str) -> Table {
    let mut rows = Vec::new();
    let mut row = |name: String, trials: &Trials| {
        let cells = match trials.interval(trials.end()) {
            Some(Interval { mean, lower, upper }) => [mean, lower, upper].map(label),
            None => ["none", "", ""].map(str::to_owned),
        };
        rows.push([vec![name], cells.to_vec()].concat());
    };
    row("accuracy".into(), &Trials::of(metrics, |row| row.accuracy));
    row("meta-loss".into(), &Trials::of(metrics, |row| row.loss));
    let cross_entropy = Trials::of(metrics, |row| row.cross_entropy);
    row("cross-entropy".into(), &cross_entropy);
    for (r, term) in metrics.terms.iter().enumerate() {
        row(
            format!("θ of {term}"),
            &Trials::of(metrics, |row| row.theta[r]),
        );
    }
    for l in 0..metrics.layers {
        let angle = Trials::of(metrics, |row| row.angles[l]);
        row(format!("α{}, degrees", subscript(l)), &angle);
    }
    for l in 0..metrics.layers {
        let ortho = Trials::of(metrics, |row| row.orthonormality[l]);
        row(format!("E{}", subscript(l + 1)), &ortho);
    }
    for (i, name) in metrics.measures.iter().enumerate() {
        row(name.clone(), &Trials::of(metrics, |row| row.measured[i]));
    }
    let header = ["", "mean", "lower end", "upper end"];
    Table {
        id: "end".to_owned(),
        title: "At the end".to_owned(),
        caption: format!(
            "Means over the last sixth of the episodes, then over trials, with 98 % bootstrap \
             intervals. {made}."
        ),
        header: header.map(str::to_owned).to_vec(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::Status;
    use std::time::{Duration, Instant};

    #[test]
    fn the_page_of_a_hundred_thousand_episodes_is_small_soon_made_and_says_what_it_leaves_out() {
        let row = |i: u64| Row {
            trial: i % 2,
            episode: i / 2,
            // Half of them diverge, so that there are as many marks as episodes.
            status: if i.is_multiple_of(4) {
                Status::Diverged
            } else {
                Status::Ok
            },
            divergence: None,
            loss: 1.0 + (i % 7) as f64,
            cross_entropy: 1.0,
            accuracy: 0.1 + (i % 5) as f64 / 10.0,
            theta: vec![0.1; 3],
            angles: vec![80.0; 6],
            orthonormality: vec![1.0; 5],
            measured: Vec::new(),
        };
        let metrics = Metrics {
            terms: ["F0", "F2", "F9"].map(str::to_owned).to_vec(),
            layers: 5,
            measures: Vec::new(),
            rows: (0..200_000).map(row).collect(),
        };
        let start = Instant::now();
        let page = of_run(&metrics, &Toml::new(), &[]);
        // A second or two on an idle machine.
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{:?}",
            start.elapsed()
        );
        assert!(page.len() < 1 << 20, "{} bytes", page.len());
        assert!(page.contains("one episode in 334; metrics.csv has all"));
        assert!(page.contains("50000 episodes diverged"));
    }
}
