//! Claims and what became of them.

use crate::check::{Check, Standing};
use crate::experiments::FrozenExperiment;
use crate::results::Results;
use crate::target::Target;

/// A claim, with the criterion by which it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// "C1" to "C16" for the paper's, "B1" and so on beyond it.
    pub id: &'static str,
    /// Where the paper makes it, or the target that shows it.
    pub figure: &'static str,
    /// The targets that bring the runs it is judged by.
    pub targets: &'static [&'static str],
    /// What is claimed.
    pub statement: &'static str,
    /// The paper's numbers, or where else it is expected from.
    pub paper: &'static str,
    /// When it counts as held.
    pub criterion: &'static str,
    /// Fewer episodes than these do not reach what it is about.
    pub episodes: u64,
    /// Whether it names numbers of EMNIST or MNIST, which other data need not show.
    pub of_real_data: bool,
    /// Whether one check that is met is enough; otherwise it takes all.
    pub any: bool,
    /// Its checks; `None` if a run is missing, or nothing of it is left.
    pub(crate) judge: fn(&Results) -> Option<Vec<Check>>,
}

impl Claim {
    /// The experiments of all kinds that it is judged by.
    fn experiments(&self) -> impl Iterator<Item = &'static str> {
        let targets = self.targets.iter().filter_map(|name| Target::named(name));
        let mut names: Vec<&str> = targets.flat_map(Target::names).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }
}

