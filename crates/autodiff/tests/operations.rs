//! Every operation, checked to order 2 at random and at awkward points.

use autodiff::{GradientCheck, Tape, operation_cases};

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
