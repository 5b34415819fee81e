//! Lesson 15: a layer that is the solution of an equation, by an operation of your own.
//!
//! y is the fixed point of y = tanh(W y + x), found by iterating; nobody wants the
//! iterations on the tape. At the fixed point the implicit function theorem has the
//! derivative: x̄ = s ⊙ λ, where λ = ȳ + Wᵀ(s ⊙ λ) and s = 1 − y². The rule solves that by
//! iterating too, in taped operations, so that it can be differentiated itself.
//!
//! ```text
//! dL/dx = [0.5863, -0.7477], dL/dW = [0.2813, -0.1154, -0.3587, 0.1472]
//! all second derivatives as by unrolling: true
//! ```

use autodiff::Tape;
use ndarray::{Array2, ArrayView2, array};

fn solve(inputs: &[ArrayView2<'_, f64>]) -> Array2<f64> {
    let mut y = Array2::zeros(inputs[1].dim());
    for _ in 0..80 {
        y = (y.dot(&inputs[0].t()) + inputs[1]).mapv(f64::tanh);
    }
    y
}

fn main() {
    let mut tape = Tape::<f64>::new();
    let w = tape.variable_array(array![[0.3, -0.4], [0.5, 0.2]].view());
    let x = tape.variable_vector(&[0.3, -0.4]);
    let y = tape.custom(&[w, x], solve, |tape, node| {
        let square = tape.square(node.output);
        let slope = tape.affine(square, -1.0, 1.0);
        let mut lambda = node.adjoint;
        for _ in 0..80 {
            let gated = tape.mul(slope, lambda);
            let back = tape.matmul(gated, node.inputs[0]);
            lambda = tape.add(node.adjoint, back);
        }
        let dx = tape.mul(slope, lambda);
        vec![Some(tape.outer(dx, node.output)), Some(dx)]
    });
    let loss = tape.dot(y, y);
    let g = tape.gradient(loss, &[x, w]);
    println!("dL/dx = {:.4?}, dL/dW = {:.4?}", &g[x], &g[w]);

    // The same by writing down every iteration.
    let mut unrolled = tape.constant_vector(&[0.0, 0.0]);
    for _ in 0..80 {
        let z = tape.matmul_nt(unrolled, w);
        let z = tape.add(z, x);
        unrolled = tape.tanh(z);
    }
    let other = tape.dot(unrolled, unrolled);
    let off = (tape.hessian(loss, &[w, x]) - tape.hessian(other, &[w, x])).mapv(f64::abs);
    let agree = off.iter().all(|off| *off < 1e-12);
    println!("all second derivatives as by unrolling: {agree}");
}
