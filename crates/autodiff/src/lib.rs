//! Tape-based automatic differentiation, to second order, with matrices that change in
//! place.

mod algebra;
mod check;
mod evaluator;
mod gradient;
mod ops;
mod plastic;
mod program;
mod real;
mod replay;
mod shape;
pub mod simd;
mod support;
mod tangent;
mod tape;
mod taped;

pub use check::{CheckFailure, CheckReport, GradientCheck, Order};
pub use gradient::{Gradient, GradientOptions, Rewind};
pub use plastic::{Outer, Plastic};
pub use real::Real;
pub use shape::Shape;
pub use tape::{Tape, Var};
