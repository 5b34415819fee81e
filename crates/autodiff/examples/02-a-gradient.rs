//! Lesson 2: a gradient is one walk back along the tape.
//!
//! Every operation knows how a change of its value splits into changes of its inputs.
//! Walking the list backward and adding the shares up gives dL/dx for all x at once.
//! Two other ways give the same numbers: walking forward along one direction, and
//! moving the input a little and subtracting.
//!
//! ```text
//! L = 0.2809
//! backward: dL/dw = [1.0600, -2.1200]
//! forward:  dL/dw = [1.0600, -2.1200]
//! moved:    dL/dw = [1.0600, -2.1200]
//! ```

use autodiff::{Tape, Var};

const X: [f64; 2] = [1.0, -2.0];

/// L = (w·x − ½)², recorded on the tape.
fn loss(tape: &mut Tape<f64>, w: Var) -> Var {
    let x = tape.constant_vector(&X);
    let z = tape.dot(w, x);
    let off = tape.affine(z, 1.0, -0.5);
    tape.mul(off, off)
}

fn main() {
    let start = [0.31, -0.36];
    let mut tape = Tape::new();
    let w = tape.variable_vector(&start);
    let l = loss(&mut tape, w);
    println!("L = {:.4}", tape.scalar(l));

    // One walk back, whatever the number of weights.
    let backward = tape.gradient(l, &[w]);
    println!("backward: dL/dw = {:.4?}", backward.of(0));

    // One walk forward for each direction.
    let along =
        |tape: &mut Tape<f64>, direction: &[f64]| tape.tangent(&[l], &[(w, direction)])[0][0];
    let forward = [along(&mut tape, &[1.0, 0.0]), along(&mut tape, &[0.0, 1.0])];
    println!("forward:  dL/dw = {forward:.4?}");

    // Two evaluations for each weight, and only approximate.
    let at = |w: [f64; 2]| {
        let mut tape = Tape::new();
        let w = tape.variable_vector(&w);
        let l = loss(&mut tape, w);
        tape.scalar(l)
    };
    let (h, [a, b]) = (1e-6, start);
    let moved = [
        (at([a + h, b]) - at([a - h, b])) / (2.0 * h),
        (at([a, b + h]) - at([a, b - h])) / (2.0 * h),
    ];
    println!("moved:    dL/dw = {moved:.4?}");
}
