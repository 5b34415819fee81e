//! Lesson 4: a learning step is an operation, and a loss after it has a derivative by
//! the step's size.
//!
//! `update` changes the matrix W in place and writes the vectors of the change on the
//! tape. From then on everything that reads W depends on what went into the change.
//!
//! ```text
//! before: z = [0.50, 0.30], off by [-0.50, 0.30]
//! after:  z = [0.75, 0.15], L = 0.0425
//! dL/drate = -0.8500: a larger step would have been better
//! ```

use autodiff::{Outer, Tape};
use ndarray::array;

fn main() {
    let mut tape = Tape::<f64>::new();
    let mut w = tape.plastic(array![[0.1, 0.2], [0.5, -0.1]].view());
    let rate = tape.variable_scalar(0.1);
    let x = tape.constant_vector(&[1.0, 2.0]);
    let wanted = tape.constant_vector(&[1.0, 0.0]);

    let z = tape.matvec(&w, x);
    let error = tape.sub(z, wanted);
    println!(
        "before: z = {:.2?}, off by {:.2?}",
        tape.value(z),
        tape.value(error)
    );

    // The delta rule, W ← W − rate · error ⊗ x: one step of gradient descent.
    let step = tape.neg(rate);
    tape.update(&mut w, None, &[Outer::scaled(step, error, x)]);

    // The same `w`, now the new version. The old one cannot be read any more: the
    // handle was borrowed exclusively for the change.
    let z = tape.matvec(&w, x);
    let error = tape.sub(z, wanted);
    let square = tape.dot(error, error);
    let loss = tape.affine(square, 0.5, 0.0);
    println!(
        "after:  z = {:.2?}, L = {:.4}",
        tape.value(z),
        tape.scalar(loss)
    );

    let gradient = tape.gradient(loss, &[rate]).scalar(0);
    println!("dL/drate = {gradient:.4}: a larger step would have been better");
}
