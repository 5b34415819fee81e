//! Lesson 1: a tape computes, and writes down what it computed.
//!
//! Each call evaluates one operation at once and appends it to a list. What comes back
//! is a small handle; the number is on the tape.
//!
//! ```text
//! x = 3, x² = 9, L = 2 x² + 1 = 19
//! the tape holds 3 values
//! digraph tape {
//!   rankdir=LR;
//!   node [shape=box, style="rounded,filled", fillcolor=white, fontname="monospace", fontsize=11];
//!   n0 [label="x\n3\ndL: 12", fillcolor="#fde9c9"];
//!   n1 [label="x² = mul\n9\ndL: 2"];
//!   n0 -> n1;
//!   n0 -> n1;
//!   n2 [label="L = affine\n19\ndL: 1"];
//!   n1 -> n2;
//! }
//! ```

use autodiff::Tape;

fn main() {
    let mut tape = Tape::<f64>::new();
    let x = tape.variable_scalar(3.0);
    let square = tape.mul(x, x);
    let loss = tape.affine(square, 2.0, 1.0);
    let [a, b, c] = [x, square, loss].map(|v| tape.scalar(v));
    println!("x = {a}, x² = {b}, L = 2 x² + 1 = {c}");
    println!("the tape holds {} values", tape.len());

    // The list as a picture for Graphviz; `dL` is the next lesson's gradient.
    print!(
        "{}",
        tape.to_dot(loss, &[(x, "x"), (square, "x²"), (loss, "L")])
    );
}
