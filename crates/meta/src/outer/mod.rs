//! Outer optimisers: what a trial does to learn the meta-learned parameters θ of a rule.
//!
//! An outer optimiser *asks* for parameters to be evaluated, each on the tasks of a batch,
//! and is *told* what came out of all of them, in the order in which it asked. It knows
//! nothing of episodes, threads and files, and what it asks for follows from its state
//! alone, so that a trial can be taken up anywhere. Each is one file:
//!
//! | file | key | wants | a step is |
//! |---|---|---|---|
//! | `adam.rs` | `adam` | gradients | [`Adam`] on the mean over the batch, as in the paper |
//! | `guarded.rs` | `guarded` | gradients | [`Guarded`]: Adam that gets all ten terms through |
//! | `evolution.rs` | `es` | losses | [`Evolution`]: antithetic pairs around θ, compared by rank |
//! | `cma.rs` | `cma` | losses | [`Cma`]: a normal distribution of θ that adapts its shape |
//! | `newton.rs` | `newton` | Hessians | [`Newton`]: the minimum of a quadratic model within a radius |
//!
//! The paper's is plain Adam. It is not safe for every rule: its first step moves every
//! coefficient by η whatever the size of its term, and a step into a region where
//! learning diverges has no gradient that leads out again.

mod adam;
mod cma;
mod eigen;
mod evolution;
mod guarded;
mod newton;

pub use adam::Adam;
pub use cma::Cma;
pub use evolution::Evolution;
pub use guarded::Guarded;
pub use newton::Newton;

use std::cmp::Ordering;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Settings;

/// Which outer optimiser a run uses.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum OptimiserKind {
    /// Plain Adam, as in the paper (PAPER Alg. 1).
    #[default]
    Adam,
    /// Adam with steps in proportion to the terms, a trust radius, a way back, and
    /// exact zeros, see [`Guarded`].
    Guarded,
    /// An evolution strategy with antithetic pairs, see [`Evolution`].
    Es,
    /// CMA-ES, see [`Cma`].
    Cma,
    /// A trust region with the meta-Hessian, see [`Newton`].
    Newton,
}

impl OptimiserKind {
    /// How often a step evaluates each task of its batch, where a population is asked for
    /// as [`population`](crate::OuterSettings::population).
    pub(crate) fn evaluations(self, population: usize) -> u64 {
        match self {
            OptimiserKind::Adam | OptimiserKind::Guarded => 1,
            OptimiserKind::Es | OptimiserKind::Cma => population as u64,
            // Once to make a model of the loss, and once to see whether it told the truth.
            OptimiserKind::Newton => 2,
        }
    }

    /// What is wanted of the `turn`-th evaluation of a task in a step.
    pub(crate) fn wants(self, turn: u64) -> Wants {
        match self {
            OptimiserKind::Adam | OptimiserKind::Guarded => Wants::Gradient,
            OptimiserKind::Es | OptimiserKind::Cma => Wants::Loss,
            OptimiserKind::Newton if turn == 0 => Wants::Hessian,
            OptimiserKind::Newton => Wants::Loss,
        }
    }

    /// What an optimiser of this kind itself holds to be θ, as far as what it was told of a
    /// step shows: the parameters that it follows derivatives from, the middle of the pairs
    /// of `es`, and of `cma` the mean that the step moves to. None if nothing can be told
    /// from it, as where all diverged.
    ///
    /// What it tried is something else: parameters around θ, or a step that was not taken.
    pub fn estimate(self, told: &[Evaluated<'_>]) -> Option<Vec<f64>> {
        match self {
            OptimiserKind::Adam | OptimiserKind::Guarded | OptimiserKind::Newton => {
                Some(told.first()?.parameters.to_vec())
            }
            OptimiserKind::Es => Evolution::middle(told),
            OptimiserKind::Cma => Cma::recombined(told),
        }
    }

    /// The populations that make sense, and in words what they are.
    pub(crate) fn populations(self) -> (fn(usize) -> bool, &'static str) {
        match self {
            OptimiserKind::Es => (|n| n >= 2 && n.is_multiple_of(2), "an even number"),
            OptimiserKind::Cma => (|n| n >= 4, "at least 4"),
            _ => (|_| true, "any number"),
        }
    }
}

/// What an evaluation is to bring, each with all that comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wants {
    /// L_meta: an episode is run and scored, and nothing is differentiated.
    Loss,
    /// dL_meta/dθ.
    Gradient,
    /// d²L_meta/dθ².
    Hessian,
}

/// What came out of one episode, for an optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Whether all that was wanted is finite.
    pub finite: bool,
    /// L_meta, with the penalty.
    pub loss: f64,
    /// The mean cross-entropy on the query images.
    pub cross_entropy: f64,
    /// dL_meta/dθ, with the penalty; empty where it was not wanted.
    pub gradient: Vec<f64>,
    /// d²L_meta/dθ², row by row and symmetric; empty where it was not wanted.
    pub hessian: Vec<f64>,
}

