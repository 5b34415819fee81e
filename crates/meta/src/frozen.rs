//! A rule whose coefficients stay as they are, on tasks that no training has seen (what
//! the paper's released code calls `test()`).

use autodiff::{Real, Tape};
use datasets::Dataset;
use ndarray::Array2;

use crate::requested::cosine;
use crate::{Drawn, Episode, Precision, Settings, SettingsError, Step};

/// Episodes from this one on are of no training: their weights and tasks are fresh.
pub const FRESH: u64 = 1 << 40;

/// What is measured in an episode besides its scores, where it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// ‖z_l‖², beside which E_l can be told from mere activity.
    pub input: bool,
    /// How the weights lie to the feedback pathway, [`FrozenRecord::weights_to_feedback`]
    /// and [`FrozenRecord::ehebb_to_feedback`].
    pub feedback: bool,
}

/// A fresh task, learned with frozen coefficients.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FrozenRecord {
    /// The trial, from 0.
    pub trial: u64,
    /// The task, from 0.
    pub task: u64,
    /// The mean cross-entropy on the query images; not finite if learning diverged.
    pub cross_entropy: Option<f64>,
    /// The share of query images classified right.
    pub accuracy: f64,
    /// E_1..E_L.
    pub orthonormality: Vec<Option<f64>>,
    /// ‖z_1‖²..‖z_L‖² over the query images; empty unless asked for.
    pub input: Vec<Option<f64>>,
    /// cos(W_l, B_l) after learning, where B may have learned too, for l = 1..L; empty
    /// unless asked for.
    pub weights_to_feedback: Vec<Option<f64>>,
    /// cos(U_l, B_l) for l = 1..L, where U_l is the sum of all that the rule's term F^2
    /// added to W_l (PAPER Eq. 9); empty unless asked for, or if the rule has no F^2.
    pub ehebb_to_feedback: Vec<Option<f64>>,
}

/// A rule with frozen coefficients, and where to find fresh tasks for it.
#[derive(Clone, Copy, Debug)]
pub struct Frozen<'a> {
    /// The rule, the network, and how tasks are drawn.
    pub settings: &'a Settings,
    /// What tasks are drawn from.
    pub data: &'a Dataset,
    /// Tasks of a trial.
    pub tasks: u64,
    /// What is measured besides.
    pub probes: Probes,
}

impl Frozen<'_> {
    /// Learns the tasks of a trial, each with a new network. Tasks, weights and feedback
    /// depend on the seed, the trial and the task alone, so that rules can be compared
    /// task by task.
    ///
    /// # Errors
    /// If the settings do not fit the data.
    ///
    /// # Panics
    /// If `theta` has another length than the rule has terms.
    pub fn run(&self, trial: u64, theta: &[f64]) -> Result<Vec<FrozenRecord>, SettingsError> {
        self.settings.check(self.data)?;
        Ok(match self.settings.numerics.precision {
            Precision::F32 => self.run_in::<f32>(trial, theta),
            Precision::F64 => self.run_in::<f64>(trial, theta),
        })
    }

    fn run_in<T: Real>(&self, trial: u64, theta: &[f64]) -> Vec<FrozenRecord> {
        let mut tape = Tape::<T>::new();
        let mut episode = Episode::of(self.settings).expect("the settings were checked");
        let task = |task| {
            let place = (trial, FRESH + task);
            let start = Drawn::<T>::new(self.settings, self.data, place, theta);
            let mut ehebb = self.ehebb(theta);
            let watch = |tape: &mut Tape<T>, step: &Step<'_>| {
                if let Some(ehebb) = &mut ehebb {
                    ehebb.add(tape, step);
                }
            };
            let recorded = episode.record_watched(&mut tape, &start, watch);
            let norm = |z: &autodiff::Var| -> f64 {
                tape.value(*z).iter().map(|z| z.to_f64().powi(2)).sum()
            };
            let input = if self.probes.input {
                episode.query_trace().z.iter().map(norm).collect()
            } else {
                Vec::new()
            };
            let (scores, state) = episode.scores(&mut tape, &start, &recorded);
            let b = if self.probes.feedback {
                state.b.as_slice()
            } else {
                &[]
            };
            FrozenRecord {
                trial,
                task,
                cross_entropy: known(scores.cross_entropy),
                accuracy: scores.accuracy,
                orthonormality: scores.orthonormality.into_iter().map(known).collect(),
                input: input.into_iter().map(known).collect(),
                weights_to_feedback: cosines(&state.w, b),
                ehebb_to_feedback: ehebb.map_or_else(Vec::new, |sum| cosines(&sum.updates, b)),
            }
        };
        (0..self.tasks).map(task).collect()
    }

    /// To add up what F^2 does, if that is asked for and the rule has it.
    fn ehebb(&self, theta: &[f64]) -> Option<EHebb> {
        let r = self
            .settings
            .learner
            .rule
            .terms
            .iter()
            .position(|term| term.name == "F2")?;
        self.probes.feedback.then(|| EHebb {
            theta: theta[r],
            updates: (self.settings.learner.network.shapes().into_iter())
                .map(Array2::zeros)
                .collect(),
        })
    }
}

