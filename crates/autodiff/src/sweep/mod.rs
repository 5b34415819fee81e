//! Sweeps over a recorded program: forward and back, and how a sweep finds matrices as
//! they were.

mod evaluator;
mod follow;
mod forward;
mod needs;
mod recorded;
mod replay;

pub(crate) use evaluator::{Evaluator, Workspace};
pub(crate) use follow::Inner;
pub(crate) use needs::{Needs, needs};
pub(crate) use replay::Replay;
