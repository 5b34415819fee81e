//! The page of a reproduction: what stands in it beside figures, tables and settings.

use maud::{Markup, html};
use plots::{Page, Section};

use crate::check::{Check, Standing};
use crate::report::Report;
use crate::study::Study;
use crate::verdict::{Outcome, Verdict};

/// Checks of a claim that are shown at once; the others unfold.
const CHECKS_SHOWN: usize = 3;

impl Report {
    /// How the results were made, and in what that differs from the paper.
    pub(crate) fn lead(&self) -> String {
        let context = &self.context;
        let episodes = match context.episodes {
            Some(episodes) => words::count(episodes, "episode"),
            None => "the paper’s number of episodes".to_owned(),
        };
        let names = self.targets.iter().flat_map(|target| target.names());
        let differences = context.differences_of_all(names);
        let told = if differences.is_empty() {
            "Everything is as in the paper.".to_owned()
        } else {
            format!("Not as in the paper: {}.", differences.join("; "))
        };
        format!(
            "{} of {episodes} on {}, seed {}, by metaplast {}. {told}",
            words::count(context.trials, "trial"),
            context.data,
            context.seed,
            env!("CARGO_PKG_VERSION")
        )
    }

    /// The page.
    pub(crate) fn page(&self) -> Page<'_> {
        let context = &self.context;
        let titles: Vec<&str> = Study::of(&self.targets).map(|study| study.title).collect();
        let mut badges = Vec::new();
        if context.synthetic {
            badges.push("synthetic data".to_owned());
        }
        if context.quick {
            badges.push("--quick".to_owned());
        }
        Page {
            title: titles.join("; "),
            lead: self.lead(),
            badges,
            sections: vec![verdicts(&self.verdicts)],
            figures: &self.figures,
            tables: self.tables.iter().map(|(table, _)| table).collect(),
            settings: &self.settings,
        }
    }
}

/// The verdicts in a table.
fn verdicts(verdicts: &[Verdict]) -> Section {
    let count = |outcome| verdicts.iter().filter(|v| v.outcome == outcome).count();
    let body = html! {
            p.tally {
                @for outcome in Outcome::ALL {
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
                    tbody { @for verdict in verdicts { (row(verdict)) } }
                }
            }
    };
    Section {
        id: "verdicts",
        title: "Verdicts",
        body,
    }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Held => "held",
        Outcome::NotHeld => "not-held",
        Outcome::Undecided => "undecided",
        Outcome::NotTested => "not-tested",
    }
}

fn standing_class(standing: Standing) -> &'static str {
    match standing {
        Standing::Missed => "missed",
        Standing::Undecided => "unsure",
        Standing::Unjudged => "unjudged",
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
                @if !verdict.note.is_empty() { p.note { (verdict.note) } }
            }
        }
    }
}

fn item(check: &Check) -> Markup {
    let (mean, interval) = check.numbers();
    html! {
        li.(standing_class(check.standing)) {
            span.what { (check.what) }
            span.value { (mean) " " span.interval { (interval) } }
            span.wanted { "wanted " (check.wanted.to_string()) }
        }
    }
}
