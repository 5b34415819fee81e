//! All that can be asked for.

use crate::target::Target;
use crate::{figures, penalties, table1};

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
