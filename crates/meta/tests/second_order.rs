//! The inner loop against a program that knows nothing of plasticity: weights as
//! ordinary matrix variables, and each step's update the *taped gradient* of the
//! cross-entropy by them. With exact symmetric feedback the rule F^0 is gradient
//! descent, so both must agree, and so must the derivatives through them.

#![allow(clippy::unwrap_used)]

use autodiff::{Shape, Tape, Var};
use meta::{Batch, Episode, Initial, Penalty, Purpose, Setting, draw_weights, stream};
use model::{Activation, Feedback, Network, Rule, StateArrays};
use ndarray::Array2;

const SIZES: [usize; 3] = [5, 4, 3];
const STEPS: usize = 3;
const RATE: f64 = 0.3;

fn network() -> Network {
    Network {
        sizes: SIZES.to_vec(),
        activation: Activation::Softplus { beta: 10.0 },
    }
}

fn episode() -> Episode {
    let rule = Rule::built_in("bp-exact").unwrap();
    Episode::new(
        &network(),
        Feedback::SymmetricExact,
        &rule,
        Penalty::default(),
    )
    .unwrap()
}

/// Pixels in [0, 1], some of them 0, with labels in turn.
fn images(count: usize, phase: f64) -> Batch<f64> {
    let x = (0..count * SIZES[0])
        .map(|i| (0.5 + 0.8 * (phase + 1.7 * i as f64).sin()).clamp(0.0, 1.0))
        .collect();
    let labels = (0..count).map(|i| (2 * i + 1) % SIZES[2]).collect();
    Batch { x, labels }
}

fn setting(rate: f64, steps: usize) -> Setting<f64> {
    let mut train = images(STEPS, 0.3);
    train.x.truncate(steps * SIZES[0]);
    train.labels.truncate(steps);
    Setting {
        state: StateArrays::new(
            draw_weights(
                Initial::default(),
                &network().shapes(),
                &mut stream(5, 0, 0, Purpose::Weights),
            ),
            Vec::new(),
        ),
        theta: vec![rate],
        train,
        query: images(4, 1.9),
    }
}

/// The mean cross-entropy of softmax(W₂ softplus(x W₁ᵀ)) with one-hot labels; x has an
/// image a row.
fn loss(tape: &mut Tape<f64>, w: &[Var], batch: &Batch<f64>) -> Var {
    let rows = batch.labels.len();
    let mut y = tape.constant(Shape::matrix(rows, SIZES[0]), &batch.x);
    for (l, w) in w.iter().enumerate() {
        y = tape.matmul_nt(y, *w);
        if l + 1 < layers() {
            y = tape.softplus(y, 10.0);
        }
    }
    let mut one_hot = vec![0.0; rows * SIZES[2]];
    for (row, label) in one_hot.chunks_mut(SIZES[2]).zip(&batch.labels) {
        row[*label] = 1.0;
    }
    let target = tape.constant(Shape::matrix(rows, SIZES[2]), &one_hot);
    tape.cross_entropy(y, target)
}

fn layers() -> usize {
    SIZES.len() - 1
}

/// Gradient descent by `Tape::gradient_taped`: the rate, the query loss, and W_1, W_2
/// after each step.
fn descend(tape: &mut Tape<f64>, setting: &Setting<f64>) -> (Var, Var, Vec<Vec<Array2<f64>>>) {
    tape.clear();
    let rate = tape.variable_scalar(setting.theta[0]);
    let mut w: Vec<Var> = setting
        .state
        .w
        .iter()
        .map(|w| {
            let rows: Vec<f64> = w.rows().into_iter().flatten().copied().collect();
            tape.variable(Shape::matrix(w.nrows(), w.ncols()), &rows)
        })
        .collect();
    let mut history = Vec::new();
    for (x, label) in setting.train.x.chunks(SIZES[0]).zip(&setting.train.labels) {
        let image = Batch {
            x: x.to_vec(),
            labels: vec![*label],
        };
        let loss = loss(tape, &w, &image);
        let slopes = tape.gradient_taped(loss, &w);
        for (w, slope) in w.iter_mut().zip(slopes) {
            let step = tape.scale(rate, slope);
            *w = tape.sub(*w, step);
        }
        history.push(w.iter().map(|w| tape.array(*w)).collect());
    }
    let query = loss(tape, &w, &setting.query);
    (rate, query, history)
}

