//! Meta-trainings with rules, pathways, outer loops and lessons that the paper has not.

use crate::experiments::{Experiment, FrozenExperiment, RuleSource, Terms};

/// W and B change by the same and both decay, so that they come to agree (Kolen and
/// Pollack 1994; Akrout et al. 2019).
const KOLEN_POLLACK: RuleSource = RuleSource::Text(
    "feedback = \"fixed\"\nterms = [\"-e ⊗ y-\", \"-W\"]\nback = [\"-e ⊗ y-\", \"-W\"]\n",
);

/// The pseudo-gradient with the signs of W on the way back (Liao et al. 2016).
const SIGN: RuleSource = RuleSource::Text("feedback = \"sign\"\nterms = [\"F0\"]\n");

/// The pseudo-gradient with both random paths, layer by layer and straight from the
/// output, weighted by meta-learned gains (PAPER Discussion).
const MIXED: RuleSource = RuleSource::Text("feedback = \"mixed\"\nterms = [\"F0\"]\n");

/// bio, whose error-based Hebbian term compares the error before the synapse with a
/// meta-learned set-point.
const SET_POINT: RuleSource = RuleSource::Text(
    "feedback = \"fixed\"\nterms = [\"F0\", \"-e ⊗ (e- - b)\", \"F9\"]\n\n[constants]\nb = 0.0\n",
);

/// bio, and a pseudo-gradient with a trace of the activity before the synapse, as long as
/// is meta-learned: with a coefficient below 0 it takes from the activity a share of what is
/// usual. A rule of our own, found by trying those that the book's chapter lists.
const TRACE: RuleSource = RuleSource::Text(
    "feedback = \"fixed\"\nterms = [\"F0\", \"F2\", \"F9\", \"-e ⊗ trace(y-, rho)\"]\n\n\
     [constants]\nrho = 0.8\n",
);

/// bio, whose pseudo-gradient and Oja's term are divided by the size of the activity before the
/// synapse, as in normalised least mean squares (Nagumo and Noda 1967). A rule of our own, for
/// images that are brighter than those it was learned on.
const NORMALISED: RuleSource = RuleSource::Text(
    "feedback = \"fixed\"\nterms = [\"-e ⊗ y- / (0.5 + 0.01 * sum(y-^2))\", \"F2\", \
     \"y ⊗ (y- - W'y) / (0.5 + 0.01 * sum(y-^2))\"]\n",
);

/// bio, and a pseudo-gradient that is as strong as the loss is large.
const THIRD_FACTOR: RuleSource = RuleSource::Text(
    "feedback = \"fixed\"\nterms = [\"F0\", \"F2\", \"F9\", \"-loss * e ⊗ y-\"]\n",
);

/// All that are not the paper's too.
pub const EXPERIMENTS: [Experiment; 24] = [
    text("kolen-pollack", "Kolen-Pollack", KOLEN_POLLACK),
    text("sign", "sign-symmetric", SIGN),
    text("mixed", "mixed", MIXED),
    by_losses("bio-es", "bio, ES", BY_ES),
    by_losses("bio-cma", "bio, CMA-ES", BY_CMA),
    text("bio-set-point", "bio + set-point", SET_POINT),
    text("bio-trace", "bio + trace", TRACE),
    text("bio-normalised", "bio, normalised", NORMALISED),
    text("bio-third-factor", "bio + third factor", THIRD_FACTOR),
    of_shots("bp-k5", "BP", "bp", FIVE),
    of_shots("fa-k5", "FA", "fa", FIVE),
    of_shots("ehebb-k5", "eHebb", "ehebb", FIVE),
    of_shots("oja-k5", "Oja", "oja", FIVE),
    of_shots("bio-k5", "bio", "bio", FIVE),
    of_shots("bp-k10", "BP", "bp", TEN),
    of_shots("fa-k10", "FA", "fa", TEN),
    of_shots("ehebb-k10", "eHebb", "ehebb", TEN),
    of_shots("oja-k10", "Oja", "oja", TEN),
    of_shots("bio-k10", "bio", "bio", TEN),
    of_shots("bp-k20", "BP", "bp", TWENTY),
    of_shots("fa-k20", "FA", "fa", TWENTY),
    of_shots("ehebb-k20", "eHebb", "ehebb", TWENTY),
    of_shots("oja-k20", "Oja", "oja", TWENTY),
    of_shots("bio-k20", "bio", "bio", TWENTY),
];

