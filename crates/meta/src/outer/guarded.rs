use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Adam, Evaluated, Outer, strides};
use crate::Penalty;

/// Adam for rules whose terms differ in size by orders of magnitude, and some of which
/// can blow up. It differs from plain Adam in six ways:
///
/// 1. **Steps in proportion to the terms.** The step of θ_r is
///    η · min(1, ‖F^0‖/‖F^r‖), with the sizes of the terms measured in the trial's first
///    episode: no coefficient moves further than one of the pseudo-gradient's size
///    would, judged by what the step does to the weights.
/// 2. **Clipped gradients, soon forgotten.** Each derivative is cut to 1.5 times its root
///    mean square so far, or 1.5 λ_r if that is more, and β₂ is 0.97 instead of 0.999.
///    Near an instability derivatives grow by ten orders of magnitude, and with a v̂ that
///    lets them in, and remembers a thousand episodes, their coefficients would not move
///    again. Without λ_r in it, a small first derivative would keep all later ones below
///    what it takes to leave 0.
/// 3. **Proximal L1 on terms of one size.** Adam's step is taken on all but the penalty,
///    then every θ_r is drawn towards 0 by its step size times
///    λ_r = λ₁ · max(1, ‖F^r‖/‖F^0‖) and stops there, so that zeros are exact zeros (in
///    Adam's metric, as the step itself). As a lasso on standardised columns, it weighs a
///    coefficient by what it does to the weights, where λ₁ Σ |θ_r| all but spares a term a
///    thousand times as large as the first.
/// 4. **Evidence.** A coefficient of 0 stays there until its mean gradient m̂ is above λ_r
///    by a standard error: most of ten terms are of no use, and without this each of
///    them would take a random walk that the others have to make up for. The first
///    gradient alone is no evidence.
/// 5. **Rejected steps.** An episode that diverged, or whose cross-entropy is more than
///    half again that of guessing, moves θ nowhere: the step that led there is taken
///    back, momentum is dropped, and the trust radius, a factor of all steps, halved. It
///    grows again by 3 % an episode, to 1 at most.
/// 6. **A way back.** θ with the lowest smoothed cross-entropy so far is kept. At the
///    third rejection within twenty episodes, or if the smoothed cross-entropy comes to
///    lie 0.4 above the lowest, the trial returns there, likewise with half the radius.
///    What was lowest was lucky then, and counts as half the difference higher.
///
/// Of a batch, the mean gradient and the mean cross-entropy count; a single episode of it
/// that diverged rejects the step, since what is wanted is a θ at which none does.
///
/// For a rule with one term and no penalty that never comes near a divergence only the
/// second can make a difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guarded {
    adam: Adam,
    /// min(1, ‖F^0‖/‖F^r‖), once the terms are measured.
    strides: Option<Vec<f64>>,
    /// λ₁ of λ₁ Σ |θ_r|.
    l1: f64,
    /// The cross-entropy above which an episode is rejected.
    limit: f64,
    /// The trust radius, at most 1.
    radius: f64,
    /// θ of the last episode that was not rejected.
    good: Vec<f64>,
    /// The cross-entropy, smoothed over about ten episodes; none before the first.
    smoothed: Option<f64>,
    /// The lowest `smoothed`, and θ there.
    best: Option<(f64, Vec<f64>)>,
    /// Episodes seen.
    episodes: u64,
    /// When episodes were rejected, of the last [`MEMORY`].
    rejected: Vec<u64>,
    /// How many parameters, the first ones, are penalised: the coefficients θ.
    penalised: usize,
}

/// Derivatives are cut to so many times their root mean square, or λ_r.
const CLIP: f64 = 1.5;
/// The largest cross-entropy that passes, in units of that of guessing.
const LIMIT: f64 = 1.5;
/// What the radius grows by in an episode.
const GROWTH: f64 = 1.03;
/// The smallest radius.
const SMALLEST: f64 = 1.0 / 8.0;
/// How far the smoothed cross-entropy may lie above its lowest: about ln 1.5, a right
/// answer two thirds as likely.
const SETBACK: f64 = 0.4;
/// How much of a setback is put down to luck before it.
const LUCK: f64 = 0.5;
/// β₂ of Adam.
const BETA2: f64 = 0.97;
/// A coefficient leaves 0 if its mean gradient is so many standard errors above λ_r.
const EVIDENCE: f64 = 1.0;
/// So many rejections within so many episodes are too many.
const TOO_MANY: usize = 3;
const MEMORY: u64 = 20;

/// What it sees of an episode, or of a batch of them.
struct Seen<'a> {
    finite: bool,
    cross_entropy: f64,
    gradient: &'a [f64],
    /// How many of them, the first ones, are penalised.
    penalised: usize,
}

