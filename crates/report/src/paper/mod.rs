//! The paper (PAPER.md): its experiments, figures, table and claims.
//!
//! | to change | go to |
//! |---|---|
//! | a run and its settings | `experiments.rs` |
//! | a figure | `figures.rs` and its row in [`TARGETS`] |
//! | a table | `table1.rs`, `penalties.rs` |
//! | a claim and its criterion | `claims/` and its row in `claims/mod.rs` |

mod claims;
mod experiments;
pub(crate) mod figures;
mod online;
mod penalties;
mod reproduction;
mod results;
mod table1;

pub use claims::CLAIMS;
pub use experiments::{
    EXPERIMENTS, Experiment, ONLINE, OnlineExperiment, QUICK, RuleSource, TRIALS,
};
pub use online::OnlineMetrics;
pub use reproduction::{Ask, Progress, Reproduction};
pub use results::{Context, Results};
pub use table1::{TABLE1, Table1Row};

use crate::figure::Figure;
use crate::table::Table;

/// Something of the paper that can be reproduced: a figure, or the table.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// A heading.
    pub title: &'static str,
    /// The experiments it is made from.
    pub experiments: &'static [&'static str],
    /// The online experiments it is made from.
    pub online: &'static [&'static str],
    /// Draws it, if it is a figure.
    pub(crate) draw: Option<fn(&Target, &Results) -> Figure>,
    /// Makes its table, if it has one, with the table's source data in CSV.
    pub(crate) table: Option<MakeTable>,
}

/// Makes a table and its source data.
type MakeTable = fn(&Target, &Results) -> (Table, String);

/// All targets, in the order of the paper.
pub const TARGETS: [Target; 10] = [
    Target {
        name: "fig1",
        title: "Learning digits online, one image at a time",
        experiments: &["bp", "fa", "bio"],
        online: &["online-bp", "online-fa", "online-bio"],
        draw: Some(figures::online),
        table: None,
    },
    Target {
        name: "fig3",
        title: "Backpropagation and feedback alignment",
        experiments: &["bp", "fa"],
        online: &[],
        draw: Some(figures::fig3),
        table: None,
    },
    Target {
        name: "fig4",
        title: "The pool of ten terms",
        experiments: &["pool", "bp", "fa"],
        online: &[],
        draw: Some(figures::with_baselines),
        table: None,
    },
    Target {
        name: "fig5",
        title: "eHebb: pseudo-gradient and error-based Hebbian term",
        experiments: &["ehebb", "bp", "fa"],
        online: &[],
        draw: Some(figures::with_baselines),
        table: None,
    },
    Target {
        name: "fig7",
        title: "Oja: pseudo-gradient and Oja's term",
        experiments: &["oja", "bp", "fa"],
        online: &[],
        draw: Some(figures::with_baselines),
        table: None,
    },
    Target {
        name: "fig8",
        title: "How far the rows of W are from orthonormal",
        experiments: &["fa", "bp", "oja", "bio"],
        online: &[],
        draw: Some(figures::fig8),
        table: None,
    },
    Target {
        name: "table1",
        title: "Where eHebb acts, and which angles it lowers",
        experiments: &[
            "table1-none",
            "table1-w12",
            "table1-w23",
            "table1-w01-w12",
            "table1-w12-w23",
            "table1-w01-w23",
            "table1-all",
        ],
        online: &[],
        draw: None,
        table: Some(table1::table),
    },
    Target {
        name: "figs1",
        title: "Learning digits online, with direct feedback",
        experiments: &["bp", "fa", "dfa"],
        online: &["online-bp", "online-fa", "online-dfa"],
        draw: Some(figures::online),
        table: None,
    },
    Target {
        name: "figs2",
        title: "Three terms against the pool",
        experiments: &["bio", "pool", "bp", "fa"],
        online: &[],
        draw: Some(figures::with_baselines),
        table: None,
    },
    Target {
        name: "figs5",
        title: "Penalties on the pool",
        experiments: &["pool", "pool-l2", "pool-elastic", "pool-none", "bp", "fa"],
        online: &[],
        draw: Some(figures::figs5),
        table: Some(penalties::table),
    },
];

impl Target {
    /// The target of a name.
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }
}