const FIVE: &[&str] = &["K=5"];
const TEN: &[&str] = &["K=10"];
const TWENTY: &[&str] = &["K=20"];

/// A generation of eight on each task; one evaluation takes no derivative, and an episode
/// is an evaluation.
const BY_ES: &[&str] = &["optimiser=es", "population=8", "eta=0.002", "sigma=0.001"];
const BY_CMA: &[&str] = &["optimiser=cma", "population=8", "sigma=0.001"];

/// The rules whose accuracy is looked at against K.
pub(super) const RULES: [&str; 5] = ["bp", "fa", "ehebb", "oja", "bio"];

/// K, with the experiments of [`RULES`].
pub(super) const SHOTS: [(u32, [&str; 5]); 4] = [
    (5, ["bp-k5", "fa-k5", "ehebb-k5", "oja-k5", "bio-k5"]),
    (10, ["bp-k10", "fa-k10", "ehebb-k10", "oja-k10", "bio-k10"]),
    (20, ["bp-k20", "fa-k20", "ehebb-k20", "oja-k20", "bio-k20"]),
    (50, RULES),
];

/// Rules that were arrived at, on the same fresh tasks.
pub const FROZEN: [FrozenExperiment; 5] = [
    fresh("frozen-bio", "bio"),
    fresh("frozen-bio-es", "bio-es"),
    fresh("frozen-bio-cma", "bio-cma"),
    on_fashion("fashion-5-way-trace", "bio-trace"),
    on_fashion("fashion-5-way-normalised", "bio-normalised"),
];

const fn text(name: &'static str, label: &'static str, rule: RuleSource) -> Experiment {
    Experiment {
        name,
        label,
        rule,
        episodes: 600,
        settings: &[],
    }
}

const fn by_losses(
    name: &'static str,
    label: &'static str,
    settings: &'static [&'static str],
) -> Experiment {
    Experiment {
        episodes: 2400,
        settings,
        ..text(name, label, RuleSource::BuiltIn("bio"))
    }
}

const fn of_shots(
    name: &'static str,
    label: &'static str,
    rule: &'static str,
    settings: &'static [&'static str],
) -> Experiment {
    Experiment {
        settings,
        ..text(name, label, RuleSource::BuiltIn(rule))
    }
}

const fn fresh(name: &'static str, learned_by: &'static str) -> FrozenExperiment {
    FrozenExperiment {
        name,
        learned_by,
        terms: Terms::All,
        data: None,
        tasks: None,
        feedback: false,
    }
}

/// As the paper's test of bio.
const fn on_fashion(name: &'static str, learned_by: &'static str) -> FrozenExperiment {
    FrozenExperiment {
        data: Some("fashion-mnist"),
        tasks: Some((5, 5)),
        ..fresh(name, learned_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Feedback, Rule};

    #[test]
    fn every_text_is_a_rule_with_the_feedback_that_it_is_about() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rule.toml");
        let of = |name: &str| {
            let RuleSource::Text(text) = Experiment::named(name).rule else {
                panic!("{name} is no text");
            };
            std::fs::write(&path, text).unwrap();
            Rule::load(path.to_str().unwrap()).unwrap()
        };
        for experiment in EXPERIMENTS {
            if let RuleSource::Text(_) = experiment.rule {
                of(experiment.name);
            }
        }
        assert_eq!(of("kolen-pollack").back.len(), 2);
        assert_eq!(of("sign").feedback, Feedback::Sign);
        assert_eq!(of("mixed").feedback, Feedback::Mixed);
        for (name, constants) in [
            ("bio-set-point", 1),
            ("bio-trace", 1),
            ("bio-normalised", 0),
            ("bio-third-factor", 0),
        ] {
            assert_eq!(of(name).constants.len(), constants, "{name}");
        }
    }

    #[test]
    fn each_k_has_the_same_rules() {
        for (k, names) in SHOTS {
            for (rule, name) in RULES.iter().zip(names) {
                assert!(name.starts_with(rule), "{name}");
                let asked = format!("K={k}");
                let settings = Experiment::named(name).settings;
                assert!(k == 50 || settings == [asked.as_str()], "{name}");
            }
        }
    }
}
