//! Faults that were seen, each with the smallest input that showed it, and their kin.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use autodiff::{GradientOptions, Outer, Plastic, Real, Rewind, Shape, Tape, Var};
use ndarray::{Array2, array};

/// Fixed, irregular numbers within ±1.
fn irregular(rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(i, j)| {
        ((i * 31 + j * 17 + 10) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0
    })
}

/// dL/dx by a plain gradient, a recorded one, and forward mode, for a scalar x.
fn three_ways(tape: &mut Tape<f64>, loss: Var, x: Var) -> [f64; 3] {
    let reverse = tape.gradient(loss, &[x]).scalar(0);
    let forward = tape.tangent(&[loss], &[(x, &[1.0])])[0][0];
    let recorded = tape.gradient_taped(loss, &[x])[0];
    [reverse, forward, tape.scalar(recorded)]
}

fn assert_one(ways: [f64; 3]) {
    for way in ways {
        // Rounding of some dozen operations.
        assert!((way - ways[1]).abs() <= 1e-13 * ways[1].abs(), "{ways:?}");
    }
}

#[test]
fn a_vector_may_be_both_sides_of_a_term_beside_a_decay() {
    let mut t = Tape::<f64>::new();
    let s = t.variable_scalar(0.9);
    let x = t.variable_vector(&[0.3, -0.7, 0.5]);
    let mut w = t.plastic(irregular(3, 3).view());
    let y = t.tanh(x);
    t.update(&mut w, Some(s), &[Outer::new(y, y)]);
    let k = t.constant_vector(&[1.0, -2.0, 0.5]);
    let z = t.matvec(&w, k);
    let loss = t.dot(z, z);
    assert_one(three_ways(&mut t, loss, s));
}

#[test]
fn terms_that_share_both_vectors_keep_their_shares_apart() {
    let mut t = Tape::<f64>::new();
    let (s, r) = (t.variable_scalar(0.9), t.variable_scalar(-0.4));
    let a = t.variable_vector(&[0.3, -0.7, 0.5]);
    let (p, q) = (
        t.variable_vector(&[1.0, 0.4, -0.6]),
        t.variable_vector(&[0.2, 0.8, 0.1]),
    );
    let p = t.tanh(p);
    let mut w = t.plastic(irregular(3, 3).view());
    let terms = [
        Outer::new(a, p),
        Outer::scaled(s, a, p),
        Outer::scaled(r, a, q),
    ];
    t.update(&mut w, None, &terms);
    let k = t.constant_vector(&[1.0, -2.0, 0.5]);
    let z = t.matvec(&w, k);
    let loss = t.dot(z, z);
    assert_one(three_ways(&mut t, loss, s));
    assert_one(three_ways(&mut t, loss, r));
}

/// A matrix read before it is reset, and dL/ds by the recorded gradient.
#[test]
fn a_recorded_gradient_goes_back_before_a_reset() {
    let mut t = Tape::<f64>::new();
    let s = t.variable_scalar(0.0);
    let x = t.variable_vector(&[2.0]);
    let mut w = t.plastic(array![[1.5]].view());
    let before = t.matvec(&w, x);
    t.update(&mut w, Some(s), &[Outer::new(x, x)]);
    let after = t.matvec(&w, x);
    // L = wx + x(sw + x²), so dL/ds = wx and dL/dx = w + sw + 3x².
    let loss = t.add(before, after);
    assert_one(three_ways(&mut t, loss, s));
    assert_eq!(t.gradient(loss, &[s, x]).of(1), [13.5]);
    // d²L/dx² = 6x, d²L/dx ds = w.
    let product = t.hessian_vector(loss, &[s, x], &[&[1.0], &[1.0]]);
    assert_eq!((product.of(0), product.of(1)), (&[1.5][..], &[13.5][..]));
    assert_eq!(product.rewind, Rewind::Replay);
}

