//! What a claim comes down to: a number, and what it had to be.

use std::fmt;

use plots::stats::Interval;
use plots::{digits, label};

use crate::measured::Measured;

/// One thing that a claim needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What was measured.
    pub what: String,
    /// What came out.
    pub found: Measured,
    /// What it had to be.
    pub wanted: Wanted,
    /// Whether it was.
    pub standing: Standing,
}

/// What a number has to be. The whole of its interval decides, for equality as for
/// inequality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// Between two bounds.
    Within(f64, f64),
    /// Below the first or above the second of two bounds.
    Outside(f64, f64),
    /// Above a bound.
    Above(f64),
    /// Below a bound.
    Below(f64),
}

/// Whether a check was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The whole interval lies where it should not.
    Missed,
    /// The interval reaches across a bound.
    Undecided,
    /// There are too few trials or episodes to judge it, or the data are not those that
    /// it is about.
    Unjudged,
    /// The whole interval lies where it should.
    Met,
}

/// Fewer trials than these decide nothing.
pub const ENOUGH_TRIALS: usize = 5;

impl Standing {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Missed => "not met",
            Standing::Undecided => "undecided",
            Standing::Unjudged => "not judged",
            Standing::Met => "met",
        }
    }
}

impl Wanted {
    /// How an interval stands to it.
    fn of(self, Interval { lower, upper, .. }: Interval) -> Standing {
        let (met, missed) = match self {
            Wanted::Within(low, high) => {
                (low <= lower && upper <= high, upper < low || high < lower)
            }
            Wanted::Outside(low, high) => {
                (upper < low || high < lower, low <= lower && upper <= high)
            }
            Wanted::Above(bound) => (lower > bound, upper <= bound),
            Wanted::Below(bound) => (upper < bound, lower >= bound),
        };
        match (met, missed) {
            (true, _) => Standing::Met,
            (_, true) => Standing::Missed,
            _ => Standing::Undecided,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Wanted::Within(low, high) => write!(f, "within {} to {}", label(low), label(high)),
            Wanted::Outside(low, high) => write!(f, "outside {} to {}", label(low), label(high)),
            Wanted::Above(bound) => write!(f, "surely above {}", label(bound)),
            Wanted::Below(bound) => write!(f, "surely below {}", label(bound)),
        }
    }
}

impl Check {
    /// That what was found is what was wanted.
    pub fn new(what: impl Into<String>, found: Measured, wanted: Wanted) -> Check {
        let standing = if found.trials < ENOUGH_TRIALS {
            Standing::Unjudged
        } else {
            wanted.of(found.value)
        };
        Check {
            what: what.into(),
            found,
            wanted,
            standing,
        }
    }

    /// The same, not judged.
    pub(crate) fn unjudged(self) -> Check {
        Check {
            standing: Standing::Unjudged,
            ..self
        }
    }

    /// What came out and its interval, as text: the latter in brackets, and empty if there
    /// is none.
    pub fn numbers(&self) -> (String, String) {
        let Interval { mean, lower, upper } = self.found.value;
        let [mean, low, high] = [mean, lower, upper].map(|number| digits(number, 3));
        let interval = if lower.is_finite() && upper.is_finite() {
            format!("[{low}, {high}]")
        } else {
            String::new()
        };
        (mean, interval)
    }
}

/// What was measured, with its interval, and what was wanted.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mean, interval) = self.numbers();
        let gap = if interval.is_empty() { "" } else { " " };
        write!(
            f,
            "{}: {mean}{gap}{interval}, wanted {}",
            self.what, self.wanted
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(wanted: Wanted, lower: f64, upper: f64, trials: usize) -> Standing {
        let mean = f64::midpoint(lower, upper);
        let value = Interval { mean, lower, upper };
        Check::new("x", Measured { value, trials }, wanted).standing
    }

    #[test]
    fn the_whole_interval_decides_and_one_across_a_bound_decides_nothing() {
        use Standing::{Met, Missed, Undecided};
        let cases = [
            (
                Wanted::Within(0.2, 0.3),
                [(0.21, 0.29, Met), (0.1, 0.15, Missed), (0.31, 0.4, Missed)],
            ),
            (
                Wanted::Within(0.2, 0.3),
                [
                    (0.19, 0.29, Undecided),
                    (0.25, 0.31, Undecided),
                    (0.1, 0.4, Undecided),
                ],
            ),
            (
                Wanted::Outside(-1.0, 1.0),
                [(-3.0, -2.0, Met), (2.0, 3.0, Met), (-0.5, 0.5, Missed)],
            ),
            (
                Wanted::Outside(-1.0, 1.0),
                [
                    (-2.0, -0.5, Undecided),
                    (0.5, 2.0, Undecided),
                    (-2.0, 2.0, Undecided),
                ],
            ),
            (
                Wanted::Above(0.0),
                [
                    (0.1, 0.2, Met),
                    (-0.2, -0.1, Missed),
                    (-0.1, 0.1, Undecided),
                ],
            ),
            (
                Wanted::Below(0.0),
                [
                    (-0.2, -0.1, Met),
                    (0.1, 0.2, Missed),
                    (-0.1, 0.1, Undecided),
                ],
            ),
            // The bound itself is not above it.
            (
                Wanted::Above(0.0),
                [
                    (0.0, 0.1, Undecided),
                    (-0.1, 0.0, Missed),
                    (0.0, 0.0, Missed),
                ],
            ),
            // An interval without ends decides nothing.
            (
                Wanted::Above(0.0),
                [(f64::NEG_INFINITY, f64::INFINITY, Undecided); 3],
            ),
        ];
        for (wanted, intervals) in cases {
            for (lower, upper, want) in intervals {
                assert_eq!(
                    standing(wanted, lower, upper, 20),
                    want,
                    "{wanted}: {lower} to {upper}"
                );
            }
        }
    }

    #[test]
    fn fewer_than_five_trials_are_not_judged_whatever_they_say() {
        for trials in [1, 4] {
            assert_eq!(
                standing(Wanted::Above(0.0), 1.0, 1.0, trials),
                Standing::Unjudged
            );
        }
        assert_eq!(standing(Wanted::Above(0.0), 1.0, 1.0, 5), Standing::Met);
    }

    #[test]
    fn a_check_reads_as_a_sentence() {
        let value = Interval {
            mean: 0.5,
            lower: 0.4,
            upper: 0.6,
        };
        let check = Check::new(
            "accuracy",
            Measured { value, trials: 20 },
            Wanted::Within(0.2, 0.3),
        );
        assert_eq!(
            check.to_string(),
            "accuracy: 0.5 [0.4, 0.6], wanted within 0.2 to 0.3"
        );
        let value = Interval {
            mean: 0.5,
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
        };
        let check = Check::new(
            "accuracy",
            Measured { value, trials: 1 },
            Wanted::Above(0.2),
        );
        assert_eq!(check.to_string(), "accuracy: 0.5, wanted surely above 0.2");
    }
}
