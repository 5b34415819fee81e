//! Plastic matrices against the same computation with ndarray, on random programs.

use approx::assert_abs_diff_eq;
use autodiff::{Outer, Rewind, Tape, Var};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

/// Numbers within ±1, some of them 0, so that constants have a support.
fn vector(n: usize, sparse: bool) -> BoxedStrategy<Vec<f64>> {
    let number = -1.0..1.0_f64;
    let zeros = if sparse { 3 } else { 0 };
    let entry = prop_oneof![zeros => Just(0.0), 1 => number];
    proptest::collection::vec(entry, n).boxed()
}

/// One step of a program.
#[derive(Clone, Debug)]
enum Step {
    /// W ← s W + Σ t a ⊗ b.
    Update(Option<f64>, Vec<(f64, Vec<f64>, Vec<f64>)>),
    /// W y.
    Forward(Vec<f64>),
    /// Wᵀ e.
    Back(Vec<f64>),
    /// Wᵀ e where a vector is not zero.
    BackWhere(Vec<f64>, Vec<f64>),
}

fn step(post: usize, pre: usize) -> impl Strategy<Value = Step> {
    let term = (-0.5..0.5_f64, vector(post, false), vector(pre, true));
    let terms = proptest::collection::vec(term, 0..6);
    let scale = proptest::option::of(0.5..1.5_f64);
    prop_oneof![
        3 => (scale, terms).prop_map(|(s, t)| Step::Update(s, t)),
        1 => vector(pre, true).prop_map(Step::Forward),
        1 => vector(post, false).prop_map(Step::Back),
        1 => (vector(post, false), vector(pre, true)).prop_map(|(e, y)| Step::BackWhere(e, y)),
    ]
}

fn program() -> impl Strategy<Value = (Array2<f64>, Vec<Step>)> {
    (1_usize..40, 1_usize..80).prop_flat_map(|(post, pre)| {
        let start = vector(post * pre, false)
            .prop_map(move |w| Array2::from_shape_vec((post, pre), w).expect("post × pre"));
        (start, proptest::collection::vec(step(post, pre), 1..12))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_ndarray_computes_and_undoing_restores((start, steps) in program()) {
        let mut tape = Tape::<f64>::new();
        let mut w = tape.plastic(start.view());
        let mut expected = start.clone();
        let mut loss = tape.variable_scalar(0.0);
        let mut read = |tape: &mut Tape<f64>, x: Var, want: &Array1<f64>| {
            for (found, want) in tape.value(x).iter().zip(want) {
                // At most 11 updates of 5 terms, each number at most a few dozen.
                assert_abs_diff_eq!(*found, *want, epsilon = 1e-9 * (1.0 + want.abs()));
            }
            let part = tape.dot(x, x);
            loss = tape.add(loss, part);
        };
        for step in &steps {
            match step {
                Step::Update(scale, terms) => {
                    expected *= scale.unwrap_or(1.0);
                    let mut outers = Vec::new();
                    for (t, a, b) in terms {
                        let column = Array1::from(a.clone()).insert_axis(Axis(1));
                        let row = Array1::from(b.clone()).insert_axis(Axis(0));
                        expected += &(column.dot(&row) * *t);
                        let (t, a) = (tape.variable_scalar(*t), tape.variable_vector(a));
                        outers.push(Outer::scaled(t, a, tape.constant_vector(b)));
                    }
                    let scale = scale.map(|s| tape.constant_scalar(s));
                    tape.update(&mut w, scale, &outers);
                }
                Step::Forward(y) => {
                    // A variable: going back, the sweep needs W as it was here.
                    let x = tape.variable_vector(y);
                    let z = tape.matvec(&w, x);
                    read(&mut tape, z, &expected.dot(&Array1::from(y.clone())));
                    let x = tape.constant_vector(y);
                    let z = tape.matvec(&w, x);
                    read(&mut tape, z, &expected.dot(&Array1::from(y.clone())));
                }
                Step::Back(e) => {
                    let x = tape.variable_vector(e);
                    let u = tape.matvec_t(&w, x);
                    read(&mut tape, u, &expected.t().dot(&Array1::from(e.clone())));
                }
                Step::BackWhere(e, like) => {
                    let x = tape.variable_vector(e);
                    let mask = tape.constant_vector(like);
                    let u = tape.matvec_t_where(&w, x, false, mask);
                    let product = tape.mul(u, mask);
                    let want = expected.t().dot(&Array1::from(e.clone()));
                    read(&mut tape, product, &(want * Array1::from(like.clone())));
                }
            }
        }
        for (found, want) in tape.matrix(&w).iter().zip(&expected) {
            assert_abs_diff_eq!(*found, *want, epsilon = 1e-9 * (1.0 + want.abs()));
        }
        let undone = tape.gradient(loss, &[]);
        // Auto goes over to replay where 11 scales and sums have lost too much.
        prop_assert!(undone.rewind == Rewind::Replay || undone.residual <= Rewind::tolerance());
        prop_assert!(undone.residual <= 1e-12, "{}", undone.residual);
    }
}
