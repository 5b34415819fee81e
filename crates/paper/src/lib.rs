//! The paper (PAPER.md), re-run: its experiments, figures, tables and claims.
//!
//! | to change | go to |
//! |---|---|
//! | a run and its settings | `experiments.rs` |
//! | a figure | `figures.rs` and its row in [`TARGETS`] |
//! | a table | `table1.rs`, `penalties.rs` |
//! | a claim and its criterion | `claims/` and its row in `claims/mod.rs` |
//! | how a claim is judged | `check.rs`, `verdict.rs` |
//! | what is run, and in which order | `reproduction.rs` |
//! | the files of a report | `report.rs`, `page.rs` |

mod check;
mod claims;
mod experiments;
mod figures;
mod kept;
mod online;
mod page;
mod penalties;
mod report;
mod reproduction;
mod results;
mod table1;
mod target;
mod targets;
mod verdict;

pub use check::{Check, Standing};
pub use claims::CLAIMS;
pub use experiments::{
    EXPERIMENTS, Experiment, ONLINE, OnlineExperiment, QUICK, RuleSource, TRIALS,
};
pub use online::OnlineMetrics;
pub use report::Report;
pub use reproduction::{Ask, Progress, Reproduction};
pub use results::{Context, Results};
pub use table1::{TABLE1, Table1Row};
pub use target::Target;
pub use targets::TARGETS;
pub use verdict::{Claim, Outcome, Verdict};
