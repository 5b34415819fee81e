//! Claims about how well tasks are learned.

use std::ops::Range;

use crate::check::Check;
use crate::results::Results;
use crate::results::difference;
use crate::verdict::Claim;
use plots::stats::Interval;

pub(super) const C1: Claim = Claim {
    id: "C1",
    figure: "Fig. 3a",
    targets: &["fig3"],
    statement: "After convergence backpropagation reaches about 70 % accuracy, feedback \
                alignment about 25 %.",
    paper: "BP 0.70, FA 0.25",
    criterion: "At the end the mean accuracy of either is within 0.05 of the paper's.",
    episodes: 0,
    judge: |results| {
        let accuracy = |name| results.at_end(name, |row| row.accuracy);
        Some(vec![
            Check::within("accuracy of BP", accuracy("bp")?, 0.65, 0.75),
            Check::within("accuracy of FA", accuracy("fa")?, 0.20, 0.30),
        ])
    },
};

pub(super) const C4: Claim = Claim {
    id: "C4",
    figure: "Fig. 4a",
    targets: &["fig4"],
    statement: "The pool starts like feedback alignment, rises from about episode 10 on, and \
                is near backpropagation by about episode 300.",
    paper: "like FA at first, near BP by ~300",
    criterion: "Trial by trial: accuracy within 0.05 of FA's over the first 10 episodes, \
                surely above it over episodes 40 to 60, and at most 0.1 below BP's over \
                episodes 290 to 310.",
    episodes: 311,
    judge: |results| {
        let start = difference_over(results, ("pool", "fa"), 0..10)?;
        let rise = difference_over(results, ("pool", "fa"), 40..61)?;
        let gap = difference_over(results, ("bp", "pool"), 290..311)?;
        Some(vec![
            Check::within("pool − FA, episodes 0 to 9", start, -0.05, 0.05),
            Check::surely_above("pool − FA, episodes 40 to 60", rise, 0.0),
            Check::at_most("BP − pool, episodes 290 to 310", gap, 0.1),
        ])
    },
};

pub(super) const C6: Claim = Claim {
    id: "C6",
    figure: "Fig. S2",
    targets: &["figs2"],
    statement: "The rule of three terms performs like the pool of ten.",
    paper: "like the pool",
    criterion: "At the end the accuracies of bio and the pool differ by at most 0.05, on \
                average over trials.",
    episodes: 0,
    judge: |results| {
        let gap = results.difference_at_end(("bio", "pool"), |row| row.accuracy)?;
        Some(vec![Check::within(
            "accuracy, bio − pool",
            gap,
            -0.05,
            0.05,
        )])
    },
};

/// The mean difference in accuracy over some episodes, trial by trial.
fn difference_over(
    results: &Results,
    (one, other): (&str, &str),
    episodes: Range<usize>,
) -> Option<Interval> {
    let means = |name| {
        Some(
            results
                .trials(name, |row| row.accuracy)?
                .means(episodes.clone()),
        )
    };
    difference(&means(one)?, &means(other)?)
}
