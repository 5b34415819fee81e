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
//! | `mathml.rs` | a term as a formula |
//! | `page.rs` | the page put together |
//! | `assets/` | page, style, equations and scripts |

mod comparison;
mod explanation;
mod mathml;
mod page;
mod vectors;

pub use comparison::{Comparison, ProbeNumbers, RuleProbes};
pub use explanation::Explanation;
