//! Lesson 11: a network of two layers learns from minibatches which ring a point is in.
//!
//! The batch is a matrix with a point in each row, and so is everything computed from it.
//! `col_add` adds a bias to each row.
//!
//! ```text
//! step   0:  50 % right
//! step 300: 100 % right
//! step 600: 100 % right
//! ```

use autodiff::{Tape, Var};
use ndarray::Array2;

/// The logits of a batch: ReLU in between.
fn logits(tape: &mut Tape<f64>, x: Var, p: &[Var]) -> Var {
    let z = tape.matmul_nt(x, p[0]);
    let z = tape.col_add(p[1], z);
    let y = tape.relu(z);
    let z = tape.matmul_nt(y, p[2]);
    tape.col_add(p[3], z)
}

fn main() {
    // 200 points, in turn on a ring of radius 1 and on one of radius 2.
    let angle = |i: usize, j: usize| i as f64 * 2.4 - j as f64 * std::f64::consts::FRAC_PI_2;
    let points = |(i, j)| (1 + i % 2) as f64 * angle(i, j).cos();
    let points = Array2::from_shape_fn((200, 2), points);
    let one_hot = Array2::from_shape_fn((200, 2), |(i, k)| f64::from(u8::from(i % 2 == k)));
    let start = |(i, j)| 0.7 * ((i * 5 + j * 11 + 1) as f64).sin();
    let shapes = [(16, 2), (1, 16), (2, 16), (1, 2)];
    let mut parameters = shapes.map(|shape| Array2::from_shape_fn(shape, start));
    let mut tape = Tape::<f64>::new();
    for step in 0..=600 {
        tape.clear();
        let x = tape.constant_array(points.view());
        let t = tape.constant_array(one_hot.view());
        let p = parameters.each_ref().map(|p| tape.variable_array(p.view()));
        if step % 300 == 0 {
            let z = logits(&mut tape, x, &p);
            let z = tape.array(z);
            let right = (0..200).filter(|i| (z[[*i, 1]] > z[[*i, 0]]) == (i % 2 == 1));
            println!("step {step:3}: {:3} % right", right.count() / 2);
        }
        let batch: Vec<usize> = (0..20).map(|k| (step * 20 + k * 7) % 200).collect();
        let (x, t) = (tape.gather_rows(x, &batch), tape.gather_rows(t, &batch));
        let z = logits(&mut tape, x, &p);
        let loss = tape.cross_entropy(z, t);
        let gradient = tape.gradient(loss, &p);
        for (k, parameter) in parameters.iter_mut().enumerate() {
            parameter.scaled_add(-0.3, &gradient.array(k));
        }
    }
}
