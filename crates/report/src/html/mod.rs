//! Reports as one self-contained HTML page that opens offline.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::axis::digits;
use crate::draw::{self, HEIGHT, WIDTH};
use crate::figure::{Figure, Panel};
use crate::palette::Colour;
use crate::report::{Report, Setting};
use crate::stats::Interval;
use crate::table::Table;
use crate::verdict::{Check, Outcome, Standing, Verdict};

mod readout;

/// Checks of a claim that are shown at once; the others unfold.
const CHECKS_SHOWN: usize = 3;

/// A page, from top to bottom.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// Its heading.
    pub(crate) title: String,
    /// A sentence beneath.
    pub(crate) lead: String,
    /// What to bear in mind throughout.
    pub(crate) badges: Vec<String>,
    /// The verdicts; may be none.
    pub(crate) verdicts: &'a [Verdict],
    /// The figures.
    pub(crate) figures: &'a [Figure],
    /// The tables.
    pub(crate) tables: Vec<&'a Table>,
    /// The configurations.
    pub(crate) settings: &'a [Setting],
    /// Whether each figure and table stands beside the page as files too.
    pub(crate) files: bool,
}

impl<'a> Page<'a> {
    /// The page of a reproduction.
    pub(crate) fn of_paper(report: &'a Report) -> Page<'a> {
        let context = &report.context;
        let mut badges = Vec::new();
        if context.synthetic {
            badges.push("synthetic data".to_owned());
        }
        if context.quick {
            badges.push("--quick".to_owned());
        }
        let episodes = match context.episodes {
            Some(episodes) => format!(" of {episodes} episodes"),
            None => String::new(),
        };
        Page {
            title: "Plasticity rules with random feedback, reproduced".to_owned(),
            lead: format!(
                "{} trials{episodes} on {}, seed {}, by metaplast {}.",
                context.trials,
                context.data,
                context.seed,
                env!("CARGO_PKG_VERSION")
            ),
            badges,
            verdicts: &report.verdicts,
            figures: &report.figures,
            tables: report.tables.iter().map(|(table, _)| table).collect(),
            settings: &report.settings,
            files: true,
        }
    }

    /// The whole page.
    pub(crate) fn to_html(&self) -> String {
        let style = include_str!("page.css").to_owned() + &palette();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – Metaplast" }
                    style { (PreEscaped(style)) }
                }
                body {
                    header {
                        p.brand { "Metaplast" }
                        h1 { (self.title) }
                        p.lead {
                            (self.lead)
                            @for badge in &self.badges { " " span.badge { (badge) } }
                        }
                        (self.contents())
                    }
                    main {
                        @if !self.verdicts.is_empty() { (self.verdict_table()) }
                        @for figure in self.figures { (self.figure(figure)) }
                        @for table in &self.tables { (self.table(table)) }
                        (self.settings())
                    }
                    script type="application/json" id="readout" {
                        (PreEscaped(readout::json(self.figures)))
                    }
                    script { (PreEscaped(include_str!("page.js"))) }
                }
            }
        };
        page.into_string()
    }

    fn contents(&self) -> Markup {
        html! {
            nav aria-label="Contents" {
                @if !self.verdicts.is_empty() { a href="#verdicts" { "Verdicts" } }
                @for figure in self.figures { a href={ "#" (figure.id) } { (figure.id) } }
                @for table in &self.tables { a href={ "#" (table.id) } { (table.id) } }
                a href="#settings" { "Settings" }
            }
        }
    }

    fn verdict_table(&self) -> Markup {
        let count = |outcome| {
            self.verdicts
                .iter()
                .filter(|v| v.outcome == outcome)
                .count()
        };
        html! {
            section id="verdicts" {
                h2 { "Verdicts" }
                p.tally {
                    @for outcome in [Outcome::Held, Outcome::NotHeld, Outcome::NotTested] {
                        span.pill.(class(outcome)) { (count(outcome)) " " (outcome.name()) } " "
                    }
                }
                div.scroll {
                    table.verdicts {
                        thead { tr {
                            th scope="col" { "Claim" }
                            th scope="col" { "Paper" }
                            th scope="col" { "Ours, with 98 % interval" }
                            th scope="col" { "Verdict" }
                        } }
                        tbody { @for verdict in self.verdicts { (row(verdict)) } }
                    }
                }
            }
        }
    }

    fn figure(&self, figure: &Figure) -> Markup {
        html! {
            section id=(figure.id) {
                h2 { (figure.title) " " span.id { (figure.id) } }
                div.panels {
                    @for (i, panel) in figure.panels.iter().enumerate() {
                        (panel_figure(figure, i, panel))
                    }
                }
                p.caption { (figure.caption) }
                @if self.files { (files(&figure.id, &["svg", "png", "csv"])) }
            }
        }
    }

    fn table(&self, table: &Table) -> Markup {
        html! {
            section id=(table.id) {
                h2 { (table.title) " " span.id { (table.id) } }
                div.scroll {
                    table.numbers {
                        thead { tr { @for cell in &table.header { th scope="col" { (cell) } } } }
                        tbody {
                            @for cells in &table.rows {
                                tr {
                                    @for (i, cell) in cells.iter().enumerate() {
                                        @if i == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                                    }
                                }
                            }
                        }
                    }
                }
                p.caption { (table.caption) }
                @if self.files { (files(&table.id, &["csv", "md"])) }
            }
        }
    }

    fn settings(&self) -> Markup {
        html! {
            section id="settings" {
                h2 { "Settings" }
                @for setting in self.settings {
                    details {
                        summary { (setting.name) }
                        pre { (setting.text) }
                    }
                }
            }
        }
    }
}

