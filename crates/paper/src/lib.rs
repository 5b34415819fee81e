//! The paper (PAPER.md), re-run: its experiments, figures, tables and claims; and what goes
//! beyond it, in the same form.
//!
//! | to change | go to |
//! |---|---|
//! | a run and its settings | `experiments/` |
//! | a figure | `figures.rs` and its row in [`TARGETS`] |
//! | a table | `table1.rs`, `penalties.rs`, `terms.rs`, `feedback.rs`, `transfer.rs` |
//! | a claim and its criterion | `claims/` and its row in `claims/mod.rs` |
//! | what goes beyond the paper | `beyond/` |
//! | how a claim is judged | `measured.rs`, `check.rs`, `verdict.rs` |
//! | in what runs differ from the paper's | `context.rs` |
//! | a rule with one set of coefficients | `learned.rs` |
//! | tests with frozen coefficients on other data | `tested.rs` |
//! | what is run, and in which order | `plan.rs`, `reproduction.rs` |
//! | the files of a report | `report.rs`, `page.rs` |
//! | reproductions side by side | `compare.rs` |

pub mod beyond;
mod check;
mod claims;
mod compare;
mod context;
mod experiments;
mod feedback;
mod figures;
mod frozen;
mod kept;
mod learned;
mod measured;
mod online;
mod page;
mod penalties;
mod plan;
mod report;
mod reproduction;
mod results;
mod study;
mod table1;
mod target;
mod targets;
mod terms;
mod tested;
mod transfer;
mod verdict;

pub use check::{Check, ENOUGH_TRIALS, Standing, Wanted};
pub use claims::CLAIMS;
pub use compare::side_by_side;
pub use context::Context;
pub use experiments::{
    EXPERIMENTS, Experiment, FRESH_TASKS, FROZEN, FrozenExperiment, ONLINE, OnlineExperiment,
    OnlineNetwork, QUICK, RuleSource, TRIALS, Terms, ThetaSource,
};
pub use frozen::{FrozenMetrics, final_theta, try_frozen};
pub use learned::Learned;
pub use measured::Measured;
pub use online::OnlineMetrics;
pub use plan::{Digits, digits};
pub use report::Report;
pub use reproduction::{Ask, Progress, Reproduction};
pub use results::Results;
pub use study::{STUDIES, Study};
pub use table1::{TABLE1, Table1Row};
pub use target::Target;
pub use targets::TARGETS;
pub use tested::{OnData, RuleTest, Spread, Tested, coefficients};
pub use verdict::{Claim, Outcome, Verdict};