/// The sums over the steps of an episode of θ_2 F^2 = −θ_2 e_l e_{l−1}ᵀ, by layer.
struct EHebb {
    theta: f64,
    updates: Vec<Array2<f64>>,
}

impl EHebb {
    fn add<T: Real>(&mut self, tape: &Tape<T>, step: &Step<'_>) {
        let errors = &step.trace.e;
        for (l, update) in self.updates.iter_mut().enumerate() {
            let (Some(post), Some(pre)) = (errors[l + 1], errors[l]) else {
                continue;
            };
            let (post, pre) = (tape.value(post), tape.value(pre));
            for (mut row, post) in update.rows_mut().into_iter().zip(post) {
                let scale = -self.theta * post.to_f64();
                for (update, pre) in row.iter_mut().zip(pre) {
                    *update += scale * pre.to_f64();
                }
            }
        }
    }
}

/// Of each matrix to that of its layer.
fn cosines<A: Real, B: Real>(a: &[Array2<A>], b: &[Array2<B>]) -> Vec<Option<f64>> {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| known(cosine(a, b))).collect()
}

/// A number, if it is finite.
fn known(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datasets::{Split, glyphs};
    use model::{Feedback, Lists, Parts, Rule};

    fn settings(rule: &str) -> Settings {
        let mut settings = Settings::of(Rule::built_in(rule).unwrap());
        settings.learner.network.sizes = vec![784, 12, 47];
        (settings.tasks.shots, settings.tasks.queries) = (4, 2);
        settings
    }

    #[test]
    fn rules_are_tried_on_the_same_tasks_and_a_term_of_weight_zero_is_none() {
        let data = glyphs(Split::Test, 0);
        let run = |settings: &Settings, theta: &[f64]| {
            let frozen = Frozen {
                settings,
                data: &data,
                tasks: 3,
                probes: Probes::default(),
            };
            frozen.run(1, theta).unwrap()
        };
        let (fa, ehebb) = (settings("fa"), settings("ehebb"));
        let plain = run(&fa, &[0.01]);
        assert_eq!(plain.len(), 3);
        assert_eq!(plain, run(&ehebb, &[0.01, 0.0]));
        assert_ne!(plain, run(&ehebb, &[0.01, -0.05]));
        assert_ne!(plain[0].cross_entropy, plain[1].cross_entropy);
        assert!(plain.iter().all(|task| task.input.is_empty()));
    }

    #[test]
    fn ehebb_pushes_weights_towards_the_feedback_and_nothing_pushes_them_at_theta_zero() {
        let data = glyphs(Split::Test, 0);
        let settings = settings("ehebb");
        let run = |theta: &[f64]| {
            let frozen = Frozen {
                settings: &settings,
                data: &data,
                tasks: 1,
                probes: Probes {
                    input: true,
                    feedback: true,
                },
            };
            frozen.run(0, theta).unwrap().remove(0)
        };
        // Eq. 9: −θ_2 > 0 times e (Bᵀe ⊙ σ')ᵀ has a positive product with B.
        let (pushed, pulled) = (run(&[0.0, -0.05]), run(&[0.0, 0.05]));
        let output = |record: &FrozenRecord| record.ehebb_to_feedback[1].unwrap();
        assert!(output(&pushed) > 0.0 && output(&pulled) < 0.0);
        let still = run(&[0.0, 0.0]);
        assert_eq!(
            still.ehebb_to_feedback,
            [None, None],
            "no update has no direction"
        );
        // W and B are independent draws: a cosine of 564 numbers has a deviation of 0.042.
        assert!(still.weights_to_feedback[1].unwrap().abs() < 0.2);
        assert_eq!(pushed.input.len(), 2);
    }

    #[test]
    fn the_feedback_that_weights_are_compared_with_is_the_one_that_was_learned() {
        let data = glyphs(Split::Test, 0);
        let terms = || ["-e ⊗ y-", "-W"].map(str::to_owned).to_vec();
        let parts = Parts {
            lists: Lists::All(terms()),
            own: Vec::new(),
            back: terms(),
            constants: Vec::new(),
            populations: Vec::new(),
        };
        let mut settings = settings("fa");
        settings.learner.rule = Rule::from_parts("kolen-pollack", Feedback::Fixed, parts).unwrap();
        let frozen = Frozen {
            settings: &settings,
            data: &data,
            tasks: 1,
            probes: Probes {
                input: false,
                feedback: true,
            },
        };
        let cosine =
            |theta: &[f64]| frozen.run(0, theta).unwrap()[0].weights_to_feedback[1].unwrap();
        // Both get the same updates and forget what they were by half in every step.
        assert!(cosine(&[0.05, 0.5, 0.05, 0.5]) > 0.999);
        // B forgets nothing and learns nothing.
        assert!(cosine(&[0.05, 0.5, 0.0, 0.0]).abs() < 0.9);
    }

    #[test]
    fn what_diverges_has_no_cross_entropy() {
        let data = glyphs(Split::Test, 0);
        let settings = settings("oja");
        let frozen = Frozen {
            settings: &settings,
            data: &data,
            tasks: 1,
            probes: Probes::default(),
        };
        let records = frozen.run(0, &[1e3, -1e3]).unwrap();
        assert_eq!(records[0].cross_entropy, None);
    }
}
