//! What the page shows, run and gathered.

use autodiff::Tape;
use datasets::Dataset;
use meta::{Episode, Learner, Outcome, Setting, Settings, Start, draw_setting};
use model::{Feedback, Misfit, Rule};

use crate::{Comparison, Response, Unrolled};

/// An episode with all that explains it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What was run.
    pub settings: Settings,
    /// The data set's name, and whether it is synthetic.
    pub data: (String, bool),
    /// What the episode started from.
    pub setting: Setting<f64>,
    /// What training would have seen of it: loss and meta-gradient.
    pub outcome: Outcome,
    /// The episode taken apart.
    pub unrolled: Unrolled,
    /// For each number that is meta-learned, episodes run again with it changed.
    pub responses: Vec<Response>,
    /// BP, FA and bio, and the rule itself if it is another, from the same start.
    pub comparison: Comparison,
}

/// Why an episode cannot be explained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExplanationError {
    /// It diverged, so that there is nothing to explain.
    #[error("the episode diverged with theta = {theta:?}; choose smaller coefficients")]
    Diverged {
        /// All that is meta-learned, as it was.
        theta: Vec<f64>,
    },
    /// The rule does not fit the network.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

impl Explanation {
    /// Runs the first episode of the first trial of `settings` on `data` with the
    /// coefficients `theta` and what else is meta-learned, learning from `steps` images. `settings` must have been checked against `data`, and its tasks must
    /// have as many images.
    ///
    /// # Errors
    /// If an episode diverged, so that there is nothing to explain, or the rule does
    /// not fit the network.
    ///
    /// # Panics
    /// If `theta` has another length than the rule has parameters.
    pub fn new(
        settings: &Settings,
        data: &Dataset,
        theta: &[f64],
        steps: usize,
    ) -> Result<Explanation, ExplanationError> {
        let Learner {
            network,
            feedback,
            rule,
            ..
        } = &settings.learner;
        let mut setting: Setting<f64> = draw_setting(settings, data, 0, 0, theta);
        setting.train.x.truncate(steps * data.pixels());
        setting.train.labels.truncate(steps);
        let mut episode = Episode::of(settings)?;
        let outcome = episode.run(&mut Tape::new(), &setting);
        let gradient = &outcome.gradient.theta;
        if !outcome.meta_loss.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            let theta = theta.to_vec();
            return Err(ExplanationError::Diverged { theta });
        }
        let responses = gradient.iter().enumerate();
        let responses = responses
            .map(|(r, g)| Response::measure(&mut episode, &setting, r, *g))
            .collect();
        Ok(Explanation {
            unrolled: Unrolled::new(network, *feedback, rule, &setting)?,
            comparison: Comparison::new(
                network,
                &compared(settings, theta),
                &with_feedback(settings, data, &setting),
            )?,
            settings: settings.clone(),
            data: (data.name().to_owned(), data.is_synthetic()),
            setting,
            outcome,
            responses,
        })
    }
}

/// BP, FA and bio, and the explained rule: with its own coefficients where it has the
/// term, else with those of an example.
fn compared(settings: &Settings, theta: &[f64]) -> Vec<(Rule, Vec<f64>)> {
    let (own, feedback) = (&settings.learner.rule, settings.learner.feedback);
    let mut rules: Vec<_> = ["bp", "fa", "bio"]
        .into_iter()
        .filter_map(Rule::built_in)
        .map(|rule| {
            let mut chosen = rule.example(rule.feedback);
            for (term, chosen) in rule.terms.iter().zip(&mut chosen) {
                let known = own.terms.iter().position(|other| other == term);
                if let Some(r) = known.filter(|_| own.groups() == 1) {
                    *chosen = theta[r];
                }
            }
            (rule, chosen)
        })
        .collect();
    // A pathway of three rules that is not its own would need other matrices.
    let same = |rule: &Rule| {
        rule.terms == own.terms
            && own.back.is_empty()
            && own.groups() == 1
            && rule.feedback == feedback
    };
    let another = !rules.iter().any(|(rule, _)| same(rule));
    if another && has_fixed(feedback) {
        let own = Rule {
            feedback,
            ..own.clone()
        };
        rules.push((own, theta.to_vec()));
    }
    rules
}

/// The setting with the matrices of fixed feedback, drawn anew if it has others.
fn with_feedback(settings: &Settings, data: &Dataset, setting: &Setting<f64>) -> Setting<f64> {
    if has_fixed(settings.learner.feedback) {
        return setting.clone();
    }
    let mut fixed = settings.clone();
    fixed.learner.feedback = Feedback::Fixed;
    let mut state = setting.state.clone();
    state.b = draw_setting::<f64>(&fixed, data, 0, 0, &[]).arrays().b;
    Setting {
        state,
        ..setting.clone()
    }
}

/// Whether a pathway has matrices B of the shapes of fixed feedback.
fn has_fixed(feedback: Feedback) -> bool {
    feedback == Feedback::Fixed || feedback == Feedback::Mixed
}
