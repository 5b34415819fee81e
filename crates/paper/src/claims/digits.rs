//! Claims about learning digits online.

use crate::check::Check;
use crate::results::Results;
use crate::results::difference;
use crate::verdict::Claim;
use plots::stats::Bootstrap;

/// Accuracy at which learning has begun: twice that of chance among ten digits.
const BEGUN: f64 = 0.2;

pub(super) const C11: Claim = Claim {
    id: "C11",
    figure: "Fig. 1a",
    targets: &["fig1"],
    statement: "Feedback alignment starts learning only after about 2000 images; \
                backpropagation and bio start much sooner.",
    paper: "FA after ~2000",
    criterion: "Learning has begun at the first test from which on accuracy stays at 0.2, \
                twice that of chance, or above. It begins after 1000 to 4000 images for FA, \
                and for BP and bio after at most half as many, trial by trial.",
    episodes: 0,
    judge: |results| {
        let fa = begins(results, "online-fa")?;
        let all = Bootstrap::new(fa.len()).interval(&fa)?;
        let half: Vec<f64> = fa.iter().map(|images| images / 2.0).collect();
        let mut checks = vec![Check::within("images before FA learns", all, 1e3, 4e3)];
        for (name, label) in [("online-bp", "BP"), ("online-bio", "bio")] {
            let late = difference(&begins(results, name)?, &half)?;
            let what = format!("images before {label} learns − half of FA's");
            checks.push(Check::at_most(what, late, 0.0));
        }
        Some(checks)
    },
};

pub(super) const C12: Claim = Claim {
    id: "C12",
    figure: "Fig. S1",
    targets: &["figs1"],
    statement: "Direct feedback alignment learns sooner and better than feedback alignment, \
                but falls short of backpropagation.",
    paper: "FA < DFA < BP",
    criterion: "Trial by trial: learning begins surely sooner with DFA than with FA, and its \
                accuracy after the last image is surely above FA's and surely below BP's.",
    episodes: 0,
    judge: |results| {
        let sooner = difference(
            &begins(results, "online-dfa")?,
            &begins(results, "online-fa")?,
        )?;
        let (bp, fa, dfa) = (
            last(results, "online-bp")?,
            last(results, "online-fa")?,
            last(results, "online-dfa")?,
        );
        Some(vec![
            Check::surely_below("images before learning, DFA − FA", sooner, 0.0),
            Check::surely_above("final accuracy, DFA − FA", difference(&dfa, &fa)?, 0.0),
            Check::surely_above("final accuracy, BP − DFA", difference(&bp, &dfa)?, 0.0),
        ])
    },
};

/// For each trial, the images learned from at the test from which on it had begun; all
/// images, if it never had. A test that diverged is one below.
fn begins(results: &Results, name: &str) -> Option<Vec<f64>> {
    let metrics = results.online(name)?;
    let images = metrics.images();
    let last = *images.last()?;
    let accuracy = metrics.accuracy();
    let begin = |trial: &[f64]| {
        let below = |accuracy: &f64| accuracy.is_nan() || *accuracy < BEGUN;
        let first = trial.iter().rposition(below).map_or(0, |i| i + 1);
        images.get(first).copied().unwrap_or(last)
    };
    Some(accuracy.each().map(begin).collect())
}

/// For each trial, the accuracy after the last image.
fn last(results: &Results, name: &str) -> Option<Vec<f64>> {
    let accuracy = results.online(name)?.accuracy();
    let tests = accuracy.episodes();
    Some(accuracy.means(tests.checked_sub(1)?..tests))
}