/// Sixty steps that leave half of a matrix each, with a loss on the way; how the rate of
/// its updates enters.
fn forgetful(tape: &mut Tape<f64>) -> (Var, Var) {
    let rate = tape.variable_scalar(0.3);
    let half = tape.constant_scalar(0.5);
    let mut w = tape.plastic(irregular(3, 4).view());
    let mut loss = tape.constant_scalar(0.0);
    for step in 0..60 {
        let y = irregular(1, 4 + step);
        let y = tape.constant_vector(&y.as_slice().unwrap()[step..]);
        let z = tape.matvec(&w, y);
        let e = tape.tanh(z);
        let part = tape.dot(e, z);
        loss = tape.add(loss, part);
        let back = tape.matvec_t(&w, e);
        let p = tape.add(back, y);
        tape.update(&mut w, Some(half), &[Outer::scaled(rate, e, p)]);
    }
    (loss, rate)
}

#[test]
fn second_derivatives_are_right_where_undoing_loses_all_digits() {
    let mut tape = Tape::<f64>::new();
    let (loss, rate) = forgetful(&mut tape);
    let length = tape.len();
    assert_one(three_ways(&mut tape, loss, rate));
    let taped = tape.gradient_taped_with(loss, &[rate], Rewind::Auto);
    assert_eq!(taped.rewind, Rewind::Replay);
    let by_forward = tape.tangent(&taped.vars, &[(rate, &[1.0])])[0][0];
    let by_reverse = tape.gradient(taped.vars[0], &[rate]).scalar(0);
    let product = tape.hessian_vector(loss, &[rate], &[&[1.0]]).scalar(0);
    assert!(tape.len() > length, "recorded gradients stay");
    for found in [by_reverse, product] {
        assert!(
            (found - by_forward).abs() <= 1e-12 * by_forward.abs(),
            "{found} {by_forward}"
        );
    }
    let undone = tape.gradient_taped_with(loss, &[rate], Rewind::Undo);
    let residual = undone.residual;
    assert!(residual.is_nan() || residual > 1e-3, "{residual}");
}

#[test]
fn a_third_derivative_is_right_where_undoing_loses_all_digits() {
    let mut tape = Tape::<f64>::new();
    let s = tape.variable_scalar(0.0);
    let x = tape.variable_vector(&[2.0]);
    let mut w = tape.plastic(array![[1.5]].view());
    for _ in 0..2 {
        let y = tape.matvec(&w, x);
        tape.update(&mut w, Some(s), &[Outer::new(y, x)]);
    }
    let z = tape.matvec(&w, x);
    let loss = tape.dot(z, z);
    // W ← (s + x²) W twice, so L = (s + x²)⁴ w² x²; at s = 0 d³L/ds³ = 24 x⁴ w².
    let first = tape.gradient_taped(loss, &[s])[0];
    let second = tape.gradient_taped(first, &[s])[0];
    let third = tape.gradient(second, &[s]).scalar(0);
    assert!((tape.scalar(first) - 4.0 * 256.0 * 2.25).abs() < 1e-9);
    assert!((tape.scalar(second) - 12.0 * 64.0 * 2.25).abs() < 1e-9);
    assert!((third - 24.0 * 16.0 * 2.25).abs() < 1e-9, "{third}");
}

/// dL/dx of a matrix read before `steps` updates that leave `s` of it, where the loss
/// reads row `row`.
fn by_a_read<T: Real>(
    w: Array2<T>,
    row: usize,
    first: Option<f64>,
    steps: usize,
    s: f64,
    update: f64,
) -> f64 {
    let mut t = Tape::<T>::new();
    let real = T::from_f64;
    let rows: Vec<T> = (0..w.nrows())
        .map(|i| if i == row { T::ONE } else { T::ZERO })
        .collect();
    let x = t.variable_vector(&[T::ONE]);
    let seen = t.variable_vector(&rows);
    let one = t.constant_vector(&[T::ONE]);
    let mut w = t.plastic(w.view());
    let s = t.constant_scalar(real(s));
    if let Some(first) = first {
        let first = t.affine(seen, first, 0.0);
        t.update(&mut w, Some(s), &[Outer::new(first, one)]);
    }
    let z = t.matvec(&w, x);
    let loss = t.dot(z, seen);
    let later = t.affine(seen, update, 0.0);
    for _ in 0..steps {
        t.update(&mut w, Some(s), &[Outer::new(later, one)]);
    }
    t.gradient(loss, &[x]).of(0)[0].to_f64()
}

