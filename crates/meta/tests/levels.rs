//! A whole run has the same bits whatever vector instructions are used. One test, since
//! the level is set for the whole process.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::{Arc, atomic::AtomicBool};

use autodiff::simd::{Level, force_level};
use datasets::{Dataset, Split};
use meta::{
    GradientMode, Numerics, OptimiserKind, OuterSettings, Penalty, Precision, Settings,
    TaskSettings, Threads, Training,
};
use model::{Activation, Network, Rule};

/// Runs that together use every operation of an episode: all terms, all feedback
/// pathways, all activations, both precisions and both ways of taking the gradient.
fn runs() -> Vec<Settings> {
    let softplus = Activation::default();
    let cases = [
        ("pool", softplus, Precision::F32, GradientMode::Reverse),
        ("pool", softplus, Precision::F64, GradientMode::Forward),
        ("bio", softplus, Precision::F64, GradientMode::Reverse),
        ("bio", softplus, Precision::F32, GradientMode::Forward),
        (
            "bp-exact",
            Activation::Sigmoid,
            Precision::F32,
            GradientMode::Reverse,
        ),
        (
            "dfa",
            Activation::Tanh,
            Precision::F32,
            GradientMode::Reverse,
        ),
        ("bp", softplus, Precision::F32, GradientMode::Auto),
    ];
    cases
        .into_iter()
        .map(|(rule, activation, precision, gradient)| {
            let rule = Rule::built_in(rule).unwrap();
            let mut settings = Settings::of(rule);
            settings.learner.network = Network {
                // Neither whole lanes nor whole blocks of rows.
                sizes: vec![784, 21, 18, 47],
                activation,
            };
            settings.tasks = TaskSettings {
                ways: 3,
                shots: 4,
                queries: 3,
                ..TaskSettings::default()
            };
            settings.outer = OuterSettings {
                episodes: 3,
                trials: 2,
                penalty: Penalty::l1(0.1),
                optimiser: OptimiserKind::Guarded,
                ..OuterSettings::default()
            };
            settings.numerics = Numerics {
                precision,
                gradient,
            };
            settings
        })
        .collect()
}

/// Every number that the run records, as bits.
fn bits(settings: &Settings, data: &Arc<Dataset>) -> Vec<u64> {
    let mut bits = Vec::new();
    let mut training =
        Training::new(settings, Arc::clone(data), &Threads::new(1).unwrap()).unwrap();
    while !training.is_finished() {
        for record in training.round(&AtomicBool::new(false)) {
            let numbers = [
                record.loss,
                record.scores.cross_entropy,
                record.scores.accuracy,
                record.residual,
            ];
            let lists = [
                record.theta,
                record.scores.angles,
                record.scores.orthonormality,
            ];
            let all = numbers.into_iter().chain(lists.into_iter().flatten());
            bits.extend(all.map(f64::to_bits));
        }
    }
    bits
}

#[test]
fn a_run_has_the_same_bits_at_every_level_of_vector_instructions() {
    let data = Arc::new(datasets::glyphs(Split::Test, 0));
    for settings in runs() {
        force_level(Level::Portable);
        let portable = bits(&settings, &data);
        for &level in &Level::ALL[1..] {
            if force_level(level) != level {
                eprintln!("SKIPPED: this processor has no {level:?}");
                continue;
            }
            let name = &settings.learner.rule.name;
            assert!(
                bits(&settings, &data) == portable,
                "{name} differs with {level:?}"
            );
        }
    }
}