fn files(id: &str, endings: &[&str]) -> Markup {
    html! {
        p.files {
            @for ending in endings {
                a href={ (id) "." (ending) } { (id) "." (ending) } " "
            }
        }
    }
}

fn panel_figure(figure: &Figure, i: usize, panel: &Panel) -> Markup {
    let id = format!("{}-{i}", figure.id);
    let names: Vec<&str> = panel.series.iter().map(|s| s.name.as_str()).collect();
    let help = format!(
        "{}: {} by {}, of {}. Arrow keys read out values.",
        panel.title,
        panel.y.label,
        panel.x.label,
        names.join(", ")
    );
    html! {
        figure.panel id=(id) {
            figcaption { (panel.title) }
            svg viewBox={ "0 24 " (WIDTH) " " (HEIGHT - 24.0) } role="img" tabindex="0" aria-label=(help) {
                (draw::panel(panel, &id, false))
            }
            div.tip hidden {}
            output.sr aria-live="polite" {}
        }
    }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Held => "held",
        Outcome::NotHeld => "not-held",
        Outcome::NotTested => "not-tested",
    }
}

fn standing_class(standing: Standing) -> &'static str {
    match standing {
        Standing::Missed => "missed",
        Standing::Met => "met",
    }
}

fn row(verdict: &Verdict) -> Markup {
    let claim = verdict.claim;
    // What decided against a claim comes first.
    let mut checks: Vec<&Check> = verdict.checks.iter().collect();
    checks.sort_by_key(|check| check.standing);
    let (shown, folded) = checks.split_at(checks.len().min(CHECKS_SHOWN));
    let missed = folded
        .iter()
        .filter(|check| check.standing == Standing::Missed);
    let missed = missed.count();
    html! {
        tr {
            td.claim {
                p { strong { (claim.id) } " " span.where { (claim.figure) } }
                p { (claim.statement) }
                details { summary { "Criterion" } p { (claim.criterion) } }
            }
            td.paper { (claim.paper) }
            td.ours {
                @if verdict.checks.is_empty() { p.note { (verdict.note) } }
                ul { @for check in shown { (item(check)) } }
                @if !folded.is_empty() {
                    details {
                        summary {
                            (folded.len()) " more"
                            @if missed > 0 { ", " (missed) " not met" }
                        }
                        ul { @for check in folded { (item(check)) } }
                    }
                }
            }
            td.verdict {
                span.pill.(class(verdict.outcome)) { (verdict.outcome.name()) }
                @if !verdict.checks.is_empty() && !verdict.note.is_empty() {
                    p.note { (verdict.note) }
                }
            }
        }
    }
}

fn item(check: &Check) -> Markup {
    let Interval { mean, lower, upper } = check.value;
    let [mean, lower, upper] = [mean, lower, upper].map(|number| digits(number, 3));
    html! {
        li.(standing_class(check.standing)) {
            span.what { (check.what) }
            span.value { (mean) " " span.interval { "[" (lower) ", " (upper) "]" } }
            span.wanted { "wanted " (check.wanted) }
        }
    }
}

/// The palette as style sheet, for both kinds of paper.
fn palette() -> String {
    let mut light = String::from(":root{");
    let mut dark = String::from("@media (prefers-color-scheme:dark){:root{");
    let mut rules = String::new();
    for colour in Colour::all() {
        let class = colour.class();
        light.push_str(&format!("--{class}:{};", colour.light()));
        dark.push_str(&format!("--{class}:{};", colour.dark()));
        rules.push_str(&format!(
            ".line.{class}{{stroke:var(--{class})}}.band.{class}{{fill:var(--{class})}}"
        ));
    }
    format!("{light}}}{dark}}}}}{rules}")
}
