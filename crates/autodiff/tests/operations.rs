//! Every operation, checked to order 2 at random and at awkward points.

use autodiff::{GradientCheck, Shape, Tape, Var, operation_cases};

#[test]
fn every_operation_has_right_derivatives_to_order_two() {
    for case in operation_cases() {
        for (i, point) in case.points.iter().enumerate() {
            if let Err(failure) = GradientCheck::default().run(point, case.function) {
                panic!("{} at point {i}: {failure}", case.name);
            }
        }
    }
}

#[test]
fn abs_has_derivative_zero_at_zero() {
    let mut tape = Tape::<f64>::new();
    let x = tape.variable_vector(&[0.0, -0.0, 2.0, -2.0]);
    let y = tape.abs(x);
    let total = tape.sum(y);
    assert_eq!(tape.gradient(total, &[x]).of(0), [0.0, 0.0, 1.0, -1.0]);
}

/// dy/dx of the sum of `f(x)`.
fn slope_at(numbers: &[f64], f: impl FnOnce(&mut Tape<f64>, Var) -> Var) -> Vec<f64> {
    let mut tape = Tape::new();
    let x = tape.variable_vector(numbers);
    let y = f(&mut tape, x);
    let total = tape.sum(y);
    tape.gradient(total, &[x]).of(0).to_vec()
}

#[test]
fn kinks_have_the_derivatives_that_are_documented() {
    let around = [-1.0, 0.0, 1.0];
    assert_eq!(slope_at(&around, |t, x| t.relu(x)), [0.0, 0.0, 1.0]);
    assert_eq!(slope_at(&around, |t, x| t.sign(x)), [0.0, 0.0, 0.0]);
    assert_eq!(slope_at(&around, |t, x| t.clamp(x, 0.0, 1.0)), [0.0; 3]);
    assert_eq!(slope_at(&around, |t, x| t.clamp(x, -2.0, 2.0)), [1.0; 3]);
    // Half to each of two equals, so all of it if both are the same value.
    assert_eq!(slope_at(&around, |t, x| t.max(x, x)), [1.0; 3]);
    let zero = |t: &mut Tape<f64>| t.constant(Shape::vector(3), &[0.0; 3]);
    let larger = |t: &mut Tape<f64>, x| {
        let zero = zero(t);
        t.max(x, zero)
    };
    assert_eq!(slope_at(&around, larger), [0.0, 0.5, 1.0]);
    let smaller = |t: &mut Tape<f64>, x| {
        let zero = zero(t);
        t.min(x, zero)
    };
    assert_eq!(slope_at(&around, smaller), [1.0, 0.5, 0.0]);
    assert_eq!(slope_at(&around, |t, x| t.powi(x, 0)), [0.0; 3]);
}

#[test]
fn what_a_mask_shuts_out_may_be_infinite() {
    let guarded = |t: &mut Tape<f64>, x| {
        let infinite = t.constant(Shape::vector(2), &[f64::INFINITY; 2]);
        let positive = t.inside(x, 0.0, f64::INFINITY);
        let finite = t.select(positive, x, infinite);
        t.select(positive, finite, x)
    };
    assert_eq!(slope_at(&[4.0, -1.0], guarded), [1.0, 1.0]);
    let kept = |t: &mut Tape<f64>, x| {
        let mask = t.constant_vector(&[1.0, 0.0]);
        t.keep(mask, x)
    };
    assert_eq!(slope_at(&[4.0, f64::INFINITY], kept), [1.0, 0.0]);
}

#[test]
fn not_a_number_stays_one() {
    let nan = f64::NAN;
    let mut tape = Tape::<f64>::new();
    let (x, one) = (tape.variable_scalar(nan), tape.constant_scalar(1.0));
    let unary = [
        tape.relu(x),
        tape.clamp(x, -1.0, 1.0),
        tape.sign(x),
        tape.tanh(x),
        tape.sigmoid(x),
        tape.softplus(x, 1.0),
        tape.exp_m1(x),
    ];
    let binary = [
        tape.max(x, one),
        tape.max(one, x),
        tape.min(x, one),
        tape.min(one, x),
        tape.compare(x, one),
    ];
    for y in unary.into_iter().chain(binary) {
        assert!(tape.scalar(y).is_nan());
    }
}

#[test]
fn a_batch_of_products_is_each_product_by_itself() {
    let numbers = |n: usize| (0..n).map(|i| (i as f64 * 0.7).sin()).collect::<Vec<_>>();
    let mut tape = Tape::<f64>::new();
    let (a, b) = (numbers(3 * 2 * 4), numbers(3 * 4 * 5));
    let a = tape.variable(Shape::matrix(6, 4), &a);
    let b = tape.variable(Shape::matrix(12, 5), &b);
    let all = tape.matmul_blocks(a, b, 3);
    for k in 0..3 {
        let one = tape.slice_rows(a, 2 * k..2 * (k + 1));
        let other = tape.slice_rows(b, 4 * k..4 * (k + 1));
        let want = tape.matmul(one, other);
        let found = tape.slice_rows(all, 2 * k..2 * (k + 1));
        assert_eq!(tape.value(found), tape.value(want));
    }
}

#[test]
fn stop_gradient_passes_values_and_blocks_derivatives() {
    let mut tape = Tape::<f64>::new();
    let x = tape.variable_scalar(3.0);
    let held = tape.stop_gradient(x);
    let y = tape.mul(held, x);
    assert_eq!(tape.scalar(y), 9.0);
    assert_eq!(tape.gradient(y, &[x]).scalar(0), 3.0);
    assert_eq!(tape.tangent(&[y], &[(x, &[1.0])])[0], [3.0]);
}

#[test]
fn softplus_softmax_and_cross_entropy_stay_exact_and_finite_up_to_1e4() {
    fn at<T: autodiff::Real>(scale: f64) {
        let numbers = [1e4, -1e4, 3.0, 0.0, -25.0].map(|x| T::from_f64(x * scale));
        let mut tape = Tape::<T>::new();
        let z = tape.variable_vector(&numbers);
        let softplus = tape.softplus(z, 1.0);
        let exact = [1e4, -1e4, 3.0, 0.0, -25.0].map(|x| {
            let x = x * scale;
            if x > 0.0 {
                x + (-x).exp().ln_1p()
            } else {
                x.exp().ln_1p()
            }
        });
        for (found, want) in tape.value(softplus).iter().zip(exact) {
            let error = (found.to_f64() - want).abs();
            assert!(
                error <= 4.0 * T::EPSILON.to_f64() * want.abs(),
                "softplus {found} {want}"
            );
        }
        let share = tape.softmax(z);
        assert!(tape.value(share).iter().all(|p| p.is_finite()));
        let target = [0.0, 1.0, 0.0, 0.0, 0.0].map(T::from_f64);
        let target = tape.constant_vector(&target);
        let loss = tape.cross_entropy(z, target);
        let want = 2e4 * scale.abs();
        assert!(
            (tape.scalar(loss).to_f64() / want - if scale > 0.0 { 1.0 } else { 0.0 }).abs() < 1e-6
        );
        let total = tape.sum(softplus);
        let total = tape.add(total, loss);
        let gradient = tape.gradient(total, &[z]);
        assert!(
            gradient.of(0).iter().all(|g| g.is_finite()),
            "{:?}",
            gradient.of(0)
        );
    }
    at::<f64>(1.0);
    at::<f64>(-1.0);
    at::<f32>(1.0);
    at::<f32>(-1.0);
}
