//! Lesson 6: learning to learn is gradient descent on what learning depends on.
//!
//! An inner loop fits one weight to one point in five steps. Its end depends on the
//! learning rate, and the tape gives the derivative through all five steps. An outer
//! loop follows that derivative.
//!
//! ```text
//! outer step 0: rate 0.020   loss after learning 2.84e0
//! outer step 1: rate 0.120   loss after learning 1.93e-1
//! outer step 2: rate 0.220   loss after learning 4.85e-3
//! outer step 3: rate 0.320   loss after learning 1.33e-5
//! outer step 4: rate 0.420   loss after learning 1.14e-12
//! ```

use autodiff::{Outer, Tape};
use ndarray::array;

/// The loss ½(w x − 3)² after five steps of learning, and its derivative by the rate.
fn learn(tape: &mut Tape<f64>, rate: f64) -> (f64, f64) {
    tape.clear();
    let rate = tape.variable_scalar(rate);
    let step = tape.neg(rate);
    let x = tape.constant_vector(&[1.5]);
    let wanted = tape.constant_vector(&[3.0]);
    let mut w = tape.plastic(array![[0.0]].view());
    for _ in 0..5 {
        let y = tape.matvec(&w, x);
        let error = tape.sub(y, wanted);
        tape.update(&mut w, None, &[Outer::scaled(step, error, x)]);
    }
    let y = tape.matvec(&w, x);
    let error = tape.sub(y, wanted);
    let square = tape.dot(error, error);
    let loss = tape.affine(square, 0.5, 0.0);
    (tape.scalar(loss), tape.gradient(loss, &[rate]).scalar(0))
}

fn main() {
    let mut tape = Tape::new();
    let mut rate = 0.02;
    for step in 0..5 {
        let (loss, slope) = learn(&mut tape, rate);
        println!("outer step {step}: rate {rate:.3}   loss after learning {loss:.2e}");
        // A step down the logarithm of the loss, no longer than 0.1.
        rate += (-0.01 * slope / loss).clamp(-0.1, 0.1);
    }
}
