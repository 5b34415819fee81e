//! Claims and what became of them.

use crate::check::{Check, Standing};
use crate::experiments::TRIALS;
use crate::results::{Context, Results};
use crate::target::Target;

/// A claim of the paper, with the criterion by which it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// "C1" to "C12".
    pub id: &'static str,
    /// Where the paper makes it.
    pub figure: &'static str,
    /// The targets that bring the runs it is judged by.
    pub targets: &'static [&'static str],
    /// What is claimed.
    pub statement: &'static str,
    /// The paper's numbers.
    pub paper: &'static str,
    /// When it counts as held.
    pub criterion: &'static str,
    /// Fewer episodes than these do not reach what it is about.
    pub episodes: u64,
    /// The checks that all must be met; `None` if a run is missing, or nothing of it is
    /// left.
    pub(crate) judge: fn(&Results) -> Option<Vec<Check>>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No check was missed.
    Held,
    /// A check was missed.
    NotHeld,
    /// There was nothing to check.
    NotTested,
}

impl Outcome {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Held => "held",
            Outcome::NotHeld => "not held",
            Outcome::NotTested => "not tested",
        }
    }
}

/// A claim, judged.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The claim.
    pub claim: &'static Claim,
    /// What became of it.
    pub outcome: Outcome,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What to bear in mind about it; may be empty.
    pub note: String,
}

impl Verdict {
    /// Judges a claim by what the runs came to.
    pub fn of(claim: &'static Claim, results: &Results) -> Verdict {
        let context = &results.context;
        let untested = |note: String| Verdict {
            claim,
            outcome: Outcome::NotTested,
            checks: Vec::new(),
            note,
        };
        if let Some(episodes) = context.episodes.filter(|n| *n < claim.episodes) {
            return untested(format!(
                "needs runs of at least {} episodes, these have {episodes}",
                claim.episodes
            ));
        }
        match (claim.judge)(results) {
            None => untested(missing(claim, results)),
            Some(checks) => Verdict {
                claim,
                outcome: if checks
                    .iter()
                    .all(|check| check.standing != Standing::Missed)
                {
                    Outcome::Held
                } else {
                    Outcome::NotHeld
                },
                checks,
                note: caution(context),
            },
        }
    }
}

/// Why there is nothing to check.
fn missing(claim: &Claim, results: &Results) -> String {
    let lacks = |name: &&&str| {
        Target::named(name).is_none_or(|target| {
            let (mut runs, mut online) = (target.experiments.iter(), target.online.iter());
            runs.any(|e| results.run(e).is_none()) || online.any(|e| results.online(e).is_none())
        })
    };
    let targets: Vec<&str> = claim.targets.iter().filter(lacks).copied().collect();
    if targets.is_empty() {
        "all episodes that it looks at diverged".to_owned()
    } else {
        format!("needs reproduce {}", targets.join(" "))
    }
}

/// How the runs differ from the paper's; empty if they do not.
fn caution(context: &Context) -> String {
    let mut notes = Vec::new();
    if context.synthetic {
        notes.push("synthetic data; the claim is about EMNIST".to_owned());
    }
    let quick = if context.quick { "--quick: " } else { "" };
    match context.episodes {
        Some(episodes) => notes.push(format!(
            "{quick}{} trials of {episodes} episodes",
            context.trials
        )),
        None if context.trials != TRIALS => {
            notes.push(format!("{quick}{} trials", context.trials));
        }
        None => {}
    }
    notes.join("; ")
}