#[test]
fn the_residual_sees_a_small_row_beside_a_large_one() {
    let w = array![[1e5_f32], [1.0]];
    let found = by_a_read(w, 1, None, 4, 0.021, 0.37);
    // Replayed, it is what was read.
    assert_eq!(found, 1.0);
}

#[test]
fn the_residual_sees_what_is_lost_of_a_matrix_that_starts_at_zero() {
    let found = by_a_read(array![[0.0_f32]], 0, Some(1e-6), 22, 0.47, 1e-6);
    assert_eq!(found, f64::from(1e-6_f32));
}

#[test]
fn the_residual_sees_errors_that_a_growing_scale_makes_small_on_the_way_back() {
    let mut t = Tape::<f64>::new();
    let x = t.variable_vector(&[1.0]);
    let mut w = t.plastic(array![[0.0]].view());
    let (grow, shrink) = (t.constant_scalar(1e8), t.constant_scalar(1e-8));
    let c = t.constant_vector(&[0.3]);
    t.update(&mut w, Some(grow), &[Outer::new(c, c)]);
    let z = t.matvec(&w, x);
    let loss = t.sum(z);
    t.update(&mut w, Some(shrink), &[Outer::new(c, c)]);
    let found = t.gradient(loss, &[x]).of(0)[0];
    assert!((found - 0.09).abs() < 1e-15, "{found}");
}

#[test]
fn a_scale_of_tiny_weights_has_the_right_derivative() {
    fn by_scale<T: Real>(size: f64) -> f64 {
        let mut t = Tape::<T>::new();
        let w = irregular(5, 6).mapv(|x| T::from_f64(f64::from((x * size) as f32)));
        let mut w = t.plastic(w.view());
        let s = t.variable_scalar(T::from_f64(0.875));
        let vector = |t: &mut Tape<T>, n: usize| {
            let numbers: Vec<T> = (0..n).map(|i| T::from_f64(0.5 + 0.25 * i as f64)).collect();
            t.variable_vector(&numbers)
        };
        let (a, b) = (vector(&mut t, 5), vector(&mut t, 6));
        t.update(&mut w, Some(s), &[Outer::new(a, b)]);
        let z = t.matvec(&w, b);
        let y = t.tanh(z);
        let loss = t.dot(y, y);
        t.gradient(loss, &[s]).scalar(0).to_f64()
    }
    for size in [1e-6, 1e-8, 1e-10] {
        let (single, double) = (by_scale::<f32>(size), by_scale::<f64>(size));
        assert!(
            (single - double).abs() <= 1e-4 * double.abs(),
            "{size}: {single:e} {double:e}"
        );
    }
}

#[test]
fn a_detached_product_is_detached_to_every_order() {
    // w = 1 + x, u = detached(w)·x, L = u²/2 at x = 0.5: d²L/dx² = w², as if w were given.
    let mut t = Tape::<f64>::new();
    let x = t.variable_vector(&[0.5]);
    let one = t.constant_vector(&[1.0]);
    let mut w = t.plastic(array![[1.0]].view());
    t.update(&mut w, None, &[Outer::new(x, one)]);
    let u = t.matvec_t_detached(&w, x);
    let loss = t.dot(u, u);
    let loss = t.affine(loss, 0.5, 0.0);
    assert_eq!(t.hessian_vector(loss, &[x], &[&[1.0]]).of(0), [2.25]);
    let slope = t.gradient_taped(loss, &[x]);
    assert_eq!(t.tangent(&slope, &[(x, &[1.0])])[0], [2.25]);
    let curve = t.gradient_taped(slope[0], &[x])[0];
    assert_eq!(t.gradient(curve, &[x]).of(0), [0.0]);
}

