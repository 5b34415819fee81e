//! Vector arithmetic that gives the same bits on every processor.
//!
//! A sum of products is taken in a fixed structure, sixteen partial sums (lanes) joined
//! by a fixed tree, or in the order of its terms, and each of its products is fused with
//! the addition. What a processor's vector unit looks like then decides the speed and
//! nothing else.

mod dispatch;
mod fused;
mod lanes;

pub use dispatch::{Level, dispatch, force_level, level};
pub(crate) use fused::Fuse;
pub use fused::Fused;
pub(crate) use lanes::{
    HALF, Lanes, WIDTH, add_scaled, add_scaled_numbers, all_finite, dot, dot_lanes, lanes_for, sum,
    total_of_half,
};
