//! Vector arithmetic that gives the same bits on every processor.
//!
//! Every sum is taken in one fixed structure, sixteen partial sums (lanes)
//! joined by a fixed tree, and every product is fused with its addition. What a
//! processor's vector unit looks like then decides the speed and nothing else.

mod dispatch;
mod lanes;

pub use dispatch::{Level, dispatch, force_level, level};
pub(crate) use lanes::{Lanes, WIDTH, dot, dot_lanes, lanes_for, sum};