#[test]
fn the_derivative_by_a_computed_value_is_in_full_where_it_has_structural_zeros() {
    for recorded in [false, true] {
        let mut t = Tape::<f64>::new();
        let w = t.plastic(array![[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]].view());
        let v = t.variable_vector(&[1.0, 1.0, 1.0, 1.0]);
        let mask = t.constant_vector(&[1.0, 0.0, 0.0, 0.0]);
        let u = t.mul(mask, v);
        let z = t.matvec(&w, u);
        let loss = t.sum(z);
        let found = if recorded {
            let slope = t.gradient_taped(loss, &[u])[0];
            t.value(slope).to_vec()
        } else {
            t.gradient(loss, &[u]).of(0).to_vec()
        };
        assert_eq!(found, [6.0, 8.0, 10.0, 12.0]);
    }
}

#[test]
fn the_derivative_by_a_computed_vector_of_an_update_is_in_full() {
    let mut t = Tape::<f64>::new();
    let mut w = t.plastic(irregular(2, 4).view());
    let a = t.variable_vector(&[1.0, -2.0]);
    let v = t.variable_vector(&[1.0, 1.0, 1.0, 1.0]);
    let mask = t.constant_vector(&[1.0, 0.0, 0.0, 0.0]);
    let b = t.mul(mask, v);
    t.update(&mut w, None, &[Outer::new(a, b)]);
    let k = t.constant_vector(&[1.0, 2.0, 3.0, 4.0]);
    let z = t.matvec(&w, k);
    let loss = t.dot(z, a);
    // L = aᵀ(W + a bᵀ)k: dL/db = (aᵀa) k.
    assert_eq!(t.gradient(loss, &[b]).of(0), [5.0, 10.0, 15.0, 20.0]);
}

#[test]
fn a_value_is_zero_outside_its_support_whatever_it_was_multiplied_by() {
    let mut t = Tape::<f64>::new();
    let mask = t.constant_vector(&[1.0, 0.0, 0.0, 0.0]);
    let ones = t.constant_vector(&[1.0; 4]);
    let x = t.variable_vector(&[1.0, 0.0, 2.0, 3.0]);
    let inverse = t.div(ones, x);
    let y = t.mul(mask, inverse);
    assert_eq!(t.value(y), [1.0, 0.0, 0.0, 0.0]);
    // And so whatever waits to be applied to a matrix.
    for updates in [1, 5] {
        let mut w = t.plastic(array![[1.0, 1.0, 1.0, 1.0]].view());
        let a = t.constant_vector(&[1.0]);
        for _ in 0..updates {
            t.update(&mut w, None, &[Outer::new(a, y)]);
        }
        let z = t.matvec(&w, ones);
        assert_eq!(t.value(z), [4.0 + f64::from(updates)]);
    }
}

#[test]
fn forward_mode_takes_constants_as_constants_and_adds_up_directions() {
    let mut t = Tape::<f64>::new();
    let c = t.constant_scalar(2.0);
    let x = t.variable_scalar(3.0);
    let y = t.mul(c, x);
    assert_eq!(t.gradient(y, &[c]).scalar(0), 0.0);
    assert_eq!(t.tangent(&[y], &[(c, &[1.0])])[0], [0.0]);
    assert_eq!(t.tangent(&[y], &[(x, &[1.0]), (x, &[0.5])])[0], [3.0]);
}

#[test]
#[should_panic(expected = "a direction can be given to a variable")]
fn forward_mode_refuses_a_direction_of_a_computed_value() {
    let mut t = Tape::<f64>::new();
    let x = t.variable_scalar(3.0);
    let y = t.mul(x, x);
    let z = t.mul(y, y);
    t.tangent(&[z], &[(y, &[1.0])]);
}

