//! What a drawn function is on a tape.

use autodiff::{Real, Shape, Tape, Var};

use crate::draw::{Arrange, Map, Zip};

/// Where functions bend or jump: off the numbers that programs start with, since
/// differences across a bend know no derivative there.
const BEND: f64 = 0.0137;

/// A function of one value.
pub(crate) fn map<T: Real>(t: &mut Tape<T>, map: Map, x: Var) -> Var {
    // 1 + x².
    let above_one = |t: &mut Tape<T>| {
        let square = t.square(x);
        t.affine(square, 1.0, 1.0)
    };
    match map {
        Map::Tanh => t.tanh(x),
        Map::Sigmoid => t.sigmoid(x),
        Map::Softmax => t.softmax(x),
        Map::ExpM1 => {
            let x = t.tanh(x);
            t.exp_m1(x)
        }
        Map::Affine => t.affine(x, -0.7, 0.1),
        Map::Softplus => t.softplus(x, 2.0),
        Map::Sin => t.sin(x),
        Map::Cos => t.cos(x),
        Map::Square => t.square(x),
        Map::Cube => t.powi(x, 3),
        Map::Abs => {
            let x = t.affine(x, 1.0, BEND);
            t.abs(x)
        }
        Map::Relu => {
            let x = t.affine(x, 1.0, BEND);
            t.relu(x)
        }
        Map::Clamp => t.clamp(x, -0.6 + BEND, 0.5 + BEND),
        Map::Ln => {
            let x = above_one(t);
            t.ln(x)
        }
        Map::Sqrt => {
            let x = above_one(t);
            t.sqrt(x)
        }
        Map::Recip => {
            let x = above_one(t);
            t.recip(x)
        }
        Map::Exp => {
            let x = t.tanh(x);
            t.exp(x)
        }
        Map::LogSoftmax => t.log_softmax(x),
    }
}

/// A function of two values of one shape.
pub(crate) fn zip<T: Real>(t: &mut Tape<T>, zip: Zip, a: Var, b: Var) -> Var {
    match zip {
        Zip::Add => t.add(a, b),
        Zip::Sub => t.sub(a, b),
        Zip::Mul => t.mul(a, b),
        Zip::Gate => {
            let y = t.tanh(b);
            t.softplus_gate(a, y, 1.5)
        }
        Zip::Div => {
            let b = t.tanh(b);
            let b = t.affine(b, 1.0, 2.0);
            t.div(a, b)
        }
        Zip::Max => t.max(a, b),
        Zip::Min => t.min(a, b),
        Zip::Select => {
            let mask = t.inside(b, BEND, f64::MAX);
            t.select(mask, a, b)
        }
        Zip::Keep => {
            let mask = t.inside(a, BEND, f64::MAX);
            t.keep(mask, b)
        }
        Zip::Custom => t.custom(
            &[a, b],
            |x| &x[0] * &x[1].mapv(T::sin),
            |t, node| {
                let [a, b] = [node.inputs[0], node.inputs[1]];
                let (sin, cos) = (t.sin(b), t.cos(b));
                let by_a = t.mul(sin, node.adjoint);
                let slope = t.mul(a, cos);
                vec![Some(by_a), Some(t.mul(slope, node.adjoint))]
            },
        ),
        Zip::Gram => {
            let products = t.matmul_nt(a, b);
            let products = t.tanh(products);
            t.matmul(products, b)
        }
        Zip::GramByRow => {
            let rows = t.shape_of(a).rows;
            let products = t.matmul_nt_blocks(a, b, rows);
            let products = t.tanh(products);
            t.matmul_blocks(products, b, rows)
        }
        Zip::CrossEntropy => {
            let targets = t.softmax(b);
            let loss = t.cross_entropy(a, targets);
            let loss = t.tanh(loss);
            let shape = t.shape_of(a);
            t.fill(loss, shape)
        }
    }
}

/// What moves the numbers of a value about.
pub(crate) fn arrange<T: Real>(t: &mut Tape<T>, arrange: Arrange, x: Var) -> Var {
    let shape = t.shape_of(x);
    let Shape { rows, cols } = shape;
    match arrange {
        Arrange::Transpose => {
            let turned = t.transpose(x);
            let turned = t.square(turned);
            t.transpose(turned)
        }
        Arrange::Reshape => {
            let column = t.reshape(x, Shape::matrix(rows * cols, 1));
            let column = t.sin(column);
            t.reshape(column, shape)
        }
        Arrange::Rotate => {
            if cols == 1 {
                // A value of its own, not the same one once more.
                return t.slice_cols(x, 0..1);
            }
            let (first, others) = (t.slice_cols(x, 0..1), t.slice_cols(x, 1..cols));
            t.concat_cols(&[others, first])
        }
        Arrange::Shift => {
            if cols == 1 {
                return t.slice_cols(x, 0..1);
            }
            let others = t.slice_cols(x, 1..cols);
            t.pad_cols(others, 0, 1)
        }
        Arrange::Gather => {
            let chosen: Vec<usize> = (0..rows).map(|i| i * i % rows).collect();
            t.gather_rows(x, &chosen)
        }
        Arrange::Scatter => {
            let places: Vec<usize> = (0..rows).map(|i| i * i % rows).collect();
            t.scatter_rows(x, &places, rows)
        }
        Arrange::RowScale => {
            let mean = t.row_mean(x);
            t.row_scale(mean, x)
        }
        Arrange::ColScale => {
            let mean = t.col_mean(x);
            t.col_scale(mean, x)
        }
        Arrange::RowFill => {
            let total = t.row_sum(x);
            let total = t.tanh(total);
            t.row_fill(total, cols)
        }
        Arrange::ColFill => {
            let total = t.col_sum(x);
            let total = t.tanh(total);
            t.col_fill(total, rows)
        }
        Arrange::RowAdd => {
            let mean = t.row_mean(x);
            let mean = t.cos(mean);
            t.row_add(mean, x)
        }
        Arrange::ColAdd => {
            let mean = t.col_mean(x);
            let mean = t.cos(mean);
            t.col_add(mean, x)
        }
    }
}
