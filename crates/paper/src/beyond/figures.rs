//! Figures that the paper has no like of.

use plots::panels::accuracy;
use plots::{Axis, Figure, Panel, Series, Trials};

use super::experiments::{RULES, SHOTS};
use crate::experiments::Experiment;
use crate::figures::{BASELINES, all, coefficients, colour, figure};
use crate::results::Results;
use crate::target::Target;

/// Rules side by side, and what of each was meta-learned.
pub(super) fn compared(target: &Target, results: &Results) -> Figure {
    let mut panels = vec![accuracy(all(
        target,
        results,
        |row| row.accuracy,
        &BASELINES,
    ))];
    let names = target.experiments.iter();
    let learned = names.filter(|name| !BASELINES.contains(name));
    panels.extend(learned.map(|name| coefficients(results, name)));
    figure(target, results, panels)
}

/// The accuracy at the end against K.
pub(super) fn shots(target: &Target, results: &Results) -> Figure {
    let series = RULES.iter().enumerate().filter_map(|(i, rule)| {
        let ends: Option<Vec<Vec<f64>>> = SHOTS
            .iter()
            .map(|(_, names)| results.accuracy_at_end(names[i]))
            .collect();
        let ends = ends?;
        let of_trial = |trial: usize| ends.iter().map(|of_k| of_k[trial]).collect();
        let trials = (0..ends[0].len()).map(of_trial).collect();
        let shots = SHOTS.iter().map(|(k, _)| f64::from(*k)).collect();
        Some(Series {
            name: Experiment::named(rule).label.to_owned(),
            colour: colour(rule),
            baseline: BASELINES.contains(rule),
            curve: Trials::from_values(trials).curve_at(shots),
            diverged: Vec::new(),
        })
    });
    let panel = Panel {
        title: "Accuracy at the end".to_owned(),
        x: Axis::new("K, images of each class to learn from"),
        ..accuracy(series.collect())
    };
    figure(target, results, vec![panel])
}
