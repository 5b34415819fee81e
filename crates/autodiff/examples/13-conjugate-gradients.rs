//! Lesson 13: Newton's step in many dimensions, without a Hessian.
//!
//! Conjugate gradients solve H p = g and ask only for products H v, which
//! `hessian_vector` has for the price of a few gradients, however many variables there are.
//!
//! ```text
//! step 1: loss 69.3147, |gradient| 3e1, 4 products
//! step 2: loss 33.5643, |gradient| 6e0, 5 products
//! step 3: loss 31.1131, |gradient| 8e-1, 5 products
//! step 4: loss 31.0496, |gradient| 2e-2, 5 products
//! step 5: loss 31.0496, |gradient| 2e-5, 4 products
//! ```

use autodiff::{Tape, Var};
use ndarray::{Array1, Array2};

/// Logistic regression of 100 labels on five features, with a small penalty.
fn loss(tape: &mut Tape<f64>, w: Var) -> Var {
    let x = Array2::from_shape_fn((100, 5), |(i, j)| ((i * (j * 4 + 3) + j) as f64).sin());
    let label = |i: usize| (3.0 * x[[i, 0]] - 2.0 * x[[i, 1]] + (i as f64).cos()).signum();
    let sign = Array2::from_shape_fn((1, 100), |(_, i)| label(i));
    let (x, sign) = (
        tape.constant_array(x.view()),
        tape.constant_array(sign.view()),
    );
    let z = tape.matmul_nt(w, x);
    let margin = tape.mul(sign, z);
    let margin = tape.neg(margin);
    let each = tape.softplus(margin, 1.0);
    let (total, size) = (tape.sum(each), tape.dot(w, w));
    tape.add(total, size)
}

fn main() {
    let mut w_now = Array1::<f64>::zeros(5);
    for newton in 1..=5 {
        let mut tape = Tape::new();
        let w = tape.variable_vector(w_now.as_slice().expect("one vector"));
        let l = loss(&mut tape, w);
        let g = Array1::from(tape.gradient(l, &[w])[w].to_vec());

        let mut p = Array1::<f64>::zeros(5);
        let (mut rest, mut v, mut products) = (g.clone(), g.clone(), 0);
        while rest.dot(&rest).sqrt() > 1e-9 * (1.0 + g.dot(&g).sqrt()) {
            let hv = tape.hessian_vector(l, &[w], &[v.as_slice().expect("one vector")]);
            let hv = Array1::from(hv[w].to_vec());
            let (before, step) = (rest.dot(&rest), rest.dot(&rest) / v.dot(&hv));
            p.scaled_add(step, &v);
            rest.scaled_add(-step, &hv);
            v = &rest + &(v * (rest.dot(&rest) / before));
            products += 1;
        }
        let (loss, slope) = (tape.scalar(l), g.dot(&g).sqrt());
        println!("step {newton}: loss {loss:.4}, |gradient| {slope:.0e}, {products} products");
        w_now -= &p;
    }
}
