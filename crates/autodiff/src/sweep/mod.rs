//! Sweeps over a recorded program: forward and back, recorded or not, and how a sweep
//! finds matrices as they were.

mod evaluator;
mod forward;
mod recorded;
mod reverse;
mod way_back;
mod workspace;

pub(crate) use evaluator::Evaluator;
pub(crate) use forward::carry_forward;
pub(crate) use reverse::{Precision, Swept, Way, sweep_back};
pub(crate) use workspace::Workspace;
