//! The engine's operations by their names, which are those of the engine.

use metaplast::autodiff::{Real, Shape, Tape, Var};

/// Applies the operation of a name, if there is one that takes so many inputs, numbers and
/// counts.
pub(super) fn apply<T: Real>(
    tape: &mut Tape<T>,
    name: &str,
    inputs: &[Var],
    numbers: &[f64],
    counts: &[usize],
) -> Option<Var> {
    Some(match (inputs, numbers, counts) {
        ([x], [], []) => one(tape, name, *x)?,
        ([a, b], [], []) => two(tape, name, *a, *b)?,
        ([x], _, []) => with_numbers(tape, name, *x, numbers)?,
        ([mask, a, b], [], []) if name == "select" => tape.select(*mask, *a, *b),
        ([_, ..], [], _) => with_counts(tape, name, inputs, counts)?,
        _ => return None,
    })
}

fn one<T: Real>(tape: &mut Tape<T>, name: &str, x: Var) -> Option<Var> {
    Some(match name {
        "neg" => tape.neg(x),
        "abs" => tape.abs(x),
        "sign" => tape.sign(x),
        "relu" => tape.relu(x),
        "square" => tape.square(x),
        "sqrt" => tape.sqrt(x),
        "recip" => tape.recip(x),
        "exp" => tape.exp(x),
        "exp_m1" => tape.exp_m1(x),
        "ln" => tape.ln(x),
        "ln_1p" => tape.ln_1p(x),
        "sin" => tape.sin(x),
        "cos" => tape.cos(x),
        "tanh" => tape.tanh(x),
        "sigmoid" => tape.sigmoid(x),
        "softmax" => tape.softmax(x),
        "log_softmax" => tape.log_softmax(x),
        "stop_gradient" => tape.stop_gradient(x),
        "transpose" => tape.transpose(x),
        "sum" => tape.sum(x),
        "mean" => tape.mean(x),
        "row_sum" => tape.row_sum(x),
        "col_sum" => tape.col_sum(x),
        "row_mean" => tape.row_mean(x),
        "col_mean" => tape.col_mean(x),
        _ => return None,
    })
}

fn two<T: Real>(tape: &mut Tape<T>, name: &str, a: Var, b: Var) -> Option<Var> {
    Some(match name {
        "add" => tape.add(a, b),
        "sub" => tape.sub(a, b),
        "mul" => tape.mul(a, b),
        "div" => tape.div(a, b),
        "max" => tape.max(a, b),
        "min" => tape.min(a, b),
        "greater" => tape.greater(a, b),
        "keep" => tape.keep(a, b),
        "scale" => tape.scale(a, b),
        "dot" => tape.dot(a, b),
        "outer" => tape.outer(a, b),
        "matmul" => tape.matmul(a, b),
        "matmul_nt" => tape.matmul_nt(a, b),
        "matmul_tn" => tape.matmul_tn(a, b),
        "row_scale" => tape.row_scale(a, b),
        "col_scale" => tape.col_scale(a, b),
        "row_add" => tape.row_add(a, b),
        "col_add" => tape.col_add(a, b),
        "cross_entropy" => tape.cross_entropy(a, b),
        "concat_rows" => tape.concat_rows(&[a, b]),
        "concat_cols" => tape.concat_cols(&[a, b]),
        _ => return None,
    })
}

fn with_numbers<T: Real>(tape: &mut Tape<T>, name: &str, x: Var, numbers: &[f64]) -> Option<Var> {
    Some(match (name, numbers) {
        ("affine", [slope, shift]) => tape.affine(x, *slope, *shift),
        ("clamp", [low, high]) => tape.clamp(x, *low, *high),
        ("powi", [n]) => tape.powi(x, *n as i32),
        ("softplus", [beta]) => tape.softplus(x, *beta),
        _ => return None,
    })
}

fn with_counts<T: Real>(
    tape: &mut Tape<T>,
    name: &str,
    inputs: &[Var],
    counts: &[usize],
) -> Option<Var> {
    Some(match (name, inputs, counts) {
        ("concat_rows", x, []) => tape.concat_rows(x),
        ("concat_cols", x, []) => tape.concat_cols(x),
        ("slice_rows", [x], [start, end]) => tape.slice_rows(*x, *start..*end),
        ("slice_cols", [x], [start, end]) => tape.slice_cols(*x, *start..*end),
        ("reshape", [x], [rows, cols]) => tape.reshape(*x, Shape::matrix(*rows, *cols)),
        ("fill", [x], [rows, cols]) => tape.fill(*x, Shape::matrix(*rows, *cols)),
        ("gather_rows", [x], rows) => tape.gather_rows(*x, rows),
        _ => return None,
    })
}
