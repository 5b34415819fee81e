//! Lesson 3: the walk back is a computation too, so it can be written down and walked
//! back along again.
//!
//! The rules by which adjoints are passed on are made of the tape's own operations.
//! `gradient_taped` records them, and what it returns is a value like any other. Here
//! that finds the minimum of softplus(x) − x/4 with Newton's steps, −L'/L''.
//!
//! ```text
//! x =  1.000000   L' =  0.481   L'' = 0.197
//! x = -1.446742   L' = -0.059   L'' = 0.154
//! x = -1.060932   L' =  0.007   L'' = 0.191
//! x = -1.098266   L' =  0.000   L'' = 0.188
//! the minimum is at -ln 3 = -1.098612
//! ```

use autodiff::Tape;

fn main() {
    let mut at = 1.0;
    for _ in 0..4 {
        let mut tape = Tape::<f64>::new();
        let x = tape.variable_scalar(at);
        let softplus = tape.softplus(x, 1.0);
        let line = tape.affine(x, 0.25, 0.0);
        let loss = tape.sub(softplus, line);

        // L'(x) as a value on the tape, and its own gradient.
        let slope = tape.gradient_taped(loss, &[x])[0];
        let curvature = tape.gradient(slope, &[x]).scalar(0);

        let slope = tape.scalar(slope);
        println!("x = {at:9.6}   L' = {slope:6.3}   L'' = {curvature:.3}");
        at -= slope / curvature;
    }
    println!("the minimum is at -ln 3 = {:.6}", -(3.0_f64.ln()));
}
