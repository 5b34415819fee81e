use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};
use model::{Rule, Term};
use plots::panels::{accuracy, angles_of, bands, coefficients_of};
use plots::{Colour, Figure, Page, Section, Series, Setting, Table, Trials, diverged};

use crate::measured::Results;
use crate::plan::Plan;

/// A page about a rule.
#[derive(Debug)]
pub struct Card {
    title: String,
    lead: String,
    badges: Vec<String>,
    rule: Rule,
    notes: Vec<String>,
    tables: Vec<Table>,
    figure: Figure,
    /// The commands that make the run and the card again.
    commands: String,
    /// What the run was made with, and its checksum.
    origin: String,
    setting: Setting,
}

/// The paper that all of this follows.
const PAPER: &str = "Shervani-Tabar, N. & Rosenbaum, R. Meta-learning biologically plausible \
                     plasticity rules with random feedback pathways. Nature Communications 14, \
                     1805 (2023). https://doi.org/10.1038/s41467-023-37562-1";

impl Card {
    pub(crate) fn new(plan: &Plan, results: &Results, tables: Vec<Table>) -> Card {
        let config = &plan.finished.config;
        let settings = &config.settings;
        let (rule, own) = (&settings.learner.rule, &plan.sets[0]);
        let sizes = settings.learner.network.sizes.iter().map(usize::to_string);
        let lead = format!(
            "{} feedback, meta-learned on {} ({} split, M = {}, K = {}, Q = {}) in a network of \
             {}: {} of {}, seed {}.",
            settings.learner.feedback.name(),
            own.name(),
            config.split,
            settings.tasks.ways,
            settings.tasks.shots,
            settings.tasks.queries,
            sizes.collect::<Vec<_>>().join("-"),
            words::count(settings.outer.trials, "trial"),
            words::count(settings.outer.episodes, "episode"),
            settings.seed
        );
        let mut badges = Vec::new();
        if own.is_synthetic() {
            badges.push("synthetic data".to_owned());
        }
        let mut notes = plan.notes.clone();
        if results.lost > 0 {
            notes.push("Some tests diverged; they count as guesses.".to_owned());
        }
        let folder = plan.ask.run.to_string_lossy();
        let again = format!("{folder}/config.toml");
        let commands = [
            words::command(["metaplast", "train", &again, "--out", "again"]),
            words::command(["metaplast", "verify", &folder]),
            words::command(["metaplast", "card", &folder]),
        ];
        let origin = format!(
            "Run by metaplast {} on {} with SHA-256 {}; its metrics.csv has SHA-256 {}. Card by \
             metaplast {}.",
            plan.finished.version,
            own.name(),
            own.checksum(),
            plan.finished.sum,
            env!("CARGO_PKG_VERSION")
        );
        Card {
            title: format!("Rule card: {}", rule.name),
            lead,
            badges,
            rule: rule.clone(),
            notes,
            tables,
            figure: figure(plan),
            commands: commands.join("\n"),
            origin,
            setting: plan.setting.clone(),
        }
    }

    /// As one HTML page that opens offline.
    pub fn to_html(&self) -> String {
        let page = Page {
            title: self.title.clone(),
            lead: self.lead.clone(),
            badges: self.badges.clone(),
            sections: vec![
                Section {
                    id: "rule",
                    title: "The rule",
                    body: self.rule_as_html(),
                },
                Section {
                    id: "repeat",
                    title: "Repeat it, cite it",
                    body: html! {
                        pre { (self.commands) }
                        p { (self.origin) }
                        p { (PAPER) }
                        @for note in &self.notes { p.note { (note) } }
                    },
                },
            ],
            figures: std::slice::from_ref(&self.figure),
            tables: self.tables.iter().collect(),
            settings: std::slice::from_ref(&self.setting),
        };
        page.to_html()
    }

    /// As Markdown, without the figure.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# {}\n\n{}\n\n## The rule\n\n", self.title, self.lead);
        for badge in &self.badges {
            let _ = write!(text, "*{badge}*\n\n");
        }
        text += "| term | text | locality |\n|---|---|---|\n";
        for (name, term, _) in self.terms() {
            let needs = term.needs();
            let _ = writeln!(text, "| {name} | `{term}` | {needs} |");
        }
        for line in self.also() {
            let _ = write!(text, "\n{line}\n");
        }
        let _ = write!(text, "\n```latex\n{}```\n", self.rule.to_latex());
        for table in &self.tables {
            let _ = write!(text, "\n## {}\n\n{}", table.title, table.to_markdown());
        }
        let _ = write!(
            text,
            "\n## Repeat it, cite it\n\n```sh\n{}\n```\n\n{}\n\n{PAPER}\n",
            self.commands, self.origin
        );
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        let config = &self.setting.text;
        let _ = write!(text, "\n## Settings\n\n```toml\n{config}```\n");
        text
    }

    /// The terms of W, then of B: what they are called, and the letter of the matrix.
    fn terms(&self) -> impl Iterator<Item = (String, &Term, char)> {
        let w = self.rule.terms.iter();
        let w = w.map(|term| (format!("{} of W", term.name), term, 'W'));
        let b = self.rule.back.iter();
        w.chain(b.map(|term| (format!("{} of B", term.name), term, 'B')))
    }

    /// What a rule says beside its terms.
    fn also(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (l, list) in (1..).zip(self.rule.layers.iter().flatten()) {
            let names = list.iter().map(|r| self.rule.terms[*r].name.as_str());
            let names: Vec<&str> = names.collect();
            lines.push(format!("Layer {l}: {}.", names.join(", ")));
        }
        for constant in &self.rule.constants {
            let (name, start) = (&constant.name, constant.start);
            lines.push(format!("The constant {name} starts at {start}."));
        }
        if self.rule.groups() > 1 {
            let shares = self.rule.populations.iter().map(f64::to_string);
            let shares: Vec<String> = shares.collect();
            lines.push(format!(
                "Units in groups of {}: a coefficient for each term and pair of them.",
                shares.join(", ")
            ));
        }
        lines
    }

    fn rule_as_html(&self) -> Markup {
        html! {
            div.scroll { table.terms {
                thead { tr {
                    th scope="col" { "term" }
                    th scope="col" { "text" }
                    th scope="col" { "formula" }
                    th scope="col" { "locality" }
                } }
                tbody { @for (name, term, matrix) in self.terms() { tr {
                    th scope="row" { (name) }
                    td { code { (term.to_string()) } }
                    td { (PreEscaped(term.expression().to_mathml(matrix))) }
                    td { (term.needs().to_string()) }
                } } }
            } }
            @for line in self.also() { p { (line) } }
            details { summary { "As LaTeX" } pre { (self.rule.to_latex()) } }
        }
    }
}

/// How the run went.
fn figure(plan: &Plan) -> Figure {
    let (metrics, rule) = (
        &plan.finished.metrics,
        &plan.finished.config.settings.learner.rule,
    );
    let curve = Series {
        name: rule.name.clone(),
        colour: Colour::BLUE,
        baseline: false,
        curve: Trials::of(metrics, |row| row.accuracy).curve(),
        diverged: diverged(metrics),
    };
    Figure {
        id: "curves".to_owned(),
        title: "How it was meta-learned".to_owned(),
        caption: format!(
            "Moving averages over episodes, means over trials, {}.",
            bands()
        ),
        panels: vec![
            accuracy(vec![curve]),
            coefficients_of(metrics, &rule.name),
            angles_of(metrics, &rule.name),
        ],
    }
}
