//! Claims about how well tasks are learned.

use plots::stats::mean;

use super::CLAIM;
use crate::check::{Check, Wanted};
use crate::experiments::GAINS;
use crate::measured::{Measured, paired};
use crate::results::Results;
use crate::transfer::TRANSFERS;
use crate::verdict::Claim;

pub(super) const C1: Claim = Claim {
    id: "C1",
    figure: "Fig. 3a",
    targets: &["fig3"],
    statement: "After convergence backpropagation reaches about 70 % accuracy, feedback \
                alignment about 25 %.",
    paper: "BP 0.70, FA 0.25",
    criterion: "At the end the accuracy of BP is within 0.65 to 0.75 and that of FA within 0.20 \
                to 0.30.",
    of_real_data: true,
    judge: |results| {
        let accuracy = |name| Measured::mean(&results.accuracy_at_end(name)?);
        Some(vec![
            Check::new(
                "accuracy of BP",
                accuracy("bp")?,
                Wanted::Within(0.65, 0.75),
            ),
            Check::new(
                "accuracy of FA",
                accuracy("fa")?,
                Wanted::Within(0.20, 0.30),
            ),
        ])
    },
    ..CLAIM
};

pub(super) const C4: Claim = Claim {
    id: "C4",
    figure: "Fig. 4a",
    targets: &["fig4"],
    statement: "The pool starts like feedback alignment, rises from about episode 10 on, and \
                is near backpropagation by about episode 300.",
    paper: "like FA at first, near BP by ~300",
    criterion: "The first episode whose trailing mean of eleven (fewer at the start) of the \
                accuracy of the pool − FA, over trials, exceeds 0.05 is within 3 to 30; pool − FA \
                is surely above 0 over episodes 40 to 60, and BP − pool surely below 0.1 over \
                episodes 290 to 310.",
    episodes: 311,
    of_real_data: true,
    judge: |results| {
        let gain = |one, other, episodes: std::ops::Range<usize>| {
            let of = |name| Some(results.accuracy(name)?.means(episodes.clone()));
            Measured::difference(&of(one)?, &of(other)?)
        };
        Some(vec![
            Check::new(
                "episode at which the pool leaves FA",
                parting(results)?,
                Wanted::Within(3.0, 30.0),
            ),
            Check::new(
                "pool − FA, episodes 40 to 60",
                gain("pool", "fa", 40..61)?,
                Wanted::Above(0.0),
            ),
            Check::new(
                "BP − pool, episodes 290 to 310",
                gain("bp", "pool", 290..311)?,
                Wanted::Below(0.1),
            ),
        ])
    },
    ..CLAIM
};

pub(super) const C6: Claim = Claim {
    id: "C6",
    figure: "Fig. S2",
    targets: &["figs2"],
    statement: "The rule of three terms performs like the pool of ten.",
    paper: "like the pool",
    criterion: "At the end the accuracy of bio − that of the pool is within −0.05 to 0.05.",
    judge: |results| {
        let gap = results.gain("bio", "pool")?;
        Some(vec![Check::new(
            "accuracy, bio − pool",
            gap,
            Wanted::Within(-0.05, 0.05),
        )])
    },
    ..CLAIM
};

pub(super) const C14: Claim = Claim {
    id: "C14",
    figure: "Discussion",
    targets: &["fig3", "figs2"],
    statement: "Oja’s term, which is not bound to imitate backpropagation, can take a rule with \
                fixed feedback past it.",
    paper: "bio above BP",
    criterion: "At the end the accuracy of bio − that of BP is surely above 0.",
    judge: |results| {
        let gain = results.gain("bio", "bp")?;
        Some(vec![Check::new(
            "accuracy, bio − BP",
            gain,
            Wanted::Above(0.0),
        )])
    },
    ..CLAIM
};

pub(super) const C15: Claim = Claim {
    id: "C15",
    figure: "Discussion",
    targets: &["gains"],
    statement: "Adding Oja’s term to backpropagation accelerates learning in poorly initialised \
                networks.",
    paper: "BP + Oja above BP",
    criterion: "At the end, with θ meta-learned for each size of the initial weights (0.1, 0.3 \
                and 3 times Xavier’s), the accuracy of BP + F9 − that of BP is surely above 0 \
                for at least one of them.",
    any: true,
    judge: |results| {
        let poor = GAINS.iter().filter(|(gain, ..)| *gain != 1.0);
        poor.map(|(gain, bp, both)| {
            let what = format!("accuracy, BP + F9 − BP, gain {gain}");
            Some(Check::new(
                what,
                results.gain(both, bp)?,
                Wanted::Above(0.0),
            ))
        })
        .collect()
    },
    ..CLAIM
};

pub(super) const C16: Claim = Claim {
    id: "C16",
    figure: "Data availability",
    targets: &["transfer"],
    statement: "The meta-learned rule, θ frozen, also works on data it was not learned on.",
    paper: "MNIST 9-way, Fashion-MNIST 5- and 9-way; K = 50, Q = 5",
    criterion: "On fresh tasks of each of the three, with the coefficients that each trial \
                arrived at, the accuracy of bio − that of FA is surely above 0.1.",
    of_real_data: true,
    judge: |results| {
        let each = TRANSFERS.iter().map(|(name, bio, fa)| {
            let accuracy = |test| Some(results.frozen(test)?.accuracy());
            let gain = Measured::difference(&accuracy(bio)?, &accuracy(fa)?)?;
            Some(Check::new(
                format!("accuracy, bio − FA, {name}"),
                gain,
                Wanted::Above(0.1),
            ))
        });
        each.collect()
    },
    ..CLAIM
};

/// How far the pool must be above FA to have left it.
const APART: f64 = 0.05;

/// Episodes of the trailing mean.
const WINDOW: usize = 11;

/// The first episode at which the pool has left FA; all of them, if it never does.
fn parting(results: &Results) -> Option<Measured> {
    let (pool, fa) = (results.accuracy("pool")?, results.accuracy("fa")?);
    let gains: Option<Vec<Vec<f64>>> = pool
        .each()
        .zip(fa.each())
        .map(|(pool, fa)| paired(pool, fa, |pool, fa| pool - fa))
        .collect();
    let gains = gains?;
    let episodes = pool.episodes();
    Measured::statistic(gains.len(), |trials| {
        let over_trials = |episode: usize| mean(trials.iter().map(|t| gains[*t][episode]));
        let mut recent: Vec<f64> = Vec::new();
        let parted = (0..episodes).find(|episode| {
            recent.push(over_trials(*episode));
            let window = &recent[recent.len().saturating_sub(WINDOW)..];
            mean(window.iter().copied()) > APART
        });
        parted.unwrap_or(episodes) as f64
    })
}
