//! An episode taken apart adds up to the episode, and its adjoints are derivatives.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use autodiff::{GradientOptions, Tape};
use explain::{Moment, Unrolled};
use meta::{Batch, Episode, Penalty, Setting};
use model::{Constant, Feedback, Lists, Network, Parts, Rule, StateArrays};
use ndarray::Array2;

/// A fixed, irregular number within ±1.
fn entry(k: usize, i: usize) -> f64 {
    ((k * 31 + i * 17 + 5) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0
}

fn network() -> Network {
    Network {
        sizes: vec![9, 8, 6, 5],
        ..Network::default()
    }
}

fn batch(k: usize, images: usize) -> Batch<f64> {
    // A third of the pixels is 0, as in an image.
    let pixel = |i| entry(k, i).max(-0.3) + 0.3;
    Batch {
        x: (0..images * 9).map(pixel).collect(),
        labels: (0..images).map(|i| (i * 2 + k) % 5).collect(),
    }
}

fn setting(rule: &Rule, feedback: Feedback, steps: usize) -> Setting<f64> {
    let network = network();
    let matrices = |k: usize, shapes: &[(usize, usize)]| {
        let of = |(l, shape): (usize, &(usize, usize))| {
            Array2::from_shape_fn(*shape, |(i, j)| 0.6 * entry(k + l, i * shape.1 + j))
        };
        shapes.iter().enumerate().map(of).collect()
    };
    Setting {
        state: StateArrays {
            d: matrices(30, &feedback.direct_shapes(&network.sizes)),
            ..StateArrays::new(
                matrices(1, &network.shapes()),
                matrices(20, &feedback.shapes(&network.sizes)),
            )
        },
        theta: (0..rule.counts(feedback).total())
            .map(|r| 0.02 * entry(40, r))
            .collect(),
        train: batch(3, steps),
        query: batch(4, 7),
    }
}

/// Factors of every kind, a plastic B, a constant, groups apart.
fn text_rule() -> Rule {
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let parts = Parts {
        lists: Lists::All(list(&[
            "-e ⊗ y-",
            "-loss * tanh(e) ⊗ (e- - b)",
            "trace(y, 0.5) ⊗ (y- - W'y) - sum(y) * 0.3 * W",
            "We- ⊗ W'e",
        ])),
        own: Vec::new(),
        back: list(&["-e ⊗ y-", "-W"]),
        constants: vec![Constant {
            name: "b".to_owned(),
            start: 0.1,
        }],
        populations: Vec::new(),
    };
    Rule::from_parts("text", Feedback::Mixed, parts).unwrap()
}

fn cases() -> Vec<(Rule, Feedback)> {
    let rule = |name| Rule::built_in(name).unwrap();
    let by_layer = [vec![0], vec![0, 2, 9], vec![3, 0]];
    vec![
        (rule("bio"), Feedback::Fixed),
        (rule("pool"), Feedback::Fixed),
        (rule("pool"), Feedback::SymmetricExact),
        (rule("bp"), Feedback::Symmetric),
        (rule("dfa"), Feedback::Direct),
        (text_rule(), Feedback::Mixed),
        (
            Rule::of_paper_terms_by_layer("by layer", Feedback::Fixed, &by_layer),
            Feedback::Fixed,
        ),
    ]
}

#[test]
fn contributions_of_all_steps_and_layers_add_up_to_the_meta_gradient() {
    for (rule, feedback) in cases() {
        let setting = setting(&rule, feedback, 12);
        let unrolled = Unrolled::new(&network(), feedback, &rule, &setting).unwrap();
        let mut episode = Episode::new(&network(), feedback, &rule, Penalty::default()).unwrap();
        let outcome = episode.run(&mut Tape::new(), &setting);
        assert_eq!(unrolled.cross_entropy, outcome.cross_entropy);
        assert_eq!(unrolled.accuracy, outcome.accuracy);
        let coefficients = rule.counts(feedback).theta;
        let gradient = outcome.gradient.theta[..coefficients].iter();
        for (r, whole) in gradient.enumerate() {
            // Sums of 36 numbers in another order: some units of rounding of the largest.
            let parts = unrolled
                .contributions
                .iter()
                .fold(0.0, |m: f64, c| m.max(c.abs()));
            let error = (unrolled.total(r) - whole).abs();
            assert!(
                error <= 1e-13 * parts.max(whole.abs()),
                "{} {r}: {error:e}",
                rule.name
            );
        }
    }
}

#[test]
fn a_step_contributes_nothing_where_its_term_does_not_act() {
    let (rule, feedback) = cases().pop().unwrap();
    let setting = setting(&rule, feedback, 4);
    let unrolled = Unrolled::new(&network(), feedback, &rule, &setting).unwrap();
    for t in 0..4 {
        for l in 0..3 {
            for r in 0..rule.terms.len() {
                let acts = rule.on_layer(l).contains(&r);
                assert_eq!(
                    unrolled.contributions[[t, l, r]] != 0.0,
                    acts,
                    "{t} {l} {r}"
                );
            }
        }
    }
}

/// dL/dW_l just before step `t`, by an episode that starts there.
fn adjoints_from(
    rule: &Rule,
    feedback: Feedback,
    whole: &Setting<f64>,
    t: usize,
) -> Vec<Array2<f64>> {
    let mut episode = Episode::new(&network(), feedback, rule, Penalty::default()).unwrap();
    let cut = |batch: &Batch<f64>, from: usize, to: usize| Batch {
        x: batch.x[from * 9..to * 9].to_vec(),
        labels: batch.labels[from..to].to_vec(),
    };
    let steps = whole.train.labels.len();
    let mut tape = Tape::new();
    let first = Setting {
        train: cut(&whole.train, 0, t),
        ..whole.clone()
    };
    let (_, state) = episode.run_with_state(&mut tape, &first);
    let rest = Setting {
        state,
        train: cut(&whole.train, t, steps),
        ..whole.clone()
    };
    let recorded = episode.record(&mut tape, &rest);
    let w: Vec<_> = recorded.weights().iter().collect();
    let options = GradientOptions {
        initial: &w,
        ..GradientOptions::default()
    };
    let gradient = tape.gradient_with(recorded.meta_loss, &[], &options);
    (0..3).map(|l| gradient.initial(l).clone()).collect()
}

fn outer(post: &[f64], pre: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((post.len(), pre.len()), |(i, j)| post[i] * pre[j])
}

#[test]
fn the_vectors_of_each_step_rebuild_the_adjoint_of_every_weight_at_any_time() {
    let steps = 6;
    for (rule, feedback) in cases() {
        let setting = setting(&rule, feedback, steps);
        let unrolled = Unrolled::new(&network(), feedback, &rule, &setting).unwrap();
        for l in 0..3 {
            let mut adjoint = unrolled.last_adjoint(l);
            for t in (0..steps).rev() {
                let moment: &Moment = &unrolled.moments[t];
                adjoint *= moment.keep(l, &setting.theta);
                for (post, pre) in moment.adjoint_terms(l) {
                    adjoint += &outer(post, pre);
                }
                let want = &adjoints_from(&rule, feedback, &setting, t)[l];
                let size = want.fold(0.0, |m: f64, x| m.max(x.abs()));
                let off = (&adjoint - want).fold(0.0, |m: f64, x| m.max(x.abs()));
                assert!(
                    off <= 1e-12 * size,
                    "{} layer {l} before step {t}: {off:e} of {size:e}",
                    rule.name
                );
            }
        }
    }
}

#[test]
fn a_contribution_is_the_adjoint_times_the_term() {
    // F^0 = −e y⁻ᵀ alone: ⟨Λ, F^0⟩ = −eᵀ Λ y⁻ with Λ just after the step.
    let rule = Rule::built_in("fa").unwrap();
    let setting = setting(&rule, Feedback::Fixed, 5);
    let unrolled = Unrolled::new(&network(), Feedback::Fixed, &rule, &setting).unwrap();
    for l in 0..3 {
        let mut adjoint = unrolled.last_adjoint(l);
        for t in (0..5).rev() {
            let moment = &unrolled.moments[t];
            let e = moment.e[l + 1].as_ref().unwrap();
            let inner = -(&adjoint * &outer(e, &moment.y[l])).sum();
            let found = unrolled.contributions[[t, l, 0]];
            assert!(
                (inner - found).abs() <= 1e-13 * found.abs().max(1e-3),
                "{inner} {found}"
            );
            for (post, pre) in moment.adjoint_terms(l) {
                adjoint += &outer(post, pre);
            }
        }
    }
}