impl Guarded {
    /// For coefficients `theta` with the step size η, a penalty, and a network of so many
    /// outputs.
    pub fn new(eta: f64, theta: &[f64], penalty: Penalty, outputs: usize) -> Self {
        let mut adam = Adam::new(eta, theta.len());
        adam.beta2 = BETA2;
        Guarded {
            adam,
            strides: None,
            l1: penalty.weights().0,
            limit: LIMIT * libm::log(outputs as f64),
            radius: 1.0,
            good: theta.to_vec(),
            smoothed: None,
            best: None,
            episodes: 0,
            rejected: Vec::new(),
            penalised: theta.len(),
        }
    }

    /// The same, with a penalty on the first few parameters alone.
    pub(crate) fn penalising(self, penalised: usize) -> Self {
        Guarded { penalised, ..self }
    }

    /// Moves θ after an episode.
    fn learn(&mut self, theta: &mut [f64], seen: &Seen<'_>) {
        assert!(theta.len() == self.good.len() && seen.gradient.len() == self.good.len());
        self.episodes += 1;
        if !seen.finite || seen.cross_entropy > self.limit {
            self.rejected.push(self.episodes);
            let oldest = self.episodes.saturating_sub(MEMORY);
            self.rejected.retain(|episode| *episode > oldest);
            if self.rejected.len() >= TOO_MANY {
                self.return_to_best(theta);
            } else {
                theta.copy_from_slice(&self.good);
                self.slow_down();
            }
            return;
        }
        if self.has_set_back(theta, seen.cross_entropy) {
            return self.return_to_best(theta);
        }
        self.good.copy_from_slice(theta);
        self.radius = (self.radius * GROWTH).min(1.0);
        self.step(theta, seen);
    }

    /// Whether the smoothed cross-entropy, with that of an episode with `theta`, is far
    /// above its lowest.
    fn has_set_back(&mut self, theta: &[f64], cross_entropy: f64) -> bool {
        let smoothed = self
            .smoothed
            .map_or(cross_entropy, |before| 0.9 * before + 0.1 * cross_entropy);
        self.smoothed = Some(smoothed);
        match &mut self.best {
            Some((lowest, _)) if smoothed > *lowest => smoothed > *lowest + SETBACK,
            best => {
                *best = Some((smoothed, theta.to_vec()));
                false
            }
        }
    }

    fn step(&mut self, theta: &mut [f64], seen: &Seen<'_>) {
        // What is no coefficient of W is not penalised.
        let penalised = |r: usize, l1: f64| if r < seen.penalised { l1 } else { 0.0 };
        let new = self.adam.is_new();
        let smooth: Vec<f64> = theta
            .iter()
            .zip(seen.gradient)
            .enumerate()
            .map(|(r, (theta, slope))| {
                let slope = slope - penalised(r, self.l1) * sign(*theta);
                if new {
                    return slope;
                }
                let most = CLIP * self.adam.moments(r).1.max(penalised(r, self.l1_of(r)));
                slope.clamp(-most, most)
            })
            .collect();
        self.adam.remember(&smooth);
        let error = EVIDENCE * self.adam.standard_error();
        for (r, theta) in theta.iter_mut().enumerate() {
            let (mean, size) = self.adam.moments(r);
            let l1 = penalised(r, self.l1_of(r));
            if *theta == 0.0 && mean.abs() <= l1 + error * size {
                continue;
            }
            let step = self.adam.eta * self.stride(r) * self.radius / size;
            *theta = shrunk(*theta - step * mean, step * l1);
        }
    }

    /// min(1, ‖F^0‖/‖F^r‖), 1 before the terms are measured.
    fn stride(&self, r: usize) -> f64 {
        self.strides.as_ref().map_or(1.0, |strides| strides[r])
    }

    /// λ_r = λ₁ · max(1, ‖F^r‖/‖F^0‖).
    fn l1_of(&self, r: usize) -> f64 {
        self.l1 / self.stride(r)
    }

    fn return_to_best(&mut self, theta: &mut [f64]) {
        if let (Some((lowest, best)), Some(smoothed)) = (&mut self.best, &mut self.smoothed) {
            theta.copy_from_slice(best);
            *lowest += LUCK * (*smoothed - *lowest);
            *smoothed = *lowest;
        } else {
            theta.copy_from_slice(&self.good);
        }
        self.rejected.clear();
        self.slow_down();
    }

    fn slow_down(&mut self) {
        self.radius = (self.radius / 2.0).max(SMALLEST);
        self.adam.stop();
    }
}

impl Outer for Guarded {
    fn fits(&self, n: usize) -> bool {
        let best = self.best.as_ref().is_none_or(|(_, theta)| theta.len() == n);
        let strides = self
            .strides
            .as_ref()
            .is_none_or(|strides| strides.len() == n);
        self.adam.fits(n) && strides && self.good.len() == n && best
    }

