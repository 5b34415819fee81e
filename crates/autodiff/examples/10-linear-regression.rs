//! Lesson 10: linear regression, as with any other tape.
//!
//! Nothing here changes in place. Each step records the loss anew, takes its gradient, and
//! moves the parameters by it.
//!
//! ```text
//! step   0: mean square 2.9273
//! step  50: mean square 0.0001
//! step 100: mean square 0.0001
//! y = 2.00 x₁ + -1.00 x₂ + 0.50
//! ```

use autodiff::Tape;
use ndarray::{Array2, array};

fn main() {
    // Forty points of y = 2x₁ − x₂ + ½, with a little noise.
    let x = Array2::from_shape_fn((40, 2), |(i, j)| ((i * (7 + 4 * j) + j) as f64).sin());
    let noise = |i: usize| 0.01 * ((i * 31) as f64).cos();
    let y = Array2::from_shape_fn((40, 1), |(i, _)| {
        2.0 * x[[i, 0]] - x[[i, 1]] + 0.5 + noise(i)
    });

    let (mut weights, mut bias) = (array![[0.0, 0.0]], array![[0.0]]);
    let mut tape = Tape::<f64>::new();
    for step in 0..=100 {
        tape.clear();
        let (x, y) = (tape.constant_array(x.view()), tape.constant_array(y.view()));
        let (w, b) = (
            tape.variable_array(weights.view()),
            tape.variable_array(bias.view()),
        );
        let z = tape.matmul_nt(x, w);
        let z = tape.col_add(b, z);
        let error = tape.sub(z, y);
        let square = tape.square(error);
        let loss = tape.mean(square);
        if step % 50 == 0 {
            println!("step {step:3}: mean square {:.4}", tape.scalar(loss));
        }
        let gradient = tape.gradient(loss, &[w, b]);
        weights.scaled_add(-0.3, &gradient.array(0));
        bias.scaled_add(-0.3, &gradient.array(1));
    }
    let [w1, w2, b] = [weights[[0, 0]], weights[[0, 1]], bias[[0, 0]]];
    println!("y = {w1:.2} x₁ + {w2:.2} x₂ + {b:.2}");
}
