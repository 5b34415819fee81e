//! What the paper's Discussion leaves open: experiments, figures and claims B1 to B11, in
//! the same form as the paper's own.

mod claims;
mod experiments;
mod figures;
mod targets;

pub use claims::CLAIMS;
pub use experiments::{EXPERIMENTS, FROZEN};
pub use targets::TARGETS;
