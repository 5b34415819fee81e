//! Claims about the plasticity coefficients θ.

use super::CLAIM;
use crate::check::{Check, Wanted};
use crate::experiments::STAY;
use crate::frozen::FrozenMetrics;
use crate::measured::{Measured, paired};
use crate::results::Results;
use crate::verdict::Claim;

/// One step of the outer optimiser, the finest difference from 0 that it can show.
pub(crate) const ONE_STEP: f64 = 1e-3;

pub(super) const C2: Claim = Claim {
    id: "C2",
    figure: "Fig. 3c",
    targets: &["fig3"],
    statement: "The coefficient of the pseudo-gradient converges by about episode 100.",
    paper: "by ~100 episodes",
    criterion: "Over episodes 95 to 105, θ0 is within a fifth of what it is at the end, for \
                BP and for FA.",
    of_real_data: true,
    judge: |results| {
        let each = [("bp", "BP"), ("fa", "FA")].map(|(name, label)| {
            let what = format!("θ0 at 100 / at the end, {label}");
            Some(Check::new(
                what,
                reached(results, name)?,
                Wanted::Within(0.8, 1.2),
            ))
        });
        each.into_iter().collect()
    },
    ..CLAIM
};

pub(super) const C5: Claim = Claim {
    id: "C5",
    figure: "Fig. 4d",
    targets: &["fig4"],
    statement: "The L1 penalty leaves θ0, θ2 and θ9; the other seven coefficients go to about \
                zero by about episode 600.",
    paper: "θ0, θ2, θ9 stay",
    criterion: "As plotted: at the end the mean of θ_r over trials is within −1e−3 to 1e−3, one \
                step of the optimiser, for the seven, and surely outside it for r = 0, 2 and 9. \
                As meant: setting the seven to 0 in the final rules changes the accuracy on \
                fresh tasks by surely less than 0.02.",
    episodes: 600,
    judge: |results| {
        let terms = &results.run("pool")?.terms;
        let mut checks: Option<Vec<Check>> = terms
            .iter()
            .map(|term| {
                let trials = results.theta("pool", term)?;
                let mean = Measured::mean(&trials.means(trials.end()))?;
                let wanted = if STAY.contains(&term.as_str()) {
                    Wanted::Outside(-ONE_STEP, ONE_STEP)
                } else {
                    Wanted::Within(-ONE_STEP, ONE_STEP)
                };
                let what = format!("θ{}", term.trim_start_matches('F'));
                Some(Check::new(what, mean, wanted))
            })
            .collect();
        let accuracy = |test| results.frozen(test).map(FrozenMetrics::accuracy);
        let (three, ten) = (accuracy("frozen-pool-three")?, accuracy("frozen-pool")?);
        let change = Measured::difference(&three, &ten)?;
        let what = "accuracy with the seven at 0 − with all ten";
        checks.iter_mut().for_each(|checks| {
            checks.push(Check::new(what, change, Wanted::Within(-0.02, 0.02)));
        });
        checks
    },
    ..CLAIM
};

/// θ_0 around episode 100 by θ_0 at the end, trial by trial.
fn reached(results: &Results, name: &str) -> Option<Measured> {
    let trials = results.theta(name, "F0")?;
    let (then, end) = (trials.means(95..106), trials.means(trials.end()));
    Measured::mean(&paired(&then, &end, |then, end| then / end)?)
}