impl Evidence {
    /// Whether it is what an evaluation of `n` parameters brings.
    pub(crate) fn fits(&self, wants: Wants, n: usize) -> bool {
        let (gradient, hessian) = match wants {
            Wants::Loss => (0, 0),
            Wants::Gradient => (n, 0),
            Wants::Hessian => (n, n * n),
        };
        self.gradient.len() == gradient && self.hessian.len() == hessian
    }
}

/// What came out of the episodes of a batch that were run with the same parameters.
#[derive(Clone, Debug)]
pub struct Evaluated<'a> {
    /// The parameters.
    pub parameters: &'a [f64],
    /// One for each task of the batch, in the same order for all that was asked at once.
    pub episodes: Vec<&'a Evidence>,
}

impl Evaluated<'_> {
    /// How many of the episodes diverged.
    pub fn diverged(&self) -> usize {
        self.episodes.iter().filter(|e| !e.finite).count()
    }

    /// The mean of a number over the episodes that did not diverge; none if all did.
    pub fn mean(&self, number: impl Fn(&Evidence) -> f64) -> Option<f64> {
        let numbers = self.mean_of(|evidence| vec![number(evidence)])?;
        numbers.first().copied()
    }

    /// The mean of dL_meta/dθ over the episodes that did not diverge; none if all did.
    pub fn gradient(&self) -> Option<Vec<f64>> {
        self.mean_of(|evidence| evidence.gradient.clone())
    }

    /// The mean of d²L_meta/dθ², as [`Evaluated::gradient`].
    pub fn hessian(&self) -> Option<Vec<f64>> {
        self.mean_of(|evidence| evidence.hessian.clone())
    }

    /// The mean of some numbers, added up in the order of the tasks. That of a single
    /// episode is those numbers to the bit.
    fn mean_of(&self, numbers: impl Fn(&Evidence) -> Vec<f64>) -> Option<Vec<f64>> {
        let mut finite = self.episodes.iter().filter(|e| e.finite);
        let mut sum = numbers(finite.next()?);
        let mut count = 1.0;
        for evidence in finite {
            count += 1.0;
            for (sum, number) in sum.iter_mut().zip(numbers(evidence)) {
                *sum += number;
            }
        }
        sum.iter_mut().for_each(|sum| *sum /= count);
        Some(sum)
    }

    /// Better first: fewer diverged episodes, then a lower mean loss of the others.
    pub fn compare(&self, other: &Evaluated<'_>) -> Ordering {
        let loss = |of: &Evaluated<'_>| of.mean(|evidence| evidence.loss).unwrap_or(0.0);
        (self.diverged().cmp(&other.diverged())).then_with(|| loss(self).total_cmp(&loss(other)))
    }
}

/// An outer optimiser in the middle of its work.
pub trait Outer {
    /// Whether it is for `n` parameters.
    fn fits(&self, n: usize) -> bool;

    /// Whether it has yet to be told how large the rule's terms are, before it is asked
    /// anything.
    fn wants_sizes(&self) -> bool {
        false
    }

    /// Takes in the sizes ‖F^r‖ of the terms.
    fn measure(&mut self, _sizes: &[f64]) {}

    /// The parameters that are to be evaluated next, each on every task of the batch.
    /// Called again with the same stream it gives the same.
    fn ask(&self, theta: &[f64], rng: &mut ChaCha8Rng) -> Vec<Vec<f64>>;

    /// Takes in what came out of all that was asked, in that order, and moves θ.
    ///
    /// # Panics
    /// If it is not told of all that it asked, or lengths differ.
    fn tell(&mut self, theta: &mut [f64], told: &[Evaluated<'_>]);
}

/// The outer optimiser of a trial, with what it remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Optimiser {
    /// Plain Adam.
    Adam(Adam),
    /// Adam with a guard.
    Guarded(Guarded),
    /// An evolution strategy.
    Evolution(Evolution),
    /// CMA-ES.
    Cma(Cma),
    /// A trust region.
    Newton(Newton),
}

impl Optimiser {
    /// The optimiser of a new trial that starts from `theta`.
    pub(crate) fn new(settings: &Settings, theta: &[f64]) -> Self {
        let outer = &settings.outer;
        let (n, eta, sigma) = (theta.len(), outer.eta, outer.sigma);
        match outer.optimiser {
            OptimiserKind::Adam => Optimiser::Adam(Adam::new(eta, n)),
            OptimiserKind::Guarded => {
                let network = &settings.learner.network;
                let outputs = network.sizes[network.layers()];
                let penalised = settings
                    .learner
                    .rule
                    .counts(settings.learner.feedback)
                    .theta;
                let guarded = Guarded::new(eta, theta, outer.penalty, outputs);
                Optimiser::Guarded(guarded.penalising(penalised))
            }
            OptimiserKind::Es => {
                Optimiser::Evolution(Evolution::new(eta, sigma, outer.population, n))
            }
            OptimiserKind::Cma => Optimiser::Cma(Cma::new(sigma, outer.population, n)),
            OptimiserKind::Newton => Optimiser::Newton(Newton::new(sigma, theta)),
        }
    }