#[test]
fn after_each_step_the_weights_are_those_of_gradient_descent() {
    let (_, _, history) = descend(&mut Tape::new(), &setting(RATE, STEPS));
    for steps in 1..=STEPS {
        let setting = setting(RATE, steps);
        let (_, state) = episode().run_with_state(&mut Tape::new(), &setting);
        for (l, (found, expected)) in state.w.iter().zip(&history[steps - 1]).enumerate() {
            let off = (found - expected).mapv(f64::abs).fold(0.0, |m, x| x.max(m));
            // Weights of about 1, a few dozen roundings of 1e-16 each.
            assert!(
                off < 1e-12,
                "W_{} after {steps} steps is off by {off:e}",
                l + 1
            );
            let moved = (found - &setting.state.w[l]).mapv(f64::abs).sum();
            assert!(moved > 1e-3, "the steps are not tiny: {moved:e}");
        }
    }
}

#[test]
fn the_meta_gradient_is_that_of_differentiating_gradients() {
    let setting = setting(RATE, STEPS);
    let outcome = episode().run(&mut Tape::new(), &setting);
    let mut tape = Tape::new();
    let (rate, query, _) = descend(&mut tape, &setting);
    let expected = tape.gradient(query, &[rate]).scalar(0);
    assert!((outcome.meta_loss - tape.scalar(query)).abs() < 1e-12);
    let off = (outcome.gradient.theta[0] - expected).abs() / expected.abs();
    assert!(
        off < 1e-10,
        "{:e} and {expected:e}",
        outcome.gradient.theta[0]
    );
    let forward = tape.tangent(&[query], &[(rate, &[1.0])])[0][0];
    assert!((forward - expected).abs() < 1e-10 * expected.abs());
}

#[test]
fn the_meta_gradient_is_that_of_finite_differences() {
    let gradient = episode()
        .run(&mut Tape::new(), &setting(RATE, STEPS))
        .gradient
        .theta[0];
    let at = |rate: f64| {
        let mut tape = Tape::new();
        let (_, query, _) = descend(&mut tape, &setting(rate, STEPS));
        tape.scalar(query)
    };
    // Five points: truncation of order h⁴, about 1e-10 here, and rounding of 1e-16/h.
    let h = 1e-3;
    let differences =
        8.0 * (at(RATE + h) - at(RATE - h)) - (at(RATE + 2.0 * h) - at(RATE - 2.0 * h));
    let expected = differences / (12.0 * h);
    let off = (gradient - expected).abs() / expected.abs();
    assert!(off < 1e-7, "{gradient:e} and {expected:e}: {off:e}");
}

#[test]
fn detaching_the_feedback_changes_the_meta_gradient_but_not_the_weights() {
    let setting = setting(RATE, STEPS);
    let mut detached = Episode::new(
        &network(),
        Feedback::Symmetric,
        &Rule::built_in("bp").unwrap(),
        Penalty::default(),
    )
    .unwrap();
    let (of_detached, state_detached) = detached.run_with_state(&mut Tape::new(), &setting);
    let (of_exact, state_exact) = episode().run_with_state(&mut Tape::new(), &setting);
    assert_eq!(state_detached, state_exact);
    // If they agreed, the tests above could not tell the two apart.
    let difference = (of_detached.gradient.theta[0] - of_exact.gradient.theta[0]).abs();
    assert!(
        difference > 1e-4 * of_exact.gradient.theta[0].abs(),
        "{difference:e}"
    );
}
