//! The runs that the paper's figures are made from, with their settings: the one place
//! to change them.

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
}

/// An online learning with the coefficients that a meta-training arrived at.
#[derive(Clone, Copy, Debug)]
pub struct OnlineExperiment {
    /// Its name, and that of its directory.
    pub name: &'static str,
    /// What people call it, in legends.
    pub label: &'static str,
    /// The experiment that its rule and coefficients come from.
    pub learned_by: &'static str,
}

/// Trials of each experiment in the paper.
pub const TRIALS: u64 = 20;

/// Trials and episodes with `--quick`.
pub const QUICK: (u64, u64) = (4, 60);

/// Settings of all experiments. Tasks are drawn as in the paper's released code, with
/// which its numbers were made. The outer optimiser is not the paper's plain Adam, with
/// which the pool diverges and single trials of other rules are lost.
pub(super) const COMMON: &[&str] = &["tasks=code", "optimiser=guarded"];

/// The network of Table 1.
const SHALLOW: &[&str] = &["sizes=784-130-70-47"];

/// The pool's penalty; λ is not given in the paper.
const POOL: &[&str] = &["lambda=2.1"];

/// Draws a coefficient of 0.015 towards 0 as strongly as [`POOL`] does.
const POOL_L2: &[&str] = &["penalty=l2", "lambda=50"];

/// Half of each: L1 with half of [`POOL`]'s λ, and as much of L2.
const POOL_ELASTIC: &[&str] = &["penalty=elastic", "lambda=2.1"];

/// All experiments.
pub const EXPERIMENTS: [Experiment; 17] = [
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
];

/// All online experiments.
pub const ONLINE: [OnlineExperiment; 4] = [
    online("online-bp", "BP", "bp"),
    online("online-fa", "FA", "fa"),
    online("online-bio", "bio", "bio"),
    online("online-dfa", "DFA", "dfa"),
];

/// Layer sizes of the online experiments: the paper's network with an output for each
/// digit. The paper does not say whether it kept 47 outputs.
pub(super) const ONLINE_SIZES: [usize; 6] = [784, 170, 130, 100, 70, 10];

/// Images that an online experiment learns from, from one test to the next, and of a
/// test.
pub(super) const ONLINE_IMAGES: (usize, usize, usize) = (10_000, 250, 1_000);

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

const fn online(
    name: &'static str,
    label: &'static str,
    learned_by: &'static str,
) -> OnlineExperiment {
    OnlineExperiment {
        name,
        label,
        learned_by,
    }
}

impl Experiment {
    /// The experiment of a name.
    ///
    /// # Panics
    /// If there is none; names are written in this crate alone.
    #[track_caller]
    pub fn named(name: &str) -> &'static Experiment {
        EXPERIMENTS
            .iter()
            .find(|experiment| experiment.name == name)
            .unwrap_or_else(|| panic!("no experiment is called '{name}'"))
    }
}

impl OnlineExperiment {
    /// The online experiment of a name.
    ///
    /// # Panics
    /// If there is none; names are written in this crate alone.
    #[track_caller]
    pub fn named(name: &str) -> &'static OnlineExperiment {
        ONLINE
            .iter()
            .find(|experiment| experiment.name == name)
            .unwrap_or_else(|| panic!("no online experiment is called '{name}'"))
    }
}

/// The text of a rule file for the network of Table 1: F^0 on all of its three layers,
/// and F^2 too on those of `ehebb_on`, numbered from 1.
pub(super) fn ehebb_rule_file(name: &str, ehebb_on: &[usize]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use model::Rule;

    #[test]
    fn names_are_unique_and_online_experiments_name_real_ones() {
        for (i, experiment) in EXPERIMENTS.iter().enumerate() {
            assert!(
                EXPERIMENTS[..i]
                    .iter()
                    .all(|other| other.name != experiment.name)
            );
        }
        for online in ONLINE {
            let learned_by = Experiment::named(online.learned_by);
            assert!(matches!(learned_by.rule, RuleSource::BuiltIn(_)));
        }
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
