//! Outer optimisers: what a trial does with the meta-gradient of an episode.
//!
//! The paper's is plain Adam ([`Adam`]). It is not safe for every rule: its first step
//! moves every coefficient by η whatever the size of its term, and a step into a region
//! where learning diverges has no gradient that leads out again. [`Guarded`] is Adam
//! with what it takes to get all ten terms through.

mod adam;
mod guarded;

pub use adam::Adam;
pub use guarded::Guarded;

use serde::{Deserialize, Serialize};

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
}

/// The outer optimiser of a trial, with what it remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Optimiser {
    /// Plain Adam.
    Adam(Adam),
    /// Adam with a guard.
    Guarded(Guarded),
}

/// What an optimiser sees of an episode.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Whether every number is finite.
    pub finite: bool,
    /// The mean cross-entropy on the query images.
    pub cross_entropy: f64,
    /// dL_meta/dθ, with the penalty.
    pub gradient: &'a [f64],
    /// How many of them, the first ones, are penalised: the coefficients θ.
    pub penalised: usize,
}

impl Optimiser {
    /// Whether it is for `n` coefficients.
    pub fn fits(&self, n: usize) -> bool {
        match self {
            Optimiser::Adam(adam) => adam.fits(n),
            Optimiser::Guarded(guarded) => guarded.fits(n),
        }
    }

    /// Whether it has yet to be told how large the rule's terms are, see
    /// [`Guarded::measure`].
    pub fn wants_sizes(&self) -> bool {
        matches!(self, Optimiser::Guarded(guarded) if guarded.wants_sizes())
    }

    /// Takes in the sizes of the terms, if it has a use for them.
    ///
    /// # Panics
    /// As [`Guarded::measure`].
    pub fn measure(&mut self, sizes: &[f64]) {
        if let Optimiser::Guarded(guarded) = self {
            guarded.measure(sizes);
        }
    }

    /// Moves θ after an episode. Plain Adam leaves it as it is if the episode diverged.
    ///
    /// # Panics
    /// If `theta` or the gradient have another length than the optimiser was made for.
    pub fn learn(&mut self, theta: &mut [f64], seen: &Evidence<'_>) {
        match self {
            Optimiser::Adam(adam) if seen.finite => adam.step(theta, seen.gradient),
            Optimiser::Adam(_) => {}
            Optimiser::Guarded(guarded) => guarded.learn(theta, seen),
        }
    }
}
