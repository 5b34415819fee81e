use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Evaluated, Outer};

/// Adam (Kingma & Ba 2015) on the coefficients θ, with the defaults of the paper's code.
///
/// As an outer optimiser it takes a step with the mean of the batch's meta-gradients. An
/// episode that diverged is left out of it; if all did, θ is left as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// The step size η.
    pub eta: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// What keeps the quotient finite.
    pub epsilon: f64,
    /// Gradients in `square`.
    steps: i32,
    /// Gradients in `mean`.
    moving: i32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    /// For `n` coefficients, with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8.
    pub fn new(eta: f64, n: usize) -> Self {
        Adam {
            eta,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            steps: 0,
            moving: 0,
            mean: vec![0.0; n],
            square: vec![0.0; n],
        }
    }

    /// How many coefficients it is for.
    pub(super) fn len(&self) -> usize {
        self.mean.len()
    }

    /// θ ← θ − η·m̂/(√v̂ + ε) with the bias-corrected means m̂ of the gradient and v̂ of
    /// its square.
    ///
    /// # Panics
    /// If `theta` or `gradient` have another length than the optimiser was made for.
    pub fn step(&mut self, theta: &mut [f64], gradient: &[f64]) {
        assert!(theta.len() == self.mean.len() && gradient.len() == self.mean.len());
        self.remember(gradient);
        for (i, theta) in theta.iter_mut().enumerate() {
            let (mean, size) = self.moments(i);
            *theta -= self.eta * mean / size;
        }
    }

    /// Takes a gradient into the running means.
    pub(super) fn remember(&mut self, gradient: &[f64]) {
        self.steps += 1;
        self.moving += 1;
        for (i, g) in gradient.iter().enumerate() {
            self.mean[i] = self.beta1 * self.mean[i] + (1.0 - self.beta1) * g;
            self.square[i] = self.beta2 * self.square[i] + (1.0 - self.beta2) * g * g;
        }
    }

    /// m̂ and √v̂ + ε of coefficient `i`, after at least one gradient.
    pub(super) fn moments(&self, i: usize) -> (f64, f64) {
        let correct1 = 1.0 - self.beta1.powi(self.moving);
        let correct2 = 1.0 - self.beta2.powi(self.steps);
        let size = (self.square[i] / correct2).sqrt() + self.epsilon;
        (self.mean[i] / correct1, size)
    }

    /// What part of √v̂ the standard error of m̂ is, for gradients that are independent
    /// and mostly noise: the root of the sum of squares of the weights in m̂, 1 for one
    /// gradient and √((1 − β₁)/(1 + β₁)) for many.
    pub(super) fn standard_error(&self) -> f64 {
        let (beta, old) = (self.beta1, self.beta1.powi(self.moving));
        ((1.0 - beta) / (1.0 + beta) * (1.0 + old) / (1.0 - old)).sqrt()
    }

    /// Whether no gradient was seen yet.
    pub(super) fn is_new(&self) -> bool {
        self.steps == 0
    }

    /// Forgets in which direction the gradients pointed, not how large they were.
    pub(super) fn stop(&mut self) {
        self.moving = 0;
        self.mean.fill(0.0);
    }
}

impl Outer for Adam {
    fn fits(&self, n: usize) -> bool {
        self.mean.len() == n && self.square.len() == n
    }

    fn ask(&self, theta: &[f64], _rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        vec![theta.to_vec()]
    }

    fn tell(&mut self, theta: &mut [f64], told: &[Evaluated<'_>]) {
        assert!(told.len() == 1, "one evaluation was asked for");
        if let Some(gradient) = told[0].gradient() {
            self.step(theta, &gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{evidence, step};
    use super::*;
    use crate::{Purpose, stream};

    #[test]
    fn a_batch_moves_as_its_mean_gradient_and_a_diverged_episode_is_not_in_it() {
        let (mut theta, mut plain) = ([0.1, 0.2], [0.1, 0.2]);
        let (mut batch, mut adam) = (Adam::new(1e-3, 2), Adam::new(1e-3, 2));
        let first = |_: &[f64]| evidence(1.0, &[1.0, -3.0]);
        let second = |_: &[f64]| evidence(1.0, &[3.0, 1.0]);
        let lost = |_: &[f64]| evidence(f64::NAN, &[f64::NAN, 0.0]);
        let rng = &mut stream(0, 0, 0, Purpose::Outer);
        step(&mut batch, &mut theta, rng, &[&first, &lost, &second]);
        adam.step(&mut plain, &[2.0, -1.0]);
        assert_eq!((theta, &batch), (plain, &adam));
        step(&mut batch, &mut theta, rng, &[&lost, &lost]);
        assert_eq!((theta, &batch), (plain, &adam));
    }

    #[test]
    fn the_first_step_is_eta_whatever_the_gradients_size() {
        let mut adam = Adam::new(1e-3, 3);
        let mut theta = [0.0, 0.0, 5.0];
        adam.step(&mut theta, &[2.0, -1e-3, 0.0]);
        assert!((theta[0] + 1e-3).abs() < 1e-9 && (theta[1] - 1e-3).abs() < 1e-7);
        assert_eq!(theta[2], 5.0);
    }

    #[test]
    fn it_follows_the_published_recursion() {
        // Two steps worked out by hand from the paper's Algorithm 1.
        let mut adam = Adam::new(0.1, 1);
        let mut theta = [1.0];
        adam.step(&mut theta, &[1.0]);
        adam.step(&mut theta, &[3.0]);
        let m = (0.9 * 0.1 * 1.0 + 0.1 * 3.0) / (1.0 - 0.81);
        let v = (0.999 * 0.001 + 0.001 * 9.0) / (1.0 - 0.999_f64 * 0.999);
        let want = (1.0 - 0.1 / (1.0 + 1e-8)) - 0.1 * m / (f64::sqrt(v) + 1e-8);
        assert!((theta[0] - want).abs() < 1e-12, "{} {want}", theta[0]);
    }
}