#[test]
#[should_panic(expected = "its `aside` was over")]
fn a_value_does_not_outlive_its_aside() {
    let mut tape = Tape::<f64>::new();
    let leaked = tape.aside(|t| t.constant_scalar(7.0));
    let _other = tape.constant_scalar(3.0);
    tape.scalar(leaked);
}

#[test]
#[should_panic(expected = "its `aside` was over")]
fn a_matrix_does_not_outlive_its_aside() {
    let mut tape = Tape::<f64>::new();
    let leaked: Plastic = tape.aside(|t| t.plastic(array![[7.0]].view()));
    let _other = tape.plastic(array![[3.0]].view());
    tape.matrix(&leaked);
}

#[test]
fn values_from_before_an_aside_live_on() {
    let mut tape = Tape::<f64>::new();
    let x = tape.variable_scalar(2.0);
    for _ in 0..3 {
        tape.aside(|t| {
            let w = t.plastic(array![[7.0]].view());
            let x = t.variable_vector(&[1.0]);
            let z = t.matvec(&w, x);
            assert_eq!(t.gradient(z, &[x]).of(0), [7.0]);
        });
        let y = tape.mul(x, x);
        assert_eq!(tape.gradient(y, &[x]).scalar(0), 4.0);
    }
}

#[test]
fn what_is_computed_aside_leaves_no_memory_behind_however_often() {
    let mut tape = Tape::<f64>::new();
    let mut once = || {
        tape.aside(|t| {
            let sparse = t.constant_vector(&[1.0, 0.0, 0.0, 0.0]);
            t.sum(sparse);
        });
        tape.footprint()
    };
    let first = once();
    for _ in 0..100 {
        assert_eq!(once(), first);
    }
}

#[test]
fn a_tape_counts_its_structural_zeros() {
    let bytes = |number: f64| {
        let mut tape = Tape::<f64>::new();
        tape.constant_vector(&[number; 64]);
        tape.bytes()
    };
    assert!(bytes(0.0) > bytes(1.0));
}

#[test]
fn hessian_times_vector_leaves_nothing_behind() {
    let mut tape = Tape::<f64>::new();
    let (loss, rate) = forgetful(&mut tape);
    let mut once = || {
        let product = tape.hessian_vector(loss, &[rate], &[&[1.0]]).scalar(0);
        (product, tape.len(), tape.footprint())
    };
    // The first finds how much memory it takes.
    let first = once();
    for _ in 0..5 {
        assert_eq!(once(), first);
    }
}

#[test]
#[should_panic(expected = "at least, got shape 3×0")]
fn a_value_without_numbers_is_refused() {
    let mut tape = Tape::<f64>::new();
    tape.variable(Shape::matrix(3, 0), &[]);
}

#[test]
#[should_panic(expected = "at least, got shape 0×3")]
fn a_matrix_without_rows_is_refused() {
    let mut tape = Tape::<f64>::new();
    tape.plastic(Array2::zeros((0, 3)).view());
}

#[test]
fn the_initial_matrix_has_its_adjoint_by_a_recorded_gradient_that_replayed() {
    // L = w x, then a reset; dL/dx = w, recorded; its derivative by w is 1.
    let mut t = Tape::<f64>::new();
    let x = t.variable_vector(&[2.0]);
    let reset = t.constant_scalar(0.0);
    let mut w = t.plastic(array![[1.5]].view());
    let z = t.matvec(&w, x);
    let loss = t.sum(z);
    t.update(&mut w, Some(reset), &[Outer::new(x, x)]);
    let slope = t.gradient_taped(loss, &[x])[0];
    let slope = t.sum(slope);
    let options = GradientOptions {
        initial: &[&w],
        ..GradientOptions::default()
    };
    assert_eq!(
        t.gradient_with(slope, &[], &options).initial(0),
        array![[1.0]]
    );
}
