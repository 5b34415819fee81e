//! A report and its files.

use std::collections::BTreeMap;
use std::path::Path;

use plots::{Figure, Setting, Table, draw_svg};
use rayon::prelude::*;
use runs::{RunError, write_whole};
use serde::Serialize;
use serde_json::json;

use crate::check::{Check, Standing};
use crate::context::Context;
use crate::target::Target;
use crate::verdict::Verdict;

/// Verdicts, figures and tables, with the settings they were made with.
#[derive(Clone, Debug)]
pub struct Report {
    /// How the results were made.
    pub context: Context,
    /// What was asked for.
    pub targets: Vec<&'static Target>,
    /// One for each claim.
    pub verdicts: Vec<Verdict>,
    /// The figures.
    pub figures: Vec<Figure>,
    /// The tables, each with its source data in CSV.
    pub tables: Vec<(Table, String)>,
    /// The configuration of every run.
    pub settings: Vec<Setting>,
}

/// Checks of a claim in the table for a README.
const CHECKS_IN_README: usize = 3;

/// What a figure's or table's file is accompanied by.
#[derive(Serialize)]
struct Caption<'a> {
    title: &'a str,
    caption: &'a str,
}

impl Report {
    /// Writes into `folder`: for each figure NAME.svg, NAME.csv and, with the feature
    /// `png`, NAME.png; for each table NAME.csv and NAME.md; captions.json, verdicts.csv,
    /// verdicts.md and report.html.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), RunError> {
        let put = |name: String, bytes: &[u8]| write_whole(&folder.join(name), bytes);
        self.figures.par_iter().try_for_each(|figure| {
            let svg = draw_svg(figure);
            put(format!("{}.svg", figure.id), svg.as_bytes())?;
            #[cfg(feature = "png")]
            {
                let name = format!("{}.png", figure.id);
                let png = plots::draw_png(&svg).map_err(|error| RunError::Damaged {
                    path: folder.join(&name),
                    reason: error.to_string(),
                })?;
                put(name, &png)?;
            }
            put(format!("{}.csv", figure.id), figure.to_csv().as_bytes())
        })?;
        for (table, source) in &self.tables {
            put(format!("{}.csv", table.id), source.as_bytes())?;
            put(format!("{}.md", table.id), table.to_markdown().as_bytes())?;
        }
        put("captions.json".to_owned(), self.captions().as_bytes())?;
        put("verdicts.csv".to_owned(), self.verdicts_csv().as_bytes())?;
        put("verdicts.md".to_owned(), self.verdicts_md().as_bytes())?;
        put("report.html".to_owned(), self.page().to_html().as_bytes())
    }

    /// The verdicts for programs, with where [`Report::write`] put the page.
    pub fn to_json(&self, folder: &Path) -> serde_json::Value {
        let check = |check: &Check| {
            let value = check.found.value;
            // An interval without ends is none.
            let end = |end: f64| end.is_finite().then_some(end);
            json!({
                "check": check.what,
                "met": check.standing.name(),
                "mean": value.mean,
                "lower": end(value.lower),
                "upper": end(value.upper),
                "trials": check.found.trials,
                "wanted": check.wanted.to_string(),
            })
        };
        let verdicts = self.verdicts.iter().map(|verdict| {
            json!({
                "claim": verdict.claim.id,
                "figure": verdict.claim.figure,
                "outcome": verdict.outcome.name(),
                "note": verdict.note,
                "checks": verdict.checks.iter().map(check).collect::<Vec<_>>(),
            })
        });
        json!({
            "data": self.context.data,
            "seed": self.context.seed,
            "trials": self.context.trials,
            "differs_from_the_paper": self.context.differences(),
            "verdicts": verdicts.collect::<Vec<_>>(),
            "report": folder.join("report.html"),
        })
    }

    fn captions(&self) -> String {
        let figures = self.figures.iter().map(|f| (&f.id, &f.title, &f.caption));
        let tables = self
            .tables
            .iter()
            .map(|(t, _)| (&t.id, &t.title, &t.caption));
        let captions: BTreeMap<&str, Caption<'_>> = figures
            .chain(tables)
            .map(|(id, title, caption)| (id.as_str(), Caption { title, caption }))
            .collect();
        let json = serde_json::to_string_pretty(&captions).expect("captions are plain text");
        json + "\n"
    }

    /// The verdicts in a table for a README: of each claim what decided first.
    fn verdicts_md(&self) -> String {
        let rows = self.verdicts.iter().map(|verdict| {
            let mut checks: Vec<&Check> = verdict.checks.iter().collect();
            checks.sort_by_key(|check| check.standing);
            let shown = checks.iter().take(CHECKS_IN_README).map(|check| {
                let (mean, interval) = check.numbers();
                format!("{}: {mean} {interval}", check.what)
                    .trim_end()
                    .to_owned()
            });
            let mut shown: Vec<String> = shown.collect();
            match checks.len().saturating_sub(CHECKS_IN_README) {
                0 => {}
                more => shown.push(format!("and {more} more")),
            }
            let claim = verdict.claim;
            vec![
                format!("{}, {}", claim.id, claim.figure),
                claim.paper.to_owned(),
                shown.join("; "),
                verdict.outcome.name().to_owned(),
            ]
        });
        let table = Table {
            id: "verdicts".to_owned(),
            title: "Verdicts".to_owned(),
            caption: self.lead(),
            header: ["claim", "paper", "here (98 % interval)", "verdict"]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
        };
        table.to_markdown()
    }

    /// A row for each check of each claim, and one for each claim without any.
    fn verdicts_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut row = |cells: &[&str]| {
            writer
                .write_record(cells)
                .expect("writing to memory succeeds");
        };
        row(&[
            "claim",
            "figure",
            "outcome",
            "check",
            "met",
            "mean",
            "lower",
            "upper",
            "trials",
            "wanted",
            "note",
            "statement",
            "paper",
            "criterion",
        ]);
        for verdict in &self.verdicts {
            let claim = verdict.claim;
            let start = [claim.id, claim.figure, verdict.outcome.name()];
            let end = [&verdict.note, claim.statement, claim.paper, claim.criterion];
            for check in &verdict.checks {
                let value = check.found.value;
                let ends = [value.mean, value.lower, value.upper];
                let [mean, lower, upper] = ends.map(|number| number.to_string());
                let (trials, wanted) = (check.found.trials.to_string(), check.wanted.to_string());
                let met = match check.standing {
                    Standing::Met => "yes",
                    Standing::Missed => "no",
                    Standing::Undecided => "undecided",
                    Standing::Unjudged => "",
                };
                let middle = [&check.what, met, &mean, &lower, &upper, &trials, &wanted];
                row(&[&start[..], &middle[..], &end[..]].concat());
            }
            if verdict.checks.is_empty() {
                row(&[&start[..], &[""; 7][..], &end[..]].concat());
            }
        }
        let bytes = writer.into_inner().expect("writing to memory succeeds");
        String::from_utf8(bytes).expect("the cells were text")
    }
}
