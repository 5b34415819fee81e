//! A whole run has the same bits whatever vector instructions are used. One test, since
//! the level is set for the whole process.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;

use autodiff::simd::{Level, force_level};
use datasets::{Dataset, Split};
use meta::{
    GradientMode, Numerics, OptimiserKind, OuterSettings, Penalty, Precision, Settings,
    TaskSettings, Threads, Training,
};
use model::{Activation, Network, Rule};
use runs::Case;

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
    for record in training.finish() {
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
    bits
}

/// 64 bits that stand for many (FNV-1a, Fowler, Noll and Vo 1991).
fn digest(numbers: &[u64]) -> u64 {
    let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Loss, gradient and weights of a golden case, as bits.
fn golden_bits(name: &str) -> [Vec<u64>; 2] {
    let path = format!(
        "{}/../../tests/golden/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let case = Case::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    [case.run::<f32>(), case.run::<f64>()].map(|result| {
        let weights = result.w.into_iter().flatten().flatten();
        let numbers = [result.meta_loss].into_iter().chain(result.gradient);
        numbers.chain(weights).map(f64::to_bits).collect()
    })
}

/// What every processor must find, computed on x86-64: a line for each golden case and
/// each run. A change that is meant to change what they compute changes these lines, and
/// the test prints those that would be right; nothing else may.
const DIGESTS: &str = include_str!("digests.txt");

#[test]
fn a_run_has_the_same_bits_at_every_level_of_vector_instructions_on_every_processor() {
    let data = Arc::new(datasets::glyphs(Split::Test, 0));
    let mut digests = String::new();
    let mut note = |what: String, bits: &[u64]| {
        digests += &format!("{what} {:016x}\n", digest(bits));
    };
    force_level(Level::Portable);
    for line in DIGESTS.lines() {
        if let Some(name) = line.strip_prefix("golden f32 ") {
            let name = name.split(' ').next().unwrap();
            let [f32, f64] = golden_bits(name);
            note(format!("golden f32 {name}"), &f32);
            note(format!("golden f64 {name}"), &f64);
        }
    }
    for settings in runs() {
        force_level(Level::Portable);
        let portable = bits(&settings, &data);
        let name = &settings.learner.rule.name;
        note(
            format!("run {:?} {name}", settings.numerics.precision),
            &portable,
        );
        for &level in &Level::ALL[1..] {
            if force_level(level) != level {
                eprintln!("SKIPPED: this processor has no {level:?}");
                continue;
            }
            assert!(
                bits(&settings, &data) == portable,
                "{name} differs with {level:?}"
            );
        }
    }
    assert!(
        digests == DIGESTS,
        "bits differ from those of other processors, or of the code before. Found:\n{digests}"
    );
}
