//! Rules compared on the same weights and data (PAPER Figs. 3, 5: angles).

use autodiff::Tape;
use meta::{Batch, Episode, Penalty, Scores, Setting};
use model::{Misfit, Network, Rule, StateArrays};
use serde::Serialize;

/// Several rules' ways through the same episode.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// After how many steps the network was looked at.
    pub at: Vec<usize>,
    /// One for each rule.
    pub rules: Vec<RuleProbes>,
}

/// One rule's way through an episode.
#[derive(Clone, Debug, Serialize)]
pub struct RuleProbes {
    /// The rule.
    pub name: String,
    /// Its terms' names and coefficients.
    pub theta: Vec<(String, f64)>,
    /// What the query images showed, at [`Comparison::at`].
    pub probes: Vec<Scores>,
}

/// Looks at the network after so many parts of the steps.
const LOOKS: usize = 25;

impl Comparison {
    /// Lets each rule, with its coefficients, learn from the weights, feedback matrices
    /// and images of `setting`.
    ///
    /// # Errors
    /// If a rule does not fit the network.
    pub(crate) fn new(
        network: &Network,
        rules: &[(Rule, Vec<f64>)],
        setting: &Setting<f64>,
    ) -> Result<Comparison, Misfit> {
        let steps = setting.train.labels.len();
        let every = steps.div_ceil(LOOKS);
        let at: Vec<usize> = (0..=steps)
            .filter(|t| t % every == 0 || *t == steps)
            .collect();
        let follow = |(rule, theta): &(Rule, Vec<f64>)| {
            let mut episode = Episode::new(network, rule.feedback, rule, Penalty::default())?;
            let own = Setting {
                theta: theta.clone(),
                ..setting.clone()
            };
            // To look is to learn from no images.
            let mut observer = (episode.clone(), Tape::new());
            let mut look = |state: StateArrays<f64>| {
                let seen = Setting {
                    state,
                    train: Batch::default(),
                    ..own.clone()
                };
                let (episode, tape) = &mut observer;
                episode.learn(tape, &seen).0
            };
            let mut probes = vec![look(own.state.clone())];
            episode.record_watched(&mut Tape::new(), &own, |tape, step| {
                if at.contains(&(step.index + 1)) {
                    probes.push(look(step.state.arrays(tape)));
                }
            });
            let parameters = rule.parameters(rule.feedback);
            let names = parameters.into_iter().map(|parameter| parameter.name);
            Ok(RuleProbes {
                name: rule.name.clone(),
                theta: names.zip(theta.iter().copied()).collect(),
                probes,
            })
        };
        let rules = rules.iter().map(follow).collect::<Result<_, Misfit>>()?;
        Ok(Comparison { at, rules })
    }
}
