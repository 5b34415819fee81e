//! Lesson 12: differentiating through gradient descent.
//!
//! A recorded gradient is a value like any other, so a step of gradient descent is too, and
//! so is what ten of them lead to. Here the learning rate is itself learned, by the
//! derivative of the loss at the end.
//!
//! ```text
//! rate 0.0200: loss after ten steps 0.3348
//! rate 0.1280: loss after ten steps 0.0323
//! rate 0.1485: loss after ten steps 0.0218
//! ```

use autodiff::{Tape, Var};

/// ½ Σ (w − target)² ⊙ curvature, a valley twelve times as steep as it is wide.
fn loss(tape: &mut Tape<f64>, w: Var) -> Var {
    let target = tape.constant_vector(&[1.0, -2.0]);
    let curvature = tape.constant_vector(&[1.0, 12.0]);
    let off = tape.sub(w, target);
    let square = tape.square(off);
    let weighted = tape.mul(curvature, square);
    let total = tape.sum(weighted);
    tape.affine(total, 0.5, 0.0)
}

fn main() {
    let mut rate_now = 0.02;
    for round in 0..=8 {
        let mut tape = Tape::<f64>::new();
        let rate = tape.variable_scalar(rate_now);
        let mut w = tape.variable_vector(&[0.0, -1.8]);
        for _ in 0..10 {
            let inner = loss(&mut tape, w);
            let slope = tape.gradient_taped(inner, &[w])[0];
            let step = tape.scale(rate, slope);
            w = tape.sub(w, step);
        }
        let end = loss(&mut tape, w);
        if round % 4 == 0 {
            let end = tape.scalar(end);
            println!("rate {rate_now:.4}: loss after ten steps {end:.4}");
        }
        rate_now -= 0.01 * tape.gradient(end, &[rate]).scalar(0);
    }
}
