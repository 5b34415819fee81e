//! One episode of meta-learning as a page to step through.
//!
//! [`Explanation::new`] runs an episode and everything that the page shows beside it;
//! [`Explanation::to_html`] writes the page: one file that opens offline, with the
//! numbers of the run as JSON, the vectors of every step packed behind them, and the
//! style and scripts of `assets/`.
//!
//! | file | what |
//! |---|---|
//! | `explanation.rs` | what is run and gathered; needs no page |
//! | `comparison.rs` | rules on the same weights and data |
//! | `vectors.rs` | the vectors of every step, packed |
//! | `unrolled.rs` | what every step and layer contributes to the meta-gradient |
//! | `response.rs` | how the loss answers to a changed coefficient |
//! | `page.rs` | the page put together |
//! | `assets/` | page, style, equations and scripts |

mod comparison;
mod explanation;
mod page;
mod response;
mod unrolled;
mod vectors;

pub use comparison::{Comparison, RuleProbes};
pub use explanation::{Explanation, ExplanationError};
pub use response::Response;
pub use unrolled::{Moment, Unrolled};
