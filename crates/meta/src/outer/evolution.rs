use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Adam, Evaluated, Outer, standard_normal, strides};

/// An evolution strategy with antithetic pairs (Salimans et al. 2017, "Evolution
/// Strategies as a Scalable Alternative to Reinforcement Learning", Algorithm 1 and
/// section 2.1), which needs losses alone.
///
/// Around θ, m pairs θ ± σ d ⊙ ε_k are evaluated, all on the same tasks; ε_k ~ N(0, I),
/// and d are the strides of the terms, min(1, ‖F^0‖/‖F^r‖). Losses are replaced by their
/// ranks u from −½ (lowest) to ½ (highest), so that neither their scale nor an episode that
/// blows up counts for more than its place. Then, in units of d,
///
/// g = 1/(2mσ) Σ_k (u_k⁺ − u_k⁻) ε_k,
///
/// and θ takes a step of [`Adam`] along it. What diverged ranks last; if nothing is better
/// than anything else, as where all diverged, θ is left as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evolution {
    adam: Adam,
    sigma: f64,
    pairs: usize,
    /// d, once the terms are measured.
    strides: Option<Vec<f64>>,
}

impl Evolution {
    /// For `n` parameters with the step size η, the width σ, and `population` evaluations a
    /// step, an even number.
    pub fn new(eta: f64, sigma: f64, population: usize, n: usize) -> Self {
        Evolution {
            adam: Adam::new(eta, n),
            sigma,
            pairs: population / 2,
            strides: None,
        }
    }

    /// θ, from the pairs around it; none if there is no pair.
    pub(super) fn middle(told: &[Evaluated<'_>]) -> Option<Vec<f64>> {
        let [one, other, ..] = told else {
            return None;
        };
        let pair = one.parameters.iter().zip(other.parameters);
        Some(pair.map(|(a, b)| f64::midpoint(*a, *b)).collect())
    }

    fn stride(&self, r: usize) -> f64 {
        self.strides.as_ref().map_or(1.0, |strides| strides[r])
    }
}

impl Outer for Evolution {
    fn fits(&self, n: usize) -> bool {
        let strides = self.strides.as_ref();
        self.adam.fits(n) && self.pairs > 0 && strides.is_none_or(|strides| strides.len() == n)
    }

    fn wants_sizes(&self) -> bool {
        self.strides.is_none()
    }

    fn measure(&mut self, sizes: &[f64]) {
        self.strides = Some(strides(sizes, self.adam.len()));
    }

    fn ask(&self, theta: &[f64], rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let mut asked = Vec::with_capacity(2 * self.pairs);
        for _ in 0..self.pairs {
            let away: Vec<f64> = (0..theta.len())
                .map(|r| self.sigma * self.stride(r) * standard_normal(rng))
                .collect();
            asked.push(theta.iter().zip(&away).map(|(t, a)| t + a).collect());
            asked.push(theta.iter().zip(&away).map(|(t, a)| t - a).collect());
        }
        asked
    }