    fn wants_sizes(&self) -> bool {
        self.strides.is_none()
    }

    fn measure(&mut self, sizes: &[f64]) {
        self.strides = Some(strides(sizes, self.good.len()));
    }

    fn ask(&self, theta: &[f64], _rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        vec![theta.to_vec()]
    }

    fn tell(&mut self, theta: &mut [f64], told: &[Evaluated<'_>]) {
        assert!(told.len() == 1, "one evaluation was asked for");
        let gradient = told[0].gradient();
        let seen = Seen {
            finite: told[0].diverged() == 0,
            cross_entropy: told[0].mean(|e| e.cross_entropy).unwrap_or(f64::NAN),
            gradient: &gradient.unwrap_or_else(|| vec![0.0; theta.len()]),
            penalised: self.penalised,
        };
        self.learn(theta, &seen);
    }
}

/// The slope of |x|, 0 at 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// `x` brought towards 0 by `by`, and no further.
fn shrunk(x: f64, by: f64) -> f64 {
    if x.abs() > by { x - by * sign(x) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{evidence, step};
    use super::*;
    use crate::{Purpose, stream};

    /// For three terms, of which the second is four times as large as the first.
    fn guarded(theta: &[f64], lambda: f64) -> Guarded {
        let mut guarded = Guarded::new(1e-3, theta, Penalty::l1(lambda), 47);
        assert!(guarded.wants_sizes());
        guarded.measure(&[2.0, 8.0, 0.1]);
        guarded
    }

    fn seen(cross_entropy: f64, gradient: &[f64]) -> Seen<'_> {
        Seen {
            finite: cross_entropy.is_finite(),
            cross_entropy,
            gradient,
            penalised: gradient.len(),
        }
    }

    #[test]
    fn one_diverged_episode_of_a_batch_rejects_its_step() {
        let rng = &mut stream(0, 0, 0, Purpose::Outer);
        let fine = |_: &[f64]| evidence(3.0, &[1.0; 3]);
        let lost = |_: &[f64]| evidence(f64::NAN, &[f64::NAN; 3]);
        let mut theta = [0.1, 0.2, 0.3];
        let start = theta;
        let mut guarded = guarded(&theta, 0.0);
        step(&mut guarded, &mut theta, rng, &[&fine, &fine]);
        assert_ne!(theta, start);
        step(&mut guarded, &mut theta, rng, &[&fine, &lost]);
        assert_eq!((theta, guarded.radius), (start, 0.5));
    }

    #[test]
    fn steps_are_adams_in_proportion_to_the_size_of_the_terms() {
        let (mut theta, mut plain) = ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]);
        let start = theta;
        let mut guarded = guarded(&theta, 0.0);
        let mut adam = Adam::new(1e-3, 3);
        let gradient = [3.0, -50.0, 1e-4];
        guarded.learn(&mut theta, &seen(3.0, &gradient));
        adam.step(&mut plain, &gradient);
        for (r, stride) in [1.0, 0.25, 1.0].into_iter().enumerate() {
            let (step, want) = (theta[r] - start[r], stride * (plain[r] - start[r]));
            assert!((step - want).abs() < 1e-15, "{r}: {step} {want}");
        }
    }

    #[test]
    fn a_coefficient_that_the_loss_does_not_want_becomes_exactly_zero_and_stays() {
        let mut theta = [0.1, 4e-3, -2e-3];
        let mut guarded = guarded(&theta, 0.5);
        // The penalty's slope of ±0.5 outweighs that of 0.1, and not that of 2.
        for _ in 0..60 {
            let slope = |theta: f64| 0.5 * sign(theta);
            let gradient = [
                -2.0 + slope(theta[0]),
                -0.1 + slope(theta[1]),
                0.1 + slope(theta[2]),
            ];
            guarded.learn(&mut theta, &seen(1.0, &gradient));
        }
        assert!(theta[0] > 0.1, "{theta:?}");
        assert_eq!(theta[1..], [0.0, 0.0]);
    }

    #[test]
    fn a_coefficient_leaves_zero_on_evidence_alone() {
        // Episode after episode the same, and to and fro.
        let mut theta = [0.1, 0.0, 0.0];
        let mut guarded = guarded(&theta, 0.5);
        guarded.learn(&mut theta, &seen(3.0, &[1.0, -4.0, 4.0]));
        assert_eq!(theta[1..], [0.0, 0.0], "one gradient is none");
        for episode in 0..100 {
            let noise = if episode % 2 == 0 { -4.0 } else { 4.0 };
            guarded.learn(&mut theta, &seen(3.0, &[1.0, -4.0, noise]));
        }
        assert!(theta[1] > 0.0 && theta[2] == 0.0, "{theta:?}");
    }

    #[test]
    fn what_the_penalty_outweighs_is_no_reason_to_leave_zero() {
        let mut theta = [0.1, 0.0, 0.0];
        let mut guarded = guarded(&theta, 0.5);
        for _ in 0..100 {
            guarded.learn(&mut theta, &seen(3.0, &[1.0, -0.4, 0.4]));
        }
        assert_eq!(theta[1..], [0.0, 0.0]);
    }

    #[test]
    fn a_small_first_gradient_does_not_lock_a_coefficient() {
        for first in [1.0, 0.1, 1e-3, 0.0] {
            let mut theta = [0.1, 0.0, 0.0];
            let mut guarded = guarded(&theta, 2.1);
            guarded.learn(&mut theta, &seen(3.0, &[1.0, 0.0, first]));
            let mut episodes = 0;
            while theta[2] == 0.0 {
                guarded.learn(&mut theta, &seen(3.0, &[1.0, 0.0, -10.0]));
                episodes += 1;
                // The mean of ten gradients is within a standard error of them all.
                assert!(episodes < 20, "still 0 after a first gradient of {first}");
            }
        }
    }

    #[test]
    fn a_term_four_times_as_large_takes_four_times_the_evidence() {
        // λ_r is 0.5 for the third term, and 2 for the second.
        let mut theta = [0.1, 0.0, 0.0];
        let mut guarded = guarded(&theta, 0.5);
        for _ in 0..100 {
            guarded.learn(&mut theta, &seen(3.0, &[1.0, -1.5, -1.5]));
        }
        assert!(theta[1] == 0.0 && theta[2] > 0.0, "{theta:?}");
    }

    #[test]
    fn what_is_not_penalised_is_not_drawn_to_zero() {
        let mut theta = [0.1, 0.1, 0.1];
        let mut guarded = guarded(&theta, 2.1);
        for _ in 0..300 {
            let few = Seen {
                penalised: 2,
                ..seen(3.0, &[2.1, 2.1, 0.0])
            };
            guarded.learn(&mut theta, &few);
        }
        assert_eq!((theta[0], theta[2]), (0.0, 0.1), "{theta:?}");
    }

    #[test]
    fn one_huge_gradient_does_not_stop_the_coefficient() {
        let mut theta = [0.0; 3];
        let mut guarded = guarded(&theta, 0.0);
        for episode in 0..40 {
            let size = if episode == 20 { 1e12 } else { 1.0 };
            guarded.learn(&mut theta, &seen(1.0, &[-size, -size, -size]));
        }
        // Forty steps of about η = 1e-3 each.
        assert!((0.038..0.045).contains(&theta[0]), "{theta:?}");
    }

    #[test]
    fn a_diverged_episode_takes_the_step_back_and_halves_the_next() {
        let mut theta = [0.1, 0.2, 0.3];
        let start = theta;
        let mut guarded = guarded(&theta, 0.0);
        guarded.learn(&mut theta, &seen(3.0, &[1.0; 3]));
        assert_ne!(theta, start);
        guarded.learn(&mut theta, &seen(f64::NAN, &[f64::NAN; 3]));
        assert_eq!(theta, start);
        // 1.5 ln 47 = 5.78: worse than guessing, though finite.
        guarded.learn(&mut theta, &seen(5.8, &[1.0; 3]));
        assert_eq!(theta, start);
        assert_eq!(guarded.radius, 0.25);
        for _ in 0..100 {
            guarded.learn(&mut theta, &seen(3.0, &[1.0; 3]));
        }
        assert_eq!(guarded.radius, 1.0);
    }

    #[test]
    fn what_does_not_come_right_goes_back_to_where_it_was_best() {
        let mut theta = [0.0; 3];
        let mut guarded = guarded(&theta, 0.0);
        for _ in 0..5 {
            guarded.learn(&mut theta, &seen(1.0, &[1.0; 3]));
        }
        let best = guarded.best.clone().map(|(_, theta)| theta);
        assert!(best.as_ref().is_some_and(|best| best[0] < 0.0));
        let mut back = guarded.clone();
        let mut episodes = 0;
        while Some(theta.to_vec()) != best {
            back.learn(&mut theta, &seen(3.0, &[1.0; 3]));
            episodes += 1;
            assert!(episodes < 10, "{episodes} bad episodes were not enough");
        }
        // Smoothed, two episodes of 3.0 come to 1.38, and three to 1.54.
        assert_eq!(episodes, 3);
        let lowest = back.best.map(|(lowest, _)| lowest);
        assert!(lowest.is_some_and(|lowest| (lowest - 1.271).abs() < 1e-9));
        // Three diverged episodes in a row do the same.
        let mut theta = [-1.0; 3];
        for _ in 0..3 {
            guarded.learn(&mut theta, &seen(f64::INFINITY, &[0.0; 3]));
        }
        assert_eq!(Some(theta.to_vec()), best);
    }
}
