//! Every operation of the tape with points at which to check its derivatives: the one
//! list that tests, tables and teaching use. A new operation needs a line here; a test
//! below finds those without one.

use crate::{Outer, Plastic, Shape, Tape, Var};

/// A function of inputs, recorded on a tape that holds them.
pub type CaseFunction = fn(&mut Tape<f64>, &[Var]) -> Var;

/// Inputs of a function: shapes, and numbers row by row.
pub type Point = Vec<(Shape, Vec<f64>)>;

/// An operation, as a function, with points at which to look at its derivatives.
#[derive(Clone, Debug)]
pub struct OperationCase {
    /// What is checked, for people.
    pub name: &'static str,
    /// Where; at least one point.
    pub points: Vec<Point>,
    /// The operation, or a small function made of it.
    pub function: CaseFunction,
}

/// A fixed, irregular number for entry `i` of input `k`, within ±1.
fn entry(k: usize, i: usize) -> f64 {
    ((k * 31 + i * 17 + 5) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0
}

fn irregular(shapes: &[Shape], scale: f64, shift: f64) -> Point {
    let numbers = |k: usize, shape: &Shape| {
        (0..shape.len())
            .map(|i| shift + scale * entry(k, i))
            .collect()
    };
    shapes
        .iter()
        .enumerate()
        .map(|(k, shape)| (*shape, numbers(k, shape)))
        .collect()
}

/// A post × pre matrix of fixed numbers.
fn weights(tape: &mut Tape<f64>, post: usize, pre: usize) -> Plastic {
    let w = ndarray::Array2::from_shape_fn((post, pre), |(i, j)| 0.7 * entry(9, i * pre + j));
    tape.plastic(w.view())
}

const V: Shape = Shape::vector(19);
const M: Shape = Shape::matrix(3, 5);
const S: Shape = Shape::SCALAR;
const V3: Shape = Shape::vector(3);
const V4: Shape = Shape::vector(4);

/// All differentiable operations, each at random and at awkward points.
pub fn operation_cases() -> Vec<OperationCase> {
    let mut cases = Vec::new();
    let mut at = |name, points, function| {
        cases.push(OperationCase {
            name,
            points,
            function,
        });
    };
    pure(&mut at);
    plastic(&mut at);
    cases
}

fn pure(at: &mut impl FnMut(&'static str, Vec<Point>, CaseFunction)) {
    let mut case = |name, shapes: &[Shape], function| {
        let points = vec![irregular(shapes, 1.0, 0.0), irregular(shapes, 0.1, 0.02)];
        at(name, points, function);
    };
    case("add", &[V, V], |t, x| t.add(x[0], x[1]));
    case("add to itself", &[V], |t, x| t.add(x[0], x[0]));
    case("sub", &[M, M], |t, x| t.sub(x[0], x[1]));
    case("neg", &[V], |t, x| t.neg(x[0]));
    case("mul", &[V, V], |t, x| t.mul(x[0], x[1]));
    case("mul by itself", &[V], |t, x| t.mul(x[0], x[0]));
    case("square", &[V], |t, x| t.square(x[0]));
    case("powi", &[V], |t, x| t.powi(x[0], 3));
    case("sin", &[V], |t, x| t.sin(x[0]));
    case("cos", &[V], |t, x| t.cos(x[0]));
    case("max", &[V, V], |t, x| t.max(x[0], x[1]));
    case("min, squared", &[V, V], |t, x| {
        let y = t.min(x[0], x[1]);
        t.square(y)
    });
    case("relu, squared", &[V], |t, x| {
        let y = t.relu(x[0]);
        t.square(y)
    });
    case("clamp, squared", &[V], |t, x| {
        let y = t.clamp(x[0], -0.5, 0.3);
        t.square(y)
    });
    case("keep, squared", &[V, V], |t, x| {
        let mask = t.greater(x[0], x[1]);
        let y = t.keep(mask, x[0]);
        t.square(y)
    });
    case("select, squared", &[V, V], |t, x| {
        let mask = t.greater(x[0], x[1]);
        let product = t.mul(x[0], x[1]);
        let y = t.select(mask, x[1], product);
        t.square(y)
    });
    case("affine, squared", &[V], |t, x| {
        let y = t.affine(x[0], -1.5, 0.3);
        t.mul(y, y)
    });
    case("scale", &[S, M], |t, x| t.scale(x[0], x[1]));
    case("combine one", &[S, V], |t, x| t.combine(&[(x[0], x[1])]));
    case("combine three", &[S, V, S, V, S], |t, x| {
        t.combine(&[(x[0], x[1]), (x[2], x[3]), (x[4], x[1])])
    });
    case("fill, times another", &[S, V], |t, x| {
        let filled = t.fill(x[0], V);
        t.mul(filled, x[1])
    });
    case("sum, squared", &[M], |t, x| {
        let y = t.sum(x[0]);
        t.mul(y, y)
    });
    case("dot", &[V, V], |t, x| t.dot(x[0], x[1]));
    case("dot with itself", &[V], |t, x| t.dot(x[0], x[0]));
    case("row_sum, squared", &[M], |t, x| {
        let y = t.row_sum(x[0]);
        t.mul(y, y)
    });
    case("row_scale", &[Shape::matrix(3, 1), M], |t, x| {
        t.row_scale(x[0], x[1])
    });
    case(
        "row_fill, times another",
        &[Shape::matrix(3, 1), M],
        |t, x| {
            let filled = t.row_fill(x[0], 5);
            t.mul(filled, x[1])
        },
    );
    let (row, col) = (Shape::vector(5), Shape::matrix(3, 1));
    case("col_sum, squared", &[M], |t, x| {
        let y = t.col_sum(x[0]);
        t.square(y)
    });
    case("row_mean, of squares", &[M], |t, x| {
        let y = t.square(x[0]);
        t.row_mean(y)
    });
    case("col_mean, of squares", &[M], |t, x| {
        let y = t.square(x[0]);
        t.col_mean(y)
    });
    case("mean, of squares", &[M], |t, x| {
        let y = t.square(x[0]);
        t.mean(y)
    });
    case("col_scale", &[row, M], |t, x| t.col_scale(x[0], x[1]));
    case("row_add, squared", &[col, M], |t, x| {
        let y = t.row_add(x[0], x[1]);
        t.square(y)
    });
    case("col_add, squared", &[row, M], |t, x| {
        let y = t.col_add(x[0], x[1]);
        t.square(y)
    });
    case("col_fill, times another", &[row, M], |t, x| {
        let filled = t.col_fill(x[0], 3);
        t.mul(filled, x[1])
    });
    case(
        "transpose, times another",
        &[M, Shape::matrix(5, 3)],
        |t, x| {
            let y = t.transpose(x[0]);
            t.mul(y, x[1])
        },
    );
    case(
        "reshape, times another",
        &[M, Shape::matrix(5, 3)],
        |t, x| {
            let y = t.reshape(x[0], Shape::matrix(5, 3));
            t.mul(y, x[1])
        },
    );
    case("slice_rows, squared", &[M], |t, x| {
        let y = t.slice_rows(x[0], 1..3);
        t.square(y)
    });
    case("slice_cols, squared", &[M], |t, x| {
        let y = t.slice_cols(x[0], 1..4);
        t.square(y)
    });
    case("pad_rows, times another", &[row, M], |t, x| {
        let y = t.pad_rows(x[0], 1, 1);
        t.mul(y, x[1])
    });
    case("pad_cols, times another", &[col, M], |t, x| {
        let y = t.pad_cols(x[0], 3, 1);
        t.mul(y, x[1])
    });
    case("concat_rows, squared", &[M, row], |t, x| {
        let y = t.concat_rows(&[x[0], x[1], x[0]]);
        t.square(y)
    });
    case("concat_cols, squared", &[M, col], |t, x| {
        let y = t.concat_cols(&[x[1], x[0], x[1]]);
        t.square(y)
    });
    case("gather_rows, squared", &[M], |t, x| {
        let y = t.gather_rows(x[0], &[2, 0, 2, 2]);
        t.square(y)
    });
    case("scatter_rows, squared", &[M], |t, x| {
        let y = t.scatter_rows(x[0], &[3, 1, 3], 5);
        t.square(y)
    });
    let (a, b) = (Shape::matrix(6, 2), Shape::matrix(4, 3));
    case("matmul_blocks", &[a, b], |t, x| {
        t.matmul_blocks(x[0], x[1], 2)
    });
    let b = Shape::matrix(4, 2);
    case("matmul_nt_blocks", &[a, b], |t, x| {
        t.matmul_nt_blocks(x[0], x[1], 2)
    });
    let b = Shape::matrix(6, 3);
    case("matmul_tn_blocks", &[a, b], |t, x| {
        t.matmul_tn_blocks(x[0], x[1], 2)
    });
    let (a, b) = (Shape::matrix(3, 4), Shape::matrix(4, 2));
    case("matmul", &[a, b], |t, x| t.matmul(x[0], x[1]));
    case("matmul_nt", &[a, Shape::matrix(2, 4)], |t, x| {
        t.matmul_nt(x[0], x[1])
    });
    case("matmul_tn", &[Shape::matrix(4, 3), b], |t, x| {
        t.matmul_tn(x[0], x[1])
    });
    case("outer", &[V3, V4], |t, x| t.outer(x[0], x[1]));
    case("matrix times vector", &[V4, a], |t, x| {
        t.matmul_nt(x[0], x[1])
    });
    case("gram", &[a], |t, x| t.matmul_nt(x[0], x[0]));
    case("exp", &[V], |t, x| t.exp(x[0]));
    case("exp_m1", &[V], |t, x| t.exp_m1(x[0]));
    case("tanh", &[V], |t, x| t.tanh(x[0]));
    case("sigmoid", &[V], |t, x| t.sigmoid(x[0]));
    case("softplus, β = 1", &[V], |t, x| t.softplus(x[0], 1.0));
    case("softplus, β = 10", &[V], |t, x| {
        let x = t.affine(x[0], 0.3, 0.0);
        t.softplus(x, 10.0)
    });
    case("softplus_slope", &[V], |t, x| t.softplus_slope(x[0], 2.0));
    case("softplus_gate", &[V, V], |t, x| {
        t.softplus_gate(x[0], x[1], 2.0)
    });
    case("softplus_gate of itself", &[V], |t, x| {
        t.softplus_gate(x[0], x[0], 3.0)
    });
    // Two inputs of different shapes, as a scaled sine that the engine could say itself.
    case("custom", &[S, V], |t, x| {
        t.custom(
            &[x[0], x[1]],
            |x| x[1].mapv(|x1| (x[0][[0, 0]] * x1).sin()),
            |t, node| {
                let (s, x) = (node.inputs[0], node.inputs[1]);
                let product = t.scale(s, x);
                let cos = t.cos(product);
                let share = t.mul(node.adjoint, cos);
                vec![Some(t.dot(share, x)), Some(t.scale(s, share))]
            },
        )
    });
    case("softmax", &[M], |t, x| t.softmax(x[0]));
    case("log_softmax", &[M], |t, x| t.log_softmax(x[0]));
    case("cross_entropy", &[M, M], |t, x| t.cross_entropy(x[0], x[1]));

    // Where a function has a domain, or something to be seen far out.
    let far = [-30.0, -3.0, 3.0, 30.0].map(|shift| irregular(&[V], 0.5, shift));
    at("softplus far out", far.to_vec(), |t, x| {
        t.softplus(x[0], 3.0)
    });
    at(
        "sigmoid far out",
        vec![irregular(&[V], 40.0, 0.0)],
        |t, x| t.sigmoid(x[0]),
    );
    at("div", vec![irregular(&[V, V], 0.4, 1.5)], |t, x| {
        t.div(x[0], x[1])
    });
    at("recip", vec![irregular(&[V], 0.4, -1.5)], |t, x| {
        t.recip(x[0])
    });
    at("powi, negative", vec![irregular(&[V], 0.4, 1.5)], |t, x| {
        t.powi(x[0], -2)
    });
    at("sqrt", vec![irregular(&[V], 0.4, 1.5)], |t, x| t.sqrt(x[0]));
    at("ln", vec![irregular(&[V], 0.4, 1.0)], |t, x| t.ln(x[0]));
    at("ln_1p", vec![irregular(&[V], 0.4, 0.1)], |t, x| {
        t.ln_1p(x[0])
    });
    let beside = [1.0, -1.0].map(|shift| irregular(&[V], 0.5, shift));
    at("abs away from 0", beside.to_vec(), |t, x| t.abs(x[0]));
    let one_dominates = vec![irregular(&[M], 20.0, 0.0)];
    at("softmax, one dominates", one_dominates.clone(), |t, x| {
        t.softmax(x[0])
    });
    at("cross_entropy, one dominates", one_dominates, |t, x| {
        let targets = t.softmax(x[0]);
        t.cross_entropy(x[0], targets)
    });
}

/// What is done with matrices that change in place; the gradients of these read,
/// combine and copy the matrices in every way there is.
fn plastic(at: &mut impl FnMut(&'static str, Vec<Point>, CaseFunction)) {
    let mut case = |name, shapes: &[Shape], function| {
        at(name, vec![irregular(shapes, 1.0, 0.0)], function);
    };
    case("matvec", &[V4], |t, x| {
        let w = weights(t, 3, 4);
        t.matvec(&w, x[0])
    });
    case("matvec_t", &[V3], |t, x| {
        let w = weights(t, 3, 4);
        t.matvec_t(&w, x[0])
    });
    case("update", &[V3, V4, V4], |t, x| {
        let mut w = weights(t, 3, 4);
        t.update(&mut w, None, &[Outer::new(x[0], x[1])]);
        t.matvec(&w, x[2])
    });
    case("update with a rate", &[S, V3, V4, V3], |t, x| {
        let mut w = weights(t, 3, 4);
        t.update(&mut w, None, &[Outer::scaled(x[0], x[1], x[2])]);
        t.matvec_t(&w, x[3])
    });
    case("update with decay", &[S, V3, V4, V4], |t, x| {
        let mut w = weights(t, 3, 4);
        let keep = t.affine(x[0], 0.2, 0.9);
        t.update(&mut w, Some(keep), &[Outer::new(x[1], x[2])]);
        t.matvec(&w, x[3])
    });
    case("update by what was read", &[S, V4], |t, x| {
        let mut w = weights(t, 3, 4);
        for _ in 0..3 {
            let z = t.matvec(&w, x[1]);
            let y = t.softplus(z, 2.0);
            t.update(&mut w, None, &[Outer::scaled(x[0], y, x[1])]);
        }
        t.matvec(&w, x[1])
    });
    case("signed_matvec_t", &[V3, V4], |t, x| {
        let mut w = weights(t, 3, 4);
        let sizes = ndarray::Array2::from_shape_fn((3, 4), |(i, j)| entry(5, 4 * i + j));
        let sizes = t.fixed(sizes.view());
        let before = t.signed_matvec_t((&w, &sizes), x[0], None);
        // Small enough to turn no sign, which would be a jump.
        let small = t.affine(x[0], 1e-3, 0.0);
        t.update(&mut w, None, &[Outer::new(small, x[1])]);
        let half = t.constant_vector(&[0.0, 1.0, 0.0, 1.0]);
        let after = t.signed_matvec_t((&w, &sizes), x[0], Some(half));
        t.mul(before, after)
    });
    case("matvec_t_where", &[V3, V4], |t, x| {
        let mut w = weights(t, 3, 4);
        t.update(&mut w, None, &[Outer::new(x[0], x[1])]);
        let half = t.constant_vector(&[0.0, 1.0, 0.0, 2.0]);
        let seen = t.matvec_t_where(&w, x[0], false, half);
        t.mul(seen, x[1])
    });
    case("matvec_t_gated", &[V3, V4], |t, x| {
        let mut w = weights(t, 3, 4);
        t.update(&mut w, None, &[Outer::new(x[0], x[1])]);
        let y = t.constant_vector(&[0.3, 0.0, 0.1, 0.0]);
        t.matvec_t_gated(&w, x[0], false, y, 2.0)
    });
    case("matvec_t_gated by a variable", &[V3, V4], |t, x| {
        let w = weights(t, 3, 4);
        t.matvec_t_gated(&w, x[0], true, x[1], 2.0)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Op;
    use crate::ops::plastic::MatrixOp;
    use crate::program::Action;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_of_the_tape_takes_part_in_a_case() {
        let mut seen = BTreeSet::new();
        for case in operation_cases() {
            let mut tape = Tape::new();
            let inputs = case.points[0].iter();
            let x: Vec<Var> = inputs.map(|(s, x)| tape.variable(*s, x)).collect();
            let y = (case.function)(&mut tape, &x);
            let total = tape.dot(y, y);
            let gradient = tape.gradient_taped(total, &x);
            // Twice: some operations are met only on the way back from the way back.
            let slopes: Vec<Var> = gradient.iter().map(|g| tape.dot(*g, *g)).collect();
            for slope in slopes {
                tape.gradient_taped(slope, &x);
            }
            seen.extend(tape.program.nodes.iter().map(|n| n.action.name()));
        }
        // What blocks derivatives has none to check.
        let blocks = ["stop_gradient", "planted"];
        for name in Op::names().chain(MatrixOp::NAMES.iter().copied()) {
            let wanted = !blocks.contains(&name);
            assert!(seen.contains(name) || !wanted, "no case has '{name}' in it");
        }
        assert!(matches!(Action::Input.name(), "input"));
    }
}
