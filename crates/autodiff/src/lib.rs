//! Tape-based automatic differentiation, to second order, with matrices that change in
//! place.
//!
//! A [`Tape`] evaluates operations as they are called and keeps what it needs to
//! differentiate them: [`Tape::gradient`] sweeps back and returns plain arrays,
//! [`Tape::gradient_taped`] records the same sweep so that it can be differentiated
//! again, and [`Tape::tangent`] sweeps forward. Everything is generic over
//! [`Real`], `f32` and `f64`.
//!
//! ```
//! use autodiff::Tape;
//!
//! // f(x) = x³ at 2: f' = 12, f'' = 12.
//! let mut tape = Tape::<f64>::new();
//! let x = tape.variable_scalar(2.0);
//! let square = tape.mul(x, x);
//! let cube = tape.mul(square, x);
//! let slope = tape.gradient_taped(cube, &[x])[0];
//! assert_eq!(tape.scalar(slope), 12.0);
//! assert_eq!(tape.gradient(slope, &[x]).scalar(0), 12.0);
//! assert_eq!(tape.tangent(&[cube], &[(x, &[1.0])])[0], [12.0]);
//! ```
//!
//! A [`Plastic`] matrix is one buffer that [`Tape::update`] changes in place. The tape
//! keeps the vectors of each update and no copies of the matrix; the reverse sweep takes
//! the updates back one by one:
//!
//! ```
//! use autodiff::{Outer, Tape};
//!
//! // One step of gradient descent on ½(w x)², and how its end depends on the rate.
//! let mut tape = Tape::<f64>::new();
//! let rate = tape.variable_scalar(0.1);
//! let mut w = tape.plastic(ndarray::array![[3.0]].view());
//! let x = tape.constant_vector(&[2.0]);
//! let z = tape.matvec(&w, x);
//! let step = tape.neg(rate);
//! tape.update(&mut w, None, &[Outer::scaled(step, z, x)]);
//! let after = tape.matvec(&w, x);
//! let loss = tape.dot(after, after);
//! // after = 6 (1 − 4·rate), so dL/drate = 2·after·(−24).
//! let gradient = tape.gradient(loss, &[rate]);
//! assert!((gradient.scalar(0) + 172.8).abs() < 1e-12);
//! ```
//!
//! [`GradientCheck`] compares the derivatives of any function with finite differences,
//! to second order. [`Tape::start_profile`] tells what each operation costs. Same input,
//! same bits, whatever the processor's vector unit, see [`simd`]; the exception are
//! [`Tape::matmul`] and its kin, which multiply values of the tape with
//! matrixmultiply's kernels.
//!
//! Numbers, vectors of the processor and walks over matrices are a crate of their own, `lanes`.
//!
//! | file | what |
//! |---|---|
//! | `shape.rs`, `support.rs`, `view.rs` | shapes, structural zeros, values as operations read them |
//! | `matrix/` | a matrix whose updates wait; knows no tape |
//! | `ops/` | operations: value, reverse rule, forward rule; `ops/plastic/`: those on matrices |
//! | `algebra.rs` | what rules are written in |
//! | `program.rs`, `tape.rs`, `plastic.rs` | recording |
//! | `sweep/` | sweeps back and forward, recorded or not, and their ways back in time |
//! | `gradient.rs`, `derivatives.rs` | what a user asks for and gets |
//! | `compiled.rs` | what takes long to compile |
//! | `check/` | the gradient checker, and the operations to check |
//! | `picture.rs` | a small tape drawn |
//! | `profile.rs` | what operations cost |

mod algebra;
mod check;
mod compiled;
mod derivatives;
mod gradient;
mod matrix;
mod ops;
mod picture;
mod plastic;
mod profile;
mod program;
mod shape;
mod support;
mod sweep;
mod tape;
mod values;
mod view;

pub use algebra::Outer;
pub use check::{
    CaseFunction, CheckFailure, CheckReport, Comparison, GradientCheck, OperationCase, Order,
    Point, operation_cases,
};
pub use compiled::Real;
pub use gradient::{Gradient, GradientOptions, Rewind, TapedGradient};
pub use ops::CustomNode;
pub use plastic::Plastic;
pub use profile::Cost;
pub use program::Var;
pub use shape::Shape;
pub use tape::{Extent, Tape};

/// Vector instructions: which the processor has, which are used, and code compiled for them.
/// The same bits at every level.
pub mod simd {
    pub use lanes::{Fused, Level, dispatch, force_level, level};
}

/// The example of the README runs too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