    /// As any other.
    pub fn outer(&self) -> &dyn Outer {
        match self {
            Optimiser::Adam(adam) => adam,
            Optimiser::Guarded(guarded) => guarded,
            Optimiser::Evolution(evolution) => evolution,
            Optimiser::Cma(cma) => cma,
            Optimiser::Newton(newton) => newton,
        }
    }

    /// As [`Optimiser::outer`], to be told.
    pub fn outer_mut(&mut self) -> &mut dyn Outer {
        match self {
            Optimiser::Adam(adam) => adam,
            Optimiser::Guarded(guarded) => guarded,
            Optimiser::Evolution(evolution) => evolution,
            Optimiser::Cma(cma) => cma,
            Optimiser::Newton(newton) => newton,
        }
    }
}

/// By how much each of `n` parameters is moved where the first one is moved by 1:
/// min(1, ‖F^0‖/‖F^r‖) for the coefficient of a term of size ‖F^r‖, so that no term moves
/// the weights further than the pseudo-gradient would; 1 for what is no such coefficient.
fn strides(sizes: &[f64], n: usize) -> Vec<f64> {
    // A term that is smaller than the first, or silent, is not given longer steps.
    let stride = |r: usize| match (sizes.first(), sizes.get(r)) {
        (Some(first), Some(size)) if *first > 0.0 && size > first && size.is_finite() => {
            first / size
        }
        _ => 1.0,
    };
    (0..n).map(stride).collect()
}

/// A number of N(0, 1), by Box and Muller's transform. It goes through `libm`, so that it
/// has the same bits on every machine.
fn standard_normal(rng: &mut ChaCha8Rng) -> f64 {
    // In (0, 1], where the logarithm is finite.
    let u = 1.0 - rng.random::<f64>();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    libm::sqrt(-2.0 * libm::log(u)) * libm::cos(angle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, stream};

    /// What an episode with given parameters comes to.
    pub(super) type Task<'a> = dyn Fn(&[f64]) -> Evidence + 'a;

    pub(super) fn evidence(loss: f64, gradient: &[f64]) -> Evidence {
        Evidence {
            finite: loss.is_finite(),
            loss,
            cross_entropy: loss,
            gradient: gradient.to_vec(),
            hessian: Vec::new(),
        }
    }

    /// Carries out one ask and its tell on tasks with the given losses, and returns the
    /// parameters that were asked for.
    pub(super) fn step(
        optimiser: &mut dyn Outer,
        theta: &mut [f64],
        rng: &mut ChaCha8Rng,
        tasks: &[&Task<'_>],
    ) -> Vec<Vec<f64>> {
        let asked = optimiser.ask(theta, rng);
        let found: Vec<Vec<Evidence>> = asked
            .iter()
            .map(|parameters| tasks.iter().map(|task| task(parameters)).collect())
            .collect();
        let told: Vec<Evaluated<'_>> = asked
            .iter()
            .zip(&found)
            .map(|(parameters, episodes)| Evaluated {
                parameters,
                episodes: episodes.iter().collect(),
            })
            .collect();
        optimiser.tell(theta, &told);
        asked
    }

    #[test]
    fn means_leave_out_what_diverged_and_keep_the_bits_of_one_episode() {
        let (a, b) = (evidence(2.0, &[0.1, -0.0]), evidence(4.0, &[0.3, 1.0]));
        let lost = evidence(f64::NAN, &[f64::NAN, 1.0]);
        let told = |episodes| Evaluated {
            parameters: &[],
            episodes,
        };
        let two = told(vec![&a, &lost, &b]);
        assert_eq!((two.diverged(), two.mean(|e| e.loss)), (1, Some(3.0)));
        assert_eq!(two.gradient(), Some(vec![(0.1 + 0.3) / 2.0, 0.5]));
        let one = told(vec![&lost, &a]).gradient().unwrap();
        assert!(one[0] == 0.1 && one[1].is_sign_negative(), "{one:?}");
        assert_eq!(told(vec![&lost]).gradient(), None);
        // A lower loss does not make up for an episode that was lost.
        let better = told(vec![&b, &b]).compare(&told(vec![&a, &lost]));
        assert_eq!(better, Ordering::Less);
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let rng = &mut stream(1, 2, 3, Purpose::Outer);
        let numbers: Vec<f64> = (0..20_000).map(|_| standard_normal(rng)).collect();
        let moment = |k| numbers.iter().map(|x| x.powi(k)).sum::<f64>() / 2e4;
        // Standard errors: 0.007, 0.01 and, with a variance of 96, 0.07.
        assert!(moment(1).abs() < 0.03, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.04, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.3, "{}", moment(4));
    }

    #[test]
    fn no_parameter_moves_further_than_the_first_and_none_of_a_smaller_term_either() {
        assert_eq!(
            strides(&[2.0, 8.0, 0.1, 0.0], 5),
            [1.0, 0.25, 1.0, 1.0, 1.0]
        );
        assert_eq!(strides(&[0.0, 8.0], 2), [1.0, 1.0]);
    }
}
