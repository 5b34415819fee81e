//! Claims about the plasticity coefficients θ.

use crate::check::Check;
use crate::kept::GONE;
use crate::results::Results;
use crate::verdict::Claim;
use plots::stats::{Bootstrap, Interval};

/// The terms that the paper finds to stay.
const STAY: [&str; 3] = ["F0", "F2", "F9"];

pub(super) const C2: Claim = Claim {
    id: "C2",
    figure: "Fig. 3c",
    targets: &["fig3"],
    statement: "The coefficient of the pseudo-gradient converges by about episode 100.",
    paper: "by ~100 episodes",
    criterion: "Over episodes 95 to 105, θ0 is within a fifth of what it is at the end, for \
                BP and for FA.",
    episodes: 200,
    judge: |results| {
        Some(vec![
            Check::within(
                "θ0 at 100 / at the end, BP",
                reached(results, "bp")?,
                0.8,
                1.2,
            ),
            Check::within(
                "θ0 at 100 / at the end, FA",
                reached(results, "fa")?,
                0.8,
                1.2,
            ),
        ])
    },
};

pub(super) const C5: Claim = Claim {
    id: "C5",
    figure: "Fig. 4d",
    targets: &["fig4"],
    statement: "The L1 penalty leaves θ0, θ2 and θ9; the other seven coefficients go to about \
                zero by about episode 600.",
    paper: "θ0, θ2, θ9 stay",
    criterion: "At the end the mean of |θ_r| is at least 5e−4 for r = 0, 2 and 9, and below \
                that for the other seven (bio arrives at θ9 of about 5e−3).",
    episodes: 600,
    judge: |results| {
        let terms = &results.run("pool")?.terms;
        terms
            .iter()
            .map(|term| {
                let trials = results.theta("pool", term)?.map(f64::abs);
                let size = trials.interval(trials.end())?;
                let what = format!("|θ{}|", term.trim_start_matches('F'));
                Some(if STAY.contains(&term.as_str()) {
                    Check::at_least(what, size, GONE)
                } else {
                    Check::at_most(what, size, GONE)
                })
            })
            .collect()
    },
};

/// θ_0 around episode 100 by θ_0 at the end, trial by trial.
fn reached(results: &Results, name: &str) -> Option<Interval> {
    let trials = results.theta(name, "F0")?;
    let (then, end) = (trials.means(95..106), trials.means(trials.end()));
    let shares: Vec<f64> = then
        .iter()
        .zip(&end)
        .map(|(then, end)| then / end)
        .collect();
    Bootstrap::new(shares.len()).interval(&shares)
}
