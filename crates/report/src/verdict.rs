//! Claims and what became of them.

use std::fmt;

use crate::axis::{digits, label};
use crate::paper::{Context, Results, TRIALS, Target};
use crate::stats::Interval;

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

/// One thing that a claim needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What was measured.
    pub what: String,
    /// What came out.
    pub value: Interval,
    /// What it had to be.
    pub wanted: String,
    /// Whether it was.
    pub standing: Standing,
}

/// Whether a check was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It was not, which decides against its claim.
    Missed,
    /// It was.
    Met,
}

impl Standing {
    /// Of what was met or not.
    fn of(met: bool) -> Standing {
        if met { Standing::Met } else { Standing::Missed }
    }

    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Missed => "not met",
            Standing::Met => "met",
        }
    }
}

impl Check {
    /// That the mean lies between two numbers.
    pub fn within(what: impl Into<String>, value: Interval, low: f64, high: f64) -> Check {
        Check {
            what: what.into(),
            value,
            wanted: format!("{} to {}", label(low), label(high)),
            standing: Standing::of(low <= value.mean && value.mean <= high),
        }
    }

    /// That the mean is no less than a number.
    pub fn at_least(what: impl Into<String>, value: Interval, low: f64) -> Check {
        Check {
            what: what.into(),
            value,
            wanted: format!("≥ {}", label(low)),
            standing: Standing::of(value.mean >= low),
        }
    }

    /// That the mean is no more than a number.
    pub fn at_most(what: impl Into<String>, value: Interval, high: f64) -> Check {
        Check {
            what: what.into(),
            value,
            wanted: format!("≤ {}", label(high)),
            standing: Standing::of(value.mean <= high),
        }
    }

    /// That the whole interval lies above a number.
    pub fn surely_above(what: impl Into<String>, value: Interval, low: f64) -> Check {
        Check {
            what: what.into(),
            value,
            wanted: format!("surely > {}", label(low)),
            standing: Standing::of(value.lower > low),
        }
    }

    /// That the whole interval lies below a number.
    pub fn surely_below(what: impl Into<String>, value: Interval, high: f64) -> Check {
        Check {
            what: what.into(),
            value,
            wanted: format!("surely < {}", label(high)),
            standing: Standing::of(value.upper < high),
        }
    }
}

/// What was measured, with its interval, and what was wanted.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Interval { mean, lower, upper } = self.value;
        let [mean, lower, upper] = [mean, lower, upper].map(|number| digits(number, 3));
        let (what, wanted) = (&self.what, &self.wanted);
        write!(f, "{what}: {mean} [{lower}, {upper}], wanted {wanted}")
    }
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
