//! Meta-gradients at the paper's size, 784-170-130-100-70-47 with T = 250 updates, in
//! reverse mode against forward mode and against finite differences.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use autodiff::{GradientOptions, Rewind, Tape};
use datasets::{Dataset, Split};
use meta::{Episode, Setting, Settings, draw_setting};
use model::{Feedback, Rule};

fn data() -> Dataset {
    datasets::glyphs(Split::Test, 0)
}

/// The paper's settings with a rule.
fn settings(rule: &str) -> Settings {
    let rule = Rule::built_in(rule).unwrap();
    Settings {
        seed: 11,
        ..Settings::of(rule)
    }
}

fn episode(settings: &Settings) -> Episode {
    Episode::of(settings).unwrap()
}

/// The same episode of the same trial, with coefficients `theta`.
fn start(settings: &Settings, data: &Dataset, theta: &[f64]) -> Setting<f64> {
    let setting = draw_setting(settings, data, 0, 0, theta);
    assert_eq!(setting.train.labels.len(), 250);
    setting
}

/// dL_meta/dθ in reverse and in forward mode.
fn both_modes(settings: &Settings, theta: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let setting = start(settings, &data(), theta);
    let tape = &mut Tape::<f64>::new();
    let recorded = episode(settings).record(tape, &setting);
    let options = GradientOptions::default();
    let gradient = tape.gradient_with(recorded.meta_loss, &recorded.theta, &options);
    assert_eq!(gradient.rewind, Rewind::Undo, "undoing was precise enough");
    let reverse = (0..theta.len()).map(|r| gradient.scalar(r)).collect();
    let forward = recorded
        .theta
        .iter()
        .map(|theta| tape.tangent(&[recorded.meta_loss], &[(*theta, &[1.0])])[0][0])
        .collect();
    (reverse, forward)
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// The largest difference over the largest entry.
fn relative(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let differences: Vec<f64> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
    largest(&differences) / largest(expected)
}

/// Coefficients of the size of a trained bio's, those that `metaplast bench` uses.
const BIO: [f64; 3] = [0.01, -0.02, 0.002];

/// All ten terms at work, each too weak to make the network run away in 250 steps.
const POOL: [f64; 10] = [1e-3, 1e-6, -1e-6, 1e-7, 1e-7, 1e-6, -1e-7, 1e-7, 1e-7, 1e-6];

#[test]
fn the_gradient_of_the_pool_is_the_same_in_reverse_and_forward_mode() {
    let (reverse, forward) = both_modes(&settings("pool"), &POOL);
    assert!(
        forward.iter().all(|g| g.is_finite() && *g != 0.0),
        "{forward:?}"
    );
    let off = relative(&reverse, &forward);
    // Some 1e5 operations in a row at 1e-16.
    assert!(off < 1e-9, "off by {off:e}: {reverse:?} {forward:?}");
    // The entries differ in size by orders of magnitude; each by itself is right too.
    for (r, (a, b)) in reverse.iter().zip(&forward).enumerate() {
        let off = (a - b).abs() / b.abs();
        assert!(off < 1e-6, "theta_{r}: {a:e} and {b:e}");
    }
}

#[test]
fn the_gradient_of_bio_is_that_of_finite_differences() {
    let settings = settings("bio");
    let data = data();
    let (reverse, forward) = both_modes(&settings, &BIO);
    let mut setting = start(&settings, &data, &BIO);
    let mut tape = Tape::<f64>::new();
    let mut episode = episode(&settings);
    let mut loss = |r: usize, by: f64| {
        setting.theta.copy_from_slice(&BIO);
        setting.theta[r] += by;
        let recorded = episode.record(&mut tape, &setting);
        tape.scalar(recorded.meta_loss)
    };
    for r in 0..3 {
        // Five points: a truncation of order h⁴, and with a hundred-thousandth of the
        // coefficient the loss changes by 1e-6 or more, known to 1e-16.
        let h = 1e-5 * BIO[r].abs();
        let inner = loss(r, h) - loss(r, -h);
        let outer = loss(r, 2.0 * h) - loss(r, -2.0 * h);
        let expected = (8.0 * inner - outer) / (12.0 * h);
        let off = (reverse[r] - expected).abs() / expected.abs();
        assert!(off < 1e-7, "{r}: {} and {expected}: {off:e}", reverse[r]);
    }
    let off = relative(&reverse, &forward);
    assert!(off < 1e-9, "reverse and forward differ by {off:e}");
}

#[test]
fn the_gradients_of_bio_and_the_pool_in_f32_are_close_to_those_in_f64() {
    for (rule, theta) in [("bio", &BIO[..]), ("pool", &POOL)] {
        let settings = settings(rule);
        let data = data();
        let fine = episode(&settings).run(&mut Tape::<f64>::new(), &start(&settings, &data, theta));
        let coarse = draw_setting(&settings, &data, 0, 0, theta);
        let coarse = episode(&settings).run(&mut Tape::<f32>::new(), &coarse);
        let (fine, coarse) = (fine.gradient, coarse.gradient);
        assert!(!coarse.replayed);
        let off = relative(&coarse.theta, &fine.theta);
        assert!(off < 1e-4, "{rule} off by {off:e}: {coarse:?} {fine:?}");
        // Among them that of the decay, which is followed through time.
        for (r, (a, b)) in coarse.theta.iter().zip(&fine.theta).enumerate() {
            let off = (a - b).abs() / b.abs();
            assert!(off < 1e-3, "{rule}'s theta_{r}: {a:e} and {b:e}");
        }
    }
}

#[test]
fn the_gradient_of_f0_is_the_same_in_both_modes_with_every_other_pathway() {
    // Finite differences cannot check the detached pathway: they see the copy B = W
    // move. Forward mode detaches it too.
    for feedback in [
        Feedback::Direct,
        Feedback::Symmetric,
        Feedback::SymmetricExact,
    ] {
        let mut settings = settings("fa");
        settings.learner.feedback = feedback;
        let (reverse, forward) = both_modes(&settings, &[0.01]);
        assert!(forward[0].is_finite() && forward[0] != 0.0);
        let off = relative(&reverse, &forward);
        assert!(off < 1e-9, "{}: off by {off:e}", feedback.name());
    }
}

#[test]
fn forward_mode_and_reverse_mode_train_alike() {
    let data = Arc::new(data());
    let run = |gradient| {
        let mut settings = Settings::default();
        settings.learner.network.sizes = vec![784, 12, 47];
        (settings.outer.episodes, settings.outer.trials) = (5, 1);
        settings.numerics = meta::Numerics {
            precision: meta::Precision::F64,
            gradient,
        };
        let mut training = meta::Training::new(
            &settings,
            Arc::clone(&data),
            &meta::Threads::new(1).unwrap(),
        )
        .unwrap();
        training.finish();
        training.state().trials[0].theta.clone()
    };
    let (reverse, forward) = (
        run(meta::GradientMode::Reverse),
        run(meta::GradientMode::Forward),
    );
    for (a, b) in reverse.iter().zip(&forward) {
        // Five Adam steps of 1e-3 whose gradients agree to rounding.
        assert!((a - b).abs() < 1e-10, "{a} {b}");
    }
}
