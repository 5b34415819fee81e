//! Claims about learning digits online.

use plots::stats::mean;

use super::CLAIM;
use crate::check::{Check, Wanted};
use crate::experiments::OnlineExperiment;
use crate::measured::{Measured, median};
use crate::results::Results;
use crate::verdict::Claim;

/// Accuracy at which learning has begun: three times that of a guess among ten digits.
const BEGUN: f64 = 0.3;

/// Tests of the trailing mean that tells when it has.
const WINDOW: usize = 5;

/// A network and the coefficients of FA and DFA: what the checks call it, how the names of
/// its experiments begin, and how those of FA and DFA end.
const VARIANTS: [(&str, &str, &str); 4] = [
    ("47 outputs", "online", ""),
    ("47 outputs, authors’ θ", "online", "-authors"),
    ("10 outputs", "online10", ""),
    ("10 outputs, authors’ θ", "online10", "-authors"),
];

pub(super) const C11: Claim = Claim {
    id: "C11",
    figure: "Fig. 1a",
    targets: &["fig1"],
    statement: "Feedback alignment starts learning only after about 2000 images; \
                backpropagation and bio start much sooner.",
    paper: "FA after ~2000",
    criterion: "Learning has begun at the first test at which the trial’s accuracy, averaged over \
                five tests (it and the four before, fewer at the start), reaches 0.3. On both \
                networks, and with the meta-learned coefficients and those of the authors for FA: \
                FA’s median over trials is within 1000 to 4000 images, and those of BP and bio \
                are surely below half of it.",
    of_real_data: true,
    judge: |results| {
        let mut checks = Vec::new();
        for (label, start, end) in VARIANTS {
            let fa = onsets(results, &format!("{start}-fa{end}"))?;
            checks.push(Check::new(
                format!("images before FA learns, {label}"),
                Measured::median(&fa)?,
                Wanted::Within(1e3, 4e3),
            ));
            for (rule, name) in [("BP", "bp"), ("bio", "bio")] {
                let own = onsets(results, &format!("{start}-{name}"))?;
                let late = Measured::statistic(fa.len(), |trials| {
                    let of = |onsets: &[f64]| median(trials.iter().map(|t| onsets[*t]));
                    of(&own) - of(&fa) / 2.0
                });
                let what = format!("images before {rule} learns − half of FA’s, {label}");
                checks.push(Check::new(what, late?, Wanted::Below(0.0)));
            }
        }
        Some(checks)
    },
    ..CLAIM
};

pub(super) const C12: Claim = Claim {
    id: "C12",
    figure: "Fig. S1",
    targets: &["figs1"],
    statement: "Direct feedback alignment learns sooner and better than feedback alignment, \
                but falls short of backpropagation.",
    paper: "FA < DFA < BP",
    criterion: "On both networks, and with the meta-learned coefficients and those of the authors \
                for FA and DFA: the area under the accuracy curve is surely larger with DFA than \
                with FA, and surely larger with BP than with DFA.",
    judge: |results| {
        let mut checks = Vec::new();
        for (label, start, end) in VARIANTS {
            let [fa, dfa] =
                ["fa", "dfa"].map(|name| area(results, &format!("{start}-{name}{end}")));
            let (fa, dfa, bp) = (fa?, dfa?, area(results, &format!("{start}-bp"))?);
            for (what, better, worse) in [("DFA − FA", &dfa, &fa), ("BP − DFA", &bp, &dfa)] {
                checks.push(Check::new(
                    format!("mean accuracy, {what}, {label}"),
                    Measured::difference(better, worse)?,
                    Wanted::Above(0.0),
                ));
            }
        }
        Some(checks)
    },
    ..CLAIM
};

/// The accuracy of each trial at each test; a test of a diverged trial counts as a guess
/// among all outputs.
fn accuracy(results: &Results, name: &str) -> Option<plots::Trials> {
    let chance = 1.0 / OnlineExperiment::find(name)?.network.outputs() as f64;
    Some(results.online(name)?.accuracy_or(chance))
}

/// For each trial, the images learned from at the test at which learning had begun; all
/// images, if it never had.
fn onsets(results: &Results, name: &str) -> Option<Vec<f64>> {
    let images = results.online(name)?.images();
    let last = *images.last()?;
    let onset = |tests: &[f64]| {
        let smooth = |test: usize| {
            let window = &tests[(test + 1).saturating_sub(WINDOW)..=test];
            mean(window.iter().copied())
        };
        let first = (0..tests.len()).find(|test| smooth(*test) >= BEGUN);
        first
            .and_then(|test| images.get(test).copied())
            .unwrap_or(last)
    };
    Some(accuracy(results, name)?.each().map(onset).collect())
}

/// For each trial, the area under the accuracy curve by the number of images: the mean
/// accuracy over the epoch.
fn area(results: &Results, name: &str) -> Option<Vec<f64>> {
    let images = results.online(name)?.images();
    let whole = images.last()? - images.first()?;
    let under = |tests: &[f64]| {
        let pieces = images.windows(2).zip(tests.windows(2));
        let areas = pieces.map(|(x, y)| (x[1] - x[0]) * f64::midpoint(y[0], y[1]));
        areas.sum::<f64>() / whole
    };
    Some(accuracy(results, name)?.each().map(under).collect())
}