    fn tell(&mut self, theta: &mut [f64], told: &[Evaluated<'_>]) {
        assert!(told.len() == 2 * self.pairs, "as many as were asked for");
        let ranks = ranks(told);
        let mut slope = vec![0.0; theta.len()];
        for (pair, ranks) in told.chunks_exact(2).zip(ranks.chunks_exact(2)) {
            for (r, slope) in slope.iter_mut().enumerate() {
                let width = 2.0 * self.sigma * self.stride(r);
                let epsilon = (pair[0].parameters[r] - pair[1].parameters[r]) / width;
                *slope += (ranks[0] - ranks[1]) * epsilon;
            }
        }
        if slope.iter().all(|slope| *slope == 0.0) {
            return;
        }
        let scale = 1.0 / (told.len() as f64 * self.sigma);
        slope.iter_mut().for_each(|slope| *slope *= scale);
        let mut moved = vec![0.0; theta.len()];
        self.adam.step(&mut moved, &slope);
        for (r, (theta, moved)) in theta.iter_mut().zip(moved).enumerate() {
            *theta += self.stride(r) * moved;
        }
    }
}

/// The place of each from −½, the best, to ½, the worst; what is equally good shares the
/// mean of its places.
fn ranks(told: &[Evaluated<'_>]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..told.len()).collect();
    order.sort_by(|a, b| told[*a].compare(&told[*b]));
    let mut ranks = vec![0.0; told.len()];
    for equal in order.chunk_by(|a, b| told[*a].compare(&told[*b]).is_eq()) {
        let before = order.iter().position(|i| *i == equal[0]).unwrap_or(0);
        let middle = before as f64 + 0.5 * (equal.len() - 1) as f64;
        for i in equal {
            ranks[*i] = middle / (told.len() - 1) as f64 - 0.5;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::super::tests::{evidence, step};
    use super::*;
    use crate::{Purpose, stream};

    /// With its lowest value at (0.3, −0.2).
    fn bowl(theta: &[f64]) -> f64 {
        (theta[0] - 0.3).powi(2) + 4.0 * (theta[1] + 0.2).powi(2)
    }

    fn evolution() -> Evolution {
        let mut evolution = Evolution::new(0.02, 0.05, 8, 2);
        assert!(evolution.wants_sizes());
        evolution.measure(&[1.0, 2.0]);
        evolution
    }

    /// θ after so many steps.
    fn learned(steps: u64, loss: &dyn Fn(&[f64]) -> f64) -> Vec<f64> {
        let (mut evolution, mut theta) = (evolution(), vec![0.0, 0.0]);
        for number in 0..steps {
            let rng = &mut stream(0, 0, number, Purpose::Outer);
            let task = |theta: &[f64]| evidence(loss(theta), &[]);
            step(&mut evolution, &mut theta, rng, &[&task]);
        }
        theta
    }

    #[test]
    fn pairs_lie_opposite_each_other_in_proportion_to_the_size_of_the_terms() {
        let theta = [0.1, 0.2];
        let rng = &mut stream(0, 0, 0, Purpose::Outer);
        let asked = evolution().ask(&theta, rng);
        assert_eq!(asked.len(), 8);
        let mut squares = [0.0; 2];
        for pair in asked.chunks(2) {
            for r in 0..2 {
                assert!((pair[0][r] + pair[1][r] - 2.0 * theta[r]).abs() < 1e-15);
                squares[r] += (pair[0][r] - theta[r]).powi(2);
            }
        }
        assert!(squares[1] < squares[0], "half as wide: {squares:?}");
    }

    #[test]
    fn it_goes_down_to_the_lowest_loss() {
        let found = learned(120, &bowl);
        assert!(bowl(&found) < 0.02 * bowl(&[0.0, 0.0]), "{found:?}");
    }

    #[test]
    fn only_the_order_of_losses_counts() {
        let stretched = |theta: &[f64]| bowl(theta).powi(3).exp();
        assert_eq!(learned(20, &bowl), learned(20, &stretched));
    }

    #[test]
    fn what_diverges_is_worse_than_anything_and_if_all_does_nothing_moves() {
        let cliff = |theta: &[f64]| {
            if theta[0] > 0.1 {
                f64::INFINITY
            } else {
                bowl(theta)
            }
        };
        let found = learned(120, &cliff);
        assert!(found[0] < 0.12 && found[1] < -0.15, "{found:?}");
        assert_eq!(learned(5, &|_| f64::NAN), [0.0, 0.0]);
    }

    #[test]
    fn equal_losses_share_a_rank() {
        let all = [1.0, 0.5, 1.0, f64::NAN].map(|loss| evidence(loss, &[]));
        let told: Vec<Evaluated<'_>> = all
            .iter()
            .map(|evidence| Evaluated {
                parameters: &[],
                episodes: vec![evidence],
            })
            .collect();
        assert_eq!(ranks(&told), [0.0, -0.5, 0.0, 0.5]);
    }
}