/// Episodes by which learning has converged.
pub(crate) const CONVERGED: u64 = 200;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that it needs was met.
    Held,
    /// Something that it needs was missed.
    NotHeld,
    /// Nothing was missed, but an interval reaches across its bound.
    Undecided,
    /// There was nothing to judge, or too little.
    NotTested,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 4] = [
        Outcome::Held,
        Outcome::NotHeld,
        Outcome::Undecided,
        Outcome::NotTested,
    ];

    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Held => "held",
            Outcome::NotHeld => "not held",
            Outcome::Undecided => "undecided",
            Outcome::NotTested => "not tested",
        }
    }

    /// Of checks that must all be met, or of which `any` one is enough.
    fn of(checks: &[Check], any: bool) -> Outcome {
        let has = |standing| checks.iter().any(|check| check.standing == standing);
        let only = |standing| checks.iter().all(|check| check.standing == standing);
        if any {
            match () {
                () if has(Standing::Met) => Outcome::Held,
                () if has(Standing::Unjudged) => Outcome::NotTested,
                () if only(Standing::Missed) => Outcome::NotHeld,
                () => Outcome::Undecided,
            }
        } else {
            match () {
                () if has(Standing::Missed) => Outcome::NotHeld,
                () if has(Standing::Unjudged) => Outcome::NotTested,
                () if has(Standing::Undecided) => Outcome::Undecided,
                () => Outcome::Held,
            }
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
    /// What decided, why it was not judged, and in what the runs differ from the paper's;
    /// may be empty.
    pub note: String,
}

impl Verdict {
    /// Judges a claim by what the runs came to.
    pub fn of(claim: &'static Claim, results: &Results) -> Verdict {
        let Some(mut checks) = (claim.judge)(results) else {
            return Verdict {
                claim,
                outcome: Outcome::NotTested,
                checks: Vec::new(),
                note: missing(claim, results),
            };
        };
        let why_not = unfit(claim, results);
        if why_not.is_some() {
            checks = checks.into_iter().map(Check::unjudged).collect();
        }
        let outcome = Outcome::of(&checks, claim.any);
        let why = match outcome {
            Outcome::NotHeld => decided(&checks, Standing::Missed),
            Outcome::Undecided => decided(&checks, Standing::Undecided),
            Outcome::NotTested => why_not.or_else(|| too_few_trials(&checks)),
            Outcome::Held => None,
        };
        let notes = why.into_iter().chain(caution(claim, results));
        Verdict {
            claim,
            outcome,
            checks,
            note: notes.collect::<Vec<_>>().join("; "),
        }
    }
}

/// Which checks decided against a claim.
fn decided(checks: &[Check], standing: Standing) -> Option<String> {
    let them = checks.iter().filter(|check| check.standing == standing);
    let them: Vec<&str> = them.map(|check| check.what.as_str()).collect();
    Some(format!("decided by {}", them.join(", ")))
}

/// Why runs cannot decide a claim, whatever came out.
fn unfit(claim: &Claim, results: &Results) -> Option<String> {
    let context = &results.context;
    if claim.of_real_data && context.synthetic {
        return Some("synthetic data; the claim is about numbers of EMNIST or MNIST".to_owned());
    }
    let episodes = context.episodes.filter(|n| *n < claim.episodes)?;
    Some(format!(
        "needs runs of at least {} episodes, these have {episodes}",
        claim.episodes
    ))
}

fn too_few_trials(checks: &[Check]) -> Option<String> {
    let fewest = checks.iter().map(|check| check.found.trials).min()?;
    let enough = crate::check::ENOUGH_TRIALS;
    Some(format!(
        "needs at least {enough} trials, these are {fewest}"
    ))
}

/// Why there is nothing to check.
fn missing(claim: &Claim, results: &Results) -> String {
    let lacks = |name: &&&str| {
        Target::named(name).is_none_or(|target| {
            let runs = target.experiments.iter().any(|e| results.run(e).is_none());
            let online = target.online.iter().any(|e| results.online(e).is_none());
            runs || online
        })
    };
    let targets: Vec<&str> = claim.targets.iter().filter(lacks).copied().collect();
    let tests = claim
        .experiments()
        .filter(|name| FrozenExperiment::find(name).is_some() && results.frozen(name).is_none());
    let data: Vec<&str> = tests
        .filter_map(|name| FrozenExperiment::find(name)?.data)
        .collect();
    if !targets.is_empty() {
        format!("needs reproduce {}", targets.join(" "))
    } else if let Some(first) = data.first() {
        format!("needs the data set {first}, which was not found")
    } else {
        "nothing that it looks at came out as a number".to_owned()
    }
}

/// What diverged, and in what the runs differ from the paper's.
fn caution(claim: &Claim, results: &Results) -> Vec<String> {
    let context = &results.context;
    let mut notes = Vec::new();
    let lost = results.lost(claim.experiments());
    if lost > 0 {
        let episodes = if lost == 1 { "episode" } else { "episodes" };
        notes.push(format!(
            "{lost} diverged {episodes}, which count as chance accuracy"
        ));
    }
    if context.quick {
        notes.push("--quick".to_owned());
    }
    notes.extend(context.differences_of_all(claim.experiments()));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Wanted;
    use crate::measured::Measured;
    use plots::stats::Interval;

    fn check(standing: Standing) -> Check {
        let value = Interval {
            mean: 0.0,
            lower: 0.0,
            upper: 0.0,
        };
        Check {
            standing,
            ..Check::new("x", Measured { value, trials: 20 }, Wanted::Above(0.0))
        }
    }

    #[test]
    fn all_checks_must_be_met_or_any_one_of_them() {
        use Standing::{Met, Missed, Undecided, Unjudged};
        for (standings, all, any) in [
            (vec![Met, Met], Outcome::Held, Outcome::Held),
            (vec![Met, Missed], Outcome::NotHeld, Outcome::Held),
            (vec![Met, Undecided], Outcome::Undecided, Outcome::Held),
            (
                vec![Missed, Undecided],
                Outcome::NotHeld,
                Outcome::Undecided,
            ),
            (vec![Missed, Missed], Outcome::NotHeld, Outcome::NotHeld),
            (vec![Met, Unjudged], Outcome::NotTested, Outcome::Held),
            (
                vec![Unjudged, Unjudged],
                Outcome::NotTested,
                Outcome::NotTested,
            ),
        ] {
            let checks: Vec<Check> = standings.iter().copied().map(check).collect();
            assert_eq!(Outcome::of(&checks, false), all, "all of {standings:?}");
            assert_eq!(Outcome::of(&checks, true), any, "any of {standings:?}");
        }
    }
}
