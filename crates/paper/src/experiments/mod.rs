//! The runs that the paper's figures are made from, with their settings: the one place
//! to change them. Meta-trainings stand here, learning digits in `online.rs`, tests with
//! frozen coefficients in `frozen.rs`.

mod frozen;
mod online;

pub(crate) use frozen::STAY;
pub use frozen::{FRESH_TASKS, FROZEN, FrozenExperiment, Terms};
pub(crate) use online::{DIGITS, ONLINE_TESTS, PAPER_IMAGES};
pub use online::{ONLINE, OnlineExperiment, OnlineNetwork, ThetaSource};

use crate::beyond;

/// A meta-training that figures draw on; several figures may share one.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// Its name, and that of its run directory.
    pub name: &'static str,
    /// What people call it, in legends.
    pub label: &'static str,
    /// Its rule.
    pub rule: RuleSource,
    /// Episodes in the paper.
    pub episodes: u64,
    /// What differs from the defaults and the settings common to all, as `key=value`.
    pub settings: &'static [&'static str],
}

/// Where the rule of an experiment comes from.
#[derive(Clone, Copy, Debug)]
pub enum RuleSource {
    /// A built-in rule.
    BuiltIn(&'static str),
    /// F^0 on all layers, and F^2 too on some, numbered from 1 (PAPER Table 1).
    EHebbOn(&'static [usize]),
    /// Backpropagation with Oja's term F^9 besides (PAPER Discussion).
    BpAndOja,
    /// The text of a rule file, without the name.
    Text(&'static str),
}

/// Trials of each experiment in the paper.
pub const TRIALS: u64 = 20;

/// Trials and episodes with `--quick`.
pub const QUICK: (u64, u64) = (4, 60);

/// Settings of all experiments. Tasks are drawn as in the paper's released code, with
/// which its numbers were made. The outer optimiser is not the paper's plain Adam, with
/// which the pool diverges and single trials of other rules are lost.
pub(crate) const COMMON: &[&str] = &["tasks=code", "optimiser=guarded"];

/// The network of Table 1.
const SHALLOW: &[&str] = &["sizes=784-130-70-47"];

/// The pool's penalty; λ is not given in the paper.
const POOL: &[&str] = &["lambda=2.1"];

/// Draws a coefficient of 0.015 towards 0 as strongly as [`POOL`] does.
const POOL_L2: &[&str] = &["penalty=l2", "lambda=50"];

/// Half of each: L1 with half of [`POOL`]'s λ, and as much of L2.
const POOL_ELASTIC: &[&str] = &["penalty=elastic", "lambda=2.1"];

/// All experiments of the paper.
pub const EXPERIMENTS: [Experiment; 24] = [
    built_in("bp", "BP", &[]),
    built_in("fa", "FA", &[]),
    built_in("ehebb", "eHebb", &[]),
    built_in("oja", "Oja", &[]),
    built_in("bio", "bio", &[]),
    built_in("dfa", "DFA", &[]),
    built_in("pool", "pool, L1", POOL),
    pool("pool-l2", "pool, L2", POOL_L2),
    pool("pool-elastic", "pool, elastic net", POOL_ELASTIC),
    pool("pool-none", "pool, no penalty", &[]),
    table1("table1-none", "none", &[]),
    table1("table1-w12", "W12", &[2]),
    table1("table1-w23", "W23", &[3]),
    table1("table1-w01-w12", "W01, W12", &[1, 2]),
    table1("table1-w12-w23", "W12, W23", &[2, 3]),
    table1("table1-w01-w23", "W01, W23", &[1, 3]),
    table1("table1-all", "all", &[1, 2, 3]),
    bp_of_gain("gain0.1-bp", "BP, gain 0.1", &["gain=0.1"]),
    bp_of_gain("gain0.3-bp", "BP, gain 0.3", &["gain=0.3"]),
    bp_of_gain("gain3-bp", "BP, gain 3", &["gain=3"]),
    bp_and_oja("gain0.1-bp-oja", "BP + Oja, gain 0.1", &["gain=0.1"]),
    bp_and_oja("gain0.3-bp-oja", "BP + Oja, gain 0.3", &["gain=0.3"]),
    bp_and_oja("gain1-bp-oja", "BP + Oja", &[]),
    bp_and_oja("gain3-bp-oja", "BP + Oja, gain 3", &["gain=3"]),
];

/// Initial weights in units of Xavier's, each with the experiments of BP and of BP + F^9
/// (C15).
pub(crate) const GAINS: [(f64, &str, &str); 4] = [
    (0.1, "gain0.1-bp", "gain0.1-bp-oja"),
    (0.3, "gain0.3-bp", "gain0.3-bp-oja"),
    (1.0, "bp", "gain1-bp-oja"),
    (3.0, "gain3-bp", "gain3-bp-oja"),
];

const fn bp_of_gain(
    name: &'static str,
    label: &'static str,
    settings: &'static [&'static str],
) -> Experiment {
    Experiment {
        rule: RuleSource::BuiltIn("bp"),
        ..built_in(name, label, settings)
    }
}

const fn bp_and_oja(
    name: &'static str,
    label: &'static str,
    settings: &'static [&'static str],
) -> Experiment {
    Experiment {
        rule: RuleSource::BpAndOja,
        ..built_in(name, label, settings)
    }
}

const fn built_in(
    name: &'static str,
    label: &'static str,
    settings: &'static [&'static str],
) -> Experiment {
    Experiment {
        name,
        label,
        rule: RuleSource::BuiltIn(name),
        episodes: 600,
        settings,
    }
}

