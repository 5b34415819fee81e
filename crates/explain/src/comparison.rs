//! Rules compared on the same weights and data (PAPER Figs. 3, 5: angles).

use autodiff::Tape;
use meta::{Episode, Penalty, Probe, Setting};
use model::{Network, Rule};
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
    pub probes: Vec<ProbeNumbers>,
}

/// A [`Probe`] as the page reads it.
#[derive(Clone, Debug, Serialize)]
pub struct ProbeNumbers {
    /// The mean cross-entropy.
    pub cross_entropy: f64,
    /// The share of images classified right.
    pub accuracy: f64,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
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
    ) -> Result<Comparison, String> {
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
            let look = |w: &[_]| {
                let pathway = (w, own.b.as_slice());
                ProbeNumbers::from(Probe::new(network, rule.feedback, pathway, &own.query))
            };
            let mut probes = vec![look(&own.w)];
            episode.record_watched(&mut Tape::new(), &own, |tape, step| {
                if at.contains(&(step.index + 1)) {
                    let w: Vec<_> = step.w.iter().map(|w| tape.matrix(w)).collect();
                    probes.push(look(&w));
                }
            });
            let names = rule.terms.iter().map(|term| term.name.clone());
            Ok(RuleProbes {
                name: rule.name.clone(),
                theta: names.zip(theta.iter().copied()).collect(),
                probes,
            })
        };
        let rules = rules.iter().map(follow).collect::<Result<_, String>>()?;
        Ok(Comparison { at, rules })
    }
}

impl From<Probe> for ProbeNumbers {
    fn from(probe: Probe) -> Self {
        ProbeNumbers {
            cross_entropy: probe.cross_entropy,
            accuracy: probe.accuracy,
            angles: probe.angles,
        }
    }
}
