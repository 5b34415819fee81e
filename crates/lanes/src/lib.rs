//! What the engine computes with: numbers, sums in a fixed structure, and walks over the
//! rows of a matrix, with the same bits on every processor.
//!
//! A sum of products is taken in a fixed structure, sixteen partial sums (lanes) joined
//! by a fixed tree, or in the order of its terms, and each of its products is fused with
//! the addition. What a processor's vector unit looks like then decides the speed and
//! nothing else.
//!
//! A crate of its own for two reasons: it holds the only `unsafe` code of the workspace,
//! and it is optimised in all that is built for tests too, where most of the time is spent
//! here.
//!
//! | file | what |
//! |---|---|
//! | `real.rs` | f32 and f64, with elementary functions |
//! | `dispatch.rs` | which vector instructions the processor has, and code compiled for them |
//! | `fused.rs` | a·b + c with one rounding |
//! | `lanes.rs` | sums and products of vectors |
//! | `pass.rs` | one walk over the rows of a matrix that does several things |

mod dispatch;
mod fused;
mod lanes;
mod pass;
mod real;

pub use dispatch::{Level, dispatch, force_level, level};
pub use fused::Fused;
pub use lanes::{
    HALF, Lanes, WIDTH, add_scaled, add_scaled_numbers, all_finite, dot, dot_lanes, lanes_for, sum,
    total_of_half,
};
pub use pass::{BATCH, MAX_APPLIED, MAX_PRODUCTS, MAX_SIDE, Pass, TILE};
pub use real::{Real, max, max_or_nan};