const fn pool(
    name: &'static str,
    label: &'static str,
    settings: &'static [&'static str],
) -> Experiment {
    Experiment {
        rule: RuleSource::BuiltIn("pool"),
        ..built_in(name, label, settings)
    }
}

const fn table1(name: &'static str, label: &'static str, ehebb_on: &'static [usize]) -> Experiment {
    Experiment {
        name,
        label,
        rule: RuleSource::EHebbOn(ehebb_on),
        episodes: 500,
        settings: SHALLOW,
    }
}

impl Experiment {
    /// The experiment of a name, if there is one.
    pub fn find(name: &str) -> Option<&'static Experiment> {
        let mut all = EXPERIMENTS.iter().chain(&beyond::EXPERIMENTS);
        all.find(|each| each.name == name)
    }

    /// The experiment of a name.
    ///
    /// # Panics
    /// If there is none; names are written in this crate alone.
    #[track_caller]
    pub fn named(name: &str) -> &'static Experiment {
        Self::find(name).unwrap_or_else(|| panic!("no experiment is called '{name}'"))
    }
}

/// The text of a rule file for the network of Table 1: F^0 on all of its three layers,
/// and F^2 too on those of `ehebb_on`, numbered from 1.
pub(crate) fn ehebb_rule_file(name: &str, ehebb_on: &[usize]) -> String {
    let terms = |layer| {
        if ehebb_on.contains(&layer) {
            r#"["F0", "F2"]"#
        } else {
            r#"["F0"]"#
        }
    };
    let layers = [1, 2, 3].map(terms).join(", ");
    format!("name = \"{name}\"\nfeedback = \"fixed\"\nlayers = [{layers}]\n")
}

/// The text of a rule file for backpropagation with Oja's term.
pub(crate) fn bp_and_oja_rule_file(name: &str) -> String {
    format!("name = \"{name}\"\nfeedback = \"symmetric\"\nterms = [\"F0\", \"F9\"]\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Rule;

    #[test]
    fn names_are_unique_and_lead_to_rules_with_as_many_coefficients() {
        let all = EXPERIMENTS.iter().chain(&beyond::EXPERIMENTS);
        let names = all.map(|e| e.name).chain(ONLINE.iter().map(|e| e.name));
        let tests = FROZEN.iter().chain(&beyond::FROZEN);
        let names: Vec<&str> = names.chain(tests.map(|e| e.name)).collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name}");
        }
        for online in ONLINE {
            let rule = Rule::built_in(online.rule).unwrap();
            Experiment::named(online.rule);
            if let ThetaSource::Authors(theta) = online.theta {
                assert_eq!(theta.len(), rule.terms.len());
            }
        }
        for frozen in FROZEN.iter().chain(&beyond::FROZEN) {
            Experiment::named(frozen.learned_by);
        }
        for (_, bp, both) in GAINS {
            assert_eq!(
                Experiment::named(bp).settings,
                Experiment::named(both).settings
            );
        }
    }

    #[test]
    fn backpropagation_with_ojas_term_has_two_terms() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rule.toml");
        std::fs::write(&path, bp_and_oja_rule_file("both")).unwrap();
        let rule = Rule::load(path.to_str().unwrap()).unwrap();
        let names: Vec<&str> = rule.terms.iter().map(|term| term.name.as_str()).collect();
        assert_eq!(
            (names, rule.feedback),
            (vec!["F0", "F9"], model::Feedback::Symmetric)
        );
    }

    #[test]
    fn a_rule_file_says_which_layers_have_ehebb() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rule.toml");
        std::fs::write(&path, ehebb_rule_file("mixed", &[2, 3])).unwrap();
        let rule = Rule::load(path.to_str().unwrap()).unwrap();
        let layers: Vec<_> = (0..3).map(|layer| rule.on_layer(layer)).collect();
        assert_eq!(layers, [vec![0], vec![0, 1], vec![0, 1]]);
        assert_eq!(rule.terms[1].name, "F2");
    }
}
