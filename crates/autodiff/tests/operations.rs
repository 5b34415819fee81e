//! Every operation, checked to order 2 at random and at awkward points.

use autodiff::{GradientCheck, Shape, Tape, Var};

type Function = fn(&mut Tape<f64>, &[Var]) -> Var;

/// A fixed, irregular number for entry `i` of input `k`, within ±1.
fn entry(k: usize, i: usize) -> f64 {
    ((k * 31 + i * 17 + 5) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0
}

fn irregular(shapes: &[Shape], scale: f64, shift: f64) -> Vec<(Shape, Vec<f64>)> {
    shapes
        .iter()
        .enumerate()
        .map(|(k, s)| {
            (
                *s,
                (0..s.len()).map(|i| shift + scale * entry(k, i)).collect(),
            )
        })
        .collect()
}

#[track_caller]
fn check_at(name: &str, inputs: &[(Shape, Vec<f64>)], f: Function) {
    if let Err(failure) = GradientCheck::default().run(inputs, f) {
        panic!("{name}: {failure}");
    }
}

#[track_caller]
fn check(name: &str, shapes: &[Shape], f: Function) {
    check_at(name, &irregular(shapes, 1.0, 0.0), f);
    check_at(name, &irregular(shapes, 0.1, 0.02), f);
}

const V: Shape = Shape::vector(19);
const M: Shape = Shape::matrix(3, 5);
const S: Shape = Shape::SCALAR;

#[test]
fn arithmetic_has_right_derivatives_to_order_two() {
    check("add", &[V, V], |t, x| t.add(x[0], x[1]));
    check("add to itself", &[V], |t, x| t.add(x[0], x[0]));
    check("sub", &[M, M], |t, x| t.sub(x[0], x[1]));
    check("mul", &[V, V], |t, x| t.mul(x[0], x[1]));
    check("square", &[V], |t, x| t.mul(x[0], x[0]));
    check("affine", &[V], |t, x| {
        let y = t.affine(x[0], -1.5, 0.3);
        t.mul(y, y)
    });
    check_at("div", &irregular(&[V, V], 0.4, 1.5), |t, x| {
        t.div(x[0], x[1])
    });
    check("neg", &[V], |t, x| t.neg(x[0]));
}

#[test]
fn scaling_and_combining_have_right_derivatives_to_order_two() {
    check("scale", &[S, M], |t, x| t.scale(x[0], x[1]));
    check("combine one", &[S, V], |t, x| t.combine(&[(x[0], x[1])]));
    check("combine three", &[S, V, S, V, S], |t, x| {
        t.combine(&[(x[0], x[1]), (x[2], x[3]), (x[4], x[1])])
    });
    check("fill", &[S, V], |t, x| {
        let filled = t.fill(x[0], V);
        t.mul(filled, x[1])
    });
}

#[test]
fn reductions_have_right_derivatives_to_order_two() {
    check("sum", &[M], |t, x| {
        let y = t.sum(x[0]);
        t.mul(y, y)
    });
    check("dot", &[V, V], |t, x| t.dot(x[0], x[1]));
    check("dot with itself", &[V], |t, x| t.dot(x[0], x[0]));
    check("row_sum", &[M], |t, x| {
        let y = t.row_sum(x[0]);
        t.mul(y, y)
    });
    check("row_scale", &[Shape::matrix(3, 1), M], |t, x| {
        t.row_scale(x[0], x[1])
    });
    check("row_fill", &[Shape::matrix(3, 1), M], |t, x| {
        let filled = t.row_fill(x[0], 5);
        t.mul(filled, x[1])
    });
}

#[test]
fn matrix_products_have_right_derivatives_to_order_two() {
    check(
        "matmul",
        &[Shape::matrix(3, 4), Shape::matrix(4, 2)],
        |t, x| t.matmul(x[0], x[1]),
    );
    check(
        "matmul_nt",
        &[Shape::matrix(3, 4), Shape::matrix(2, 4)],
        |t, x| t.matmul_nt(x[0], x[1]),
    );
    check(
        "matmul_tn",
        &[Shape::matrix(4, 3), Shape::matrix(4, 2)],
        |t, x| t.matmul_tn(x[0], x[1]),
    );
    check("outer", &[Shape::vector(3), Shape::vector(4)], |t, x| {
        t.outer(x[0], x[1])
    });
    check(
        "matrix times vector",
        &[Shape::vector(4), Shape::matrix(3, 4)],
        |t, x| t.matmul_nt(x[0], x[1]),
    );
    check("gram", &[Shape::matrix(3, 4)], |t, x| {
        t.matmul_nt(x[0], x[0])
    });
}

#[test]
fn exponentials_and_logarithms_have_right_derivatives_to_order_two() {
    check("exp", &[V], |t, x| t.exp(x[0]));
    check("exp_m1", &[V], |t, x| t.exp_m1(x[0]));
    check_at("ln", &irregular(&[V], 0.4, 1.0), |t, x| t.ln(x[0]));
    check_at("ln_1p", &irregular(&[V], 0.4, 0.1), |t, x| t.ln_1p(x[0]));
    check("tanh", &[V], |t, x| t.tanh(x[0]));
    check("sigmoid", &[V], |t, x| t.sigmoid(x[0]));
    check_at("sigmoid far out", &irregular(&[V], 40.0, 0.0), |t, x| {
        t.sigmoid(x[0])
    });
}

#[test]
fn softplus_has_right_derivatives_to_order_two_also_far_from_zero() {
    check("softplus 1", &[V], |t, x| t.softplus(x[0], 1.0));
    check("softplus 10", &[V], |t, x| {
        let x = t.affine(x[0], 0.3, 0.0);
        t.softplus(x, 10.0)
    });
    check("slope", &[V], |t, x| t.softplus_slope(x[0], 2.0));
    check("gate", &[V, V], |t, x| t.softplus_gate(x[0], x[1], 2.0));
    check("gate of itself", &[V], |t, x| {
        t.softplus_gate(x[0], x[0], 3.0)
    });
    for shift in [-30.0, -3.0, 3.0, 30.0] {
        check_at("softplus", &irregular(&[V], 0.5, shift), |t, x| {
            t.softplus(x[0], 3.0)
        });
    }
}

#[test]
fn softmax_and_cross_entropy_have_right_derivatives_to_order_two() {
    check("softmax", &[M], |t, x| t.softmax(x[0]));
    check("log_softmax", &[M], |t, x| t.log_softmax(x[0]));
    check("cross_entropy", &[M, M], |t, x| t.cross_entropy(x[0], x[1]));
    check_at(
        "softmax, one dominates",
        &irregular(&[M], 20.0, 0.0),
        |t, x| t.softmax(x[0]),
    );
    check_at(
        "cross_entropy, one dominates",
        &irregular(&[M], 20.0, 0.0),
        |t, x| {
            let targets = t.softmax(x[0]);
            t.cross_entropy(x[0], targets)
        },
    );
}

#[test]
fn abs_has_right_derivatives_away_from_zero_and_derivative_zero_at_zero() {
    check_at("abs", &irregular(&[V], 0.5, 1.0), |t, x| t.abs(x[0]));
    check_at("abs", &irregular(&[V], 0.5, -1.0), |t, x| t.abs(x[0]));
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
