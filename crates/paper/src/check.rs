//! What a claim comes down to: a number, and what it had to be.

use std::fmt;

use plots::stats::Interval;
use plots::{digits, label};

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
