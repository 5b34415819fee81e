//! Tests of learned rules with frozen coefficients.

use crate::beyond;

/// A rule with the coefficients that each trial of its meta-training arrived at, on
/// fresh tasks.
#[derive(Clone, Copy, Debug)]
pub struct FrozenExperiment {
    /// Its name, and that of its directory.
    pub name: &'static str,
    /// The experiment that rule, settings and coefficients come from.
    pub learned_by: &'static str,
    /// Which of the rule's terms are tried; the coefficients of the others are set to 0.
    pub terms: Terms,
    /// A data set that it was not learned on; `None` for its own.
    pub data: Option<&'static str>,
    /// What differs from the settings of its experiment, as M and Q.
    pub tasks: Option<(usize, usize)>,
    /// Whether the weights' place beside the feedback pathway is measured.
    pub feedback: bool,
}

/// Which terms of a rule are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// All of them.
    All,
    /// These alone.
    Only(&'static [&'static str]),
    /// All but one.
    Without(&'static str),
}

impl Terms {
    /// Whether a term is among them.
    pub fn has(self, term: &str) -> bool {
        match self {
            Terms::All => true,
            Terms::Only(terms) => terms.contains(&term),
            Terms::Without(other) => term != other,
        }
    }
}

/// Fresh tasks of each trial with frozen coefficients.
pub const FRESH_TASKS: u64 = 20;

/// The terms that the paper finds to stay.
pub(crate) const STAY: [&str; 3] = ["F0", "F2", "F9"];

/// All tests of the paper with frozen coefficients.
pub const FROZEN: [FrozenExperiment; 21] = [
    frozen("frozen-fa", "fa", Terms::All, true),
    frozen("frozen-ehebb", "ehebb", Terms::All, true),
    frozen("frozen-oja", "oja", Terms::All, false),
    frozen("frozen-pool", "pool", Terms::All, false),
    frozen("frozen-pool-three", "pool", Terms::Only(&STAY), false),
    frozen(
        "frozen-pool-without-F0",
        "pool",
        Terms::Without("F0"),
        false,
    ),
    frozen(
        "frozen-pool-without-F1",
        "pool",
        Terms::Without("F1"),
        false,
    ),
    frozen(
        "frozen-pool-without-F2",
        "pool",
        Terms::Without("F2"),
        false,
    ),
    frozen(
        "frozen-pool-without-F3",
        "pool",
        Terms::Without("F3"),
        false,
    ),
    frozen(
        "frozen-pool-without-F4",
        "pool",
        Terms::Without("F4"),
        false,
    ),
    frozen(
        "frozen-pool-without-F5",
        "pool",
        Terms::Without("F5"),
        false,
    ),
    frozen(
        "frozen-pool-without-F6",
        "pool",
        Terms::Without("F6"),
        false,
    ),
    frozen(
        "frozen-pool-without-F7",
        "pool",
        Terms::Without("F7"),
        false,
    ),
    frozen(
        "frozen-pool-without-F8",
        "pool",
        Terms::Without("F8"),
        false,
    ),
    frozen(
        "frozen-pool-without-F9",
        "pool",
        Terms::Without("F9"),
        false,
    ),
    elsewhere("mnist-9-way-bio", "bio", "mnist", 9),
    elsewhere("mnist-9-way-fa", "fa", "mnist", 9),
    elsewhere("fashion-5-way-bio", "bio", "fashion-mnist", 5),
    elsewhere("fashion-5-way-fa", "fa", "fashion-mnist", 5),
    elsewhere("fashion-9-way-bio", "bio", "fashion-mnist", 9),
    elsewhere("fashion-9-way-fa", "fa", "fashion-mnist", 9),
];

const fn frozen(
    name: &'static str,
    learned_by: &'static str,
    terms: Terms,
    feedback: bool,
) -> FrozenExperiment {
    FrozenExperiment {
        name,
        learned_by,
        terms,
        data: None,
        tasks: None,
        feedback,
    }
}

/// On data that the rule was not learned on, with the paper's Q = 5 (C16).
const fn elsewhere(
    name: &'static str,
    learned_by: &'static str,
    data: &'static str,
    ways: usize,
) -> FrozenExperiment {
    FrozenExperiment {
        data: Some(data),
        tasks: Some((ways, 5)),
        ..frozen(name, learned_by, Terms::All, false)
    }
}

impl FrozenExperiment {
    /// The test of a name, if there is one.
    pub fn find(name: &str) -> Option<&'static FrozenExperiment> {
        let mut all = FROZEN.iter().chain(&beyond::FROZEN);
        all.find(|each| each.name == name)
    }

    /// The test of a name.
    ///
    /// # Panics
    /// If there is none; names are written in this crate alone.
    #[track_caller]
    pub fn named(name: &str) -> &'static FrozenExperiment {
        Self::find(name).unwrap_or_else(|| panic!("no test is called '{name}'"))
    }
}
