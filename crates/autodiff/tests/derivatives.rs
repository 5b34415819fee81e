//! Jacobians, Hessians, products with cotangents, and operations of a user's own.

use autodiff::{Outer, Shape, Tape, Var};
use ndarray::{Array2, array};

/// A function of a vector with as many outputs as are cut off, and a matrix that learns
/// on the way.
fn outputs(tape: &mut Tape<f64>, x: Var, n: usize) -> Var {
    let mut w = tape.plastic(array![[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [0.2, 0.7, 0.1]].view());
    let z = tape.matvec(&w, x);
    let y = tape.tanh(z);
    tape.update(&mut w, None, &[Outer::new(y, x)]);
    let z = tape.matvec(&w, y);
    let all = tape.concat_cols(&[z, y]);
    tape.slice_cols(all, 0..n)
}

const AT: [f64; 3] = [0.4, -0.9, 0.3];

/// The Jacobian by central differences.
fn by_differences(n: usize) -> Array2<f64> {
    let value = |x: &[f64]| {
        let mut tape = Tape::new();
        let x = tape.variable_vector(x);
        let y = outputs(&mut tape, x, n);
        tape.array(y)
    };
    Array2::from_shape_fn((n, 3), |(i, j)| {
        let (mut plus, mut minus) = (AT, AT);
        plus[j] += 1e-5;
        minus[j] -= 1e-5;
        (value(&plus)[[0, i]] - value(&minus)[[0, i]]) / 2e-5
    })
}

#[test]
fn a_jacobian_is_the_same_by_rows_and_by_columns() {
    // With two outputs it sweeps back, with six forward.
    for n in [2, 6] {
        let mut tape = Tape::new();
        let x = tape.variable_vector(&AT);
        let y = outputs(&mut tape, x, n);
        let before = tape.len();
        let found = tape.jacobian(y, &[x]).remove(0);
        assert_eq!(tape.len(), before);
        // Central differences at 1e-5 err by about 1e-10.
        let error = (&found - &by_differences(n)).mapv(f64::abs);
        assert!(error.iter().all(|e| *e < 1e-8), "{found}");
    }
}

#[test]
fn a_jacobian_by_what_was_computed_sweeps_back() {
    let mut tape = Tape::<f64>::new();
    let x = tape.variable_scalar(2.0);
    let square = tape.square(x);
    let y = tape.fill(square, Shape::vector(3));
    assert_eq!(
        tape.jacobian(y, &[square, x]),
        [Array2::ones((3, 1)), Array2::from_elem((3, 1), 4.0)]
    );
}

#[test]
fn a_product_with_a_cotangent_is_the_cotangent_times_the_jacobian() {
    let mut tape = Tape::new();
    let x = tape.variable_vector(&AT);
    let y = outputs(&mut tape, x, 4);
    let jacobian = tape.jacobian(y, &[x]).remove(0);
    let cotangent = [0.5, 0.0, -2.0, 1.0];
    let want = ndarray::aview1(&cotangent).dot(&jacobian);
    let found = tape.vjp(y, &cotangent, &[x]);
    for (found, want) in found[x].iter().zip(want) {
        assert!((found - want).abs() < 1e-14);
    }
}

#[test]
fn a_hessian_is_symmetric_and_is_the_jacobian_of_the_gradient() {
    let mut tape = Tape::new();
    let x = tape.variable_vector(&AT);
    let s = tape.variable_scalar(0.7);
    let y = outputs(&mut tape, x, 5);
    let y = tape.scale(s, y);
    let square = tape.square(y);
    let loss = tape.sum(square);
    let hessian = tape.hessian(loss, &[x, s]);
    let slopes = tape.gradient_taped(loss, &[x, s]);
    let both = tape.concat_cols(&[slopes[0], slopes[1]]);
    let columns = tape.jacobian(both, &[x, s]);
    for i in 0..4 {
        for j in 0..4 {
            assert!((hessian[[i, j]] - hessian[[j, i]]).abs() < 1e-12);
            let want = if j < 3 {
                columns[0][[i, j]]
            } else {
                columns[1][[i, 0]]
            };
            assert!((hessian[[i, j]] - want).abs() < 1e-12);
        }
    }
}

/// softplus with β = 1 as an operation of a user's own.
fn own_softplus(tape: &mut Tape<f64>, x: Var) -> Var {
    tape.custom(
        &[x],
        |x| x[0].mapv(|x| x.exp().ln_1p()),
        |tape, node| {
            let slope = tape.sigmoid(node.inputs[0]);
            vec![Some(tape.mul(node.adjoint, slope))]
        },
    )
}

#[test]
fn a_custom_operation_agrees_with_a_built_in_one_in_every_sweep() {
    let derivatives = |function: fn(&mut Tape<f64>, Var) -> Var| {
        let mut tape = Tape::<f64>::new();
        let x = tape.variable_vector(&[0.3, -1.2, 2.0]);
        // Twice, once on what it gave itself, and through a matrix.
        let y = function(&mut tape, x);
        let y = function(&mut tape, y);
        let mut w = tape.plastic(array![[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]].view());
        let z = tape.matvec(&w, y);
        tape.update(&mut w, None, &[Outer::new(z, y)]);
        let z = tape.matvec(&w, x);
        let loss = tape.dot(z, z);
        let mut found = tape.gradient(loss, &[x]).of(0).to_vec();
        let direction = [1.0, -0.5, 0.25];
        found.extend(tape.tangent(&[loss], &[(x, &direction)]).remove(0));
        found.extend(tape.hessian(loss, &[x]));
        let slope = tape.gradient_taped(loss, &[x])[0];
        found.extend(tape.value(slope));
        found.extend(tape.tangent(&[slope], &[(x, &direction)]).remove(0));
        found
    };
    let own = derivatives(own_softplus);
    let built_in = derivatives(|tape, x| tape.softplus(x, 1.0));
    assert_eq!(own.len(), 3 + 1 + 9 + 3 + 3);
    for (own, built_in) in own.iter().zip(&built_in) {
        assert!((own - built_in).abs() < 1e-12, "{own} {built_in}");
    }
}

#[test]
fn a_custom_operation_with_a_wrong_rule_is_found_by_the_gradient_checker() {
    let wrong = |tape: &mut Tape<f64>, x: &[Var]| {
        tape.custom(
            &[x[0]],
            |x| x[0].mapv(f64::exp),
            |tape, node| vec![Some(tape.affine(node.adjoint, 1.0, 0.0))],
        )
    };
    let inputs = [(Shape::vector(2), vec![0.4, -0.7])];
    let failure = autodiff::GradientCheck::default().run(&inputs, wrong);
    assert_eq!(failure.unwrap_err().order, 1);
}

#[test]
fn a_custom_operation_that_says_nothing_of_an_input_is_flat_in_it() {
    let mut tape = Tape::<f64>::new();
    let (a, b) = (tape.variable_scalar(2.0), tape.variable_scalar(3.0));
    let y = tape.custom(
        &[a, b],
        |x| &x[0] * &x[1],
        |tape, node| vec![Some(tape.mul(node.adjoint, node.inputs[1])), None],
    );
    assert_eq!(tape.gradient(y, &[a]).scalar(0), 3.0);
    assert_eq!(tape.gradient(y, &[b]).scalar(0), 0.0);
    assert_eq!(tape.tangent(&[y], &[(b, &[1.0])])[0], [0.0]);
    assert_eq!(tape.tangent(&[y], &[(a, &[1.0]), (b, &[1.0])])[0], [3.0]);
}

#[test]
#[should_panic = "gave a share of shape 1×2 to an input of shape 1×1"]
fn a_rule_that_gives_a_share_of_another_shape_is_told_so() {
    let mut tape = Tape::<f64>::new();
    let s = tape.variable_scalar(2.0);
    let y = tape.custom(
        &[s],
        |s| array![[s[0][[0, 0]], 1.0]],
        |_, node| vec![Some(node.adjoint)],
    );
    let total = tape.sum(y);
    tape.gradient(total, &[s]);
}

#[test]
fn a_gradient_is_found_by_its_variable() {
    let mut tape = Tape::<f64>::new();
    let x: Vec<Var> = (0..5).map(|i| tape.variable_scalar(f64::from(i))).collect();
    let both = tape.concat_cols(&x);
    let y = tape.dot(both, both);
    let gradient = tape.gradient(y, &[x[3], x[1]]);
    assert_eq!((&gradient[x[1]], &gradient[x[3]]), (&[2.0][..], &[6.0][..]));
    let missing = std::panic::catch_unwind(|| gradient[x[0]][0]);
    assert!(missing.is_err());
}

/// A loss after three steps of learning by the delta rule from W₀, in a plastic matrix or
/// with a value for each version.
fn after_learning(tape: &mut Tape<f64>, start: Var, in_place: bool) -> Var {
    let rate = tape.constant_scalar(-0.2);
    let inputs = [[0.3, -0.8, 0.5], [0.9, 0.1, -0.4], [-0.2, 0.6, 0.7]];
    let (mut plastic, mut value) = (tape.plastic_from(start), start);
    for x in inputs {
        let x = tape.constant_vector(&x);
        let z = if in_place {
            tape.matvec(&plastic, x)
        } else {
            tape.matmul_nt(x, value)
        };
        let y = tape.tanh(z);
        if in_place {
            tape.update(&mut plastic, None, &[Outer::scaled(rate, y, x)]);
        } else {
            let change = tape.outer(y, x);
            let change = tape.scale(rate, change);
            value = tape.add(value, change);
        }
    }
    let x = tape.constant_vector(&[0.4, 0.4, -0.9]);
    let z = if in_place {
        tape.matvec(&plastic, x)
    } else {
        tape.matmul_nt(x, value)
    };
    tape.dot(z, z)
}

#[test]
fn derivatives_by_where_a_plastic_matrix_starts_can_be_used_further() {
    // Model-agnostic meta-learning: a step along the recorded dL/dW₀, and what a loss after
    // it says of W₀.
    let meta = |in_place: bool| {
        let mut tape = Tape::<f64>::new();
        let start = tape.variable_array(array![[0.5, -0.3, 0.2], [0.1, 0.7, -0.6]].view());
        let loss = after_learning(&mut tape, start, in_place);
        let slope = tape.gradient_taped(loss, &[start])[0];
        let step = tape.affine(slope, -0.1, 0.0);
        let moved = tape.add(start, step);
        let loss = after_learning(&mut tape, moved, in_place);
        let mut found = vec![tape.scalar(loss)];
        found.extend(tape.gradient(loss, &[start]).of(0));
        let direction = [1.0, 0.5, -0.5, 0.25, 2.0, -1.0];
        found.extend(tape.tangent(&[loss], &[(start, &direction)]).remove(0));
        found.extend(tape.hessian_vector(loss, &[start], &[&direction]).of(0));
        found
    };
    for (found, want) in meta(true).iter().zip(meta(false)) {
        assert!((found - want).abs() < 1e-12, "{found} {want}");
    }
}
