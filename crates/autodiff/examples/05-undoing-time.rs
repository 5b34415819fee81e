//! Lesson 5: the walk back needs W as it was at every step, and no copy of it was kept.
//!
//! An update added Σ aₖ ⊗ bₖ to W. The tape has the vectors, so the walk back takes the
//! update back by subtracting what was added, and finds W as it was before. Memory
//! grows by vectors, not by matrices, and the residual says how precisely the first W
//! was met again.
//!
//! ```text
//! 200 updates of a 100×300 matrix
//! the tape takes less than a twentieth of what copies of W would: true
//! initial W met again, in units of rounding: fewer than 32: true
//! undone and replayed gradients agree to 12 digits: true
//! ```

use autodiff::{GradientOptions, Outer, Rewind, Tape};
use ndarray::Array2;

const STEPS: usize = 200;

fn main() {
    let mut tape = Tape::<f64>::new();
    let start = Array2::from_shape_fn((100, 300), |(i, j)| 0.05 * ((i * 7 + j * 3) as f64).sin());
    let mut w = tape.plastic(start.view());
    let rate = tape.variable_scalar(-1e-3);
    for t in 0..STEPS {
        let image: Vec<f64> = (0..300)
            .map(|j| ((t * 5 + j) as f64).cos().max(0.0))
            .collect();
        let x = tape.constant_vector(&image);
        let z = tape.matvec(&w, x);
        let y = tape.softplus(z, 10.0);
        tape.update(&mut w, None, &[Outer::scaled(rate, y, x)]);
    }
    let x = tape.constant_vector(&[0.1; 300]);
    let z = tape.matvec(&w, x);
    let loss = tape.dot(z, z);
    println!("{STEPS} updates of a 100×300 matrix");

    let copies = STEPS * 100 * 300 * size_of::<f64>();
    let small = tape.bytes() * 20 < copies;
    println!("the tape takes less than a twentieth of what copies of W would: {small}");

    let back = |tape: &mut Tape<f64>, rewind| {
        let options = GradientOptions {
            rewind,
            ..GradientOptions::default()
        };
        tape.gradient_with(loss, &[rate], &options)
    };
    let undone = back(&mut tape, Rewind::Undo);
    let few = undone.residual < 32.0 * f64::EPSILON;
    println!("initial W met again, in units of rounding: fewer than 32: {few}");

    // The other way to go back in time: run forward again from checkpoints.
    let replayed = back(&mut tape, Rewind::Replay);
    let (a, b) = (undone.scalar(0), replayed.scalar(0));
    let agree = ((a - b) / b).abs() < 1e-12;
    println!("undone and replayed gradients agree to 12 digits: {agree}");
}
