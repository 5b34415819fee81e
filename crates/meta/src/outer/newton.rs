use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::eigen::Eigen;
use super::{Evaluated, Outer, strides};

/// Newton's method within a trust region (Nocedal & Wright, Numerical Optimization, 2nd
/// ed., Algorithm 4.1 and section 4.3), on the mean loss of a batch of tasks.
///
/// A step takes two evaluations of each task of its batch:
///
/// 1. **A model.** Loss, gradient and Hessian at θ, averaged over the batch, make
///    q(s) = gᵀs + ½ sᵀHs. The step s is its lowest point within ‖s ⊘ d‖ ≤ Δ, where d are
///    the strides of the terms, min(1, ‖F^0‖/‖F^r‖): in units of d it is −(H + μ)⁻¹g with
///    the least μ ≥ 0 at which H + μ has no negative eigenvalue and the step is no longer
///    than Δ (Theorem 4.1).
/// 2. **A check.** The same tasks at θ + s tell how much of the promised fall came true,
///    ρ = (L(θ) − L(θ + s))/(−q(s)) (Eq. 4.4). The step is taken if ρ > 0.1; Δ becomes a
///    quarter of the step below ρ = ¼, and doubles above ¾ if the step was Δ long.
///
/// Each batch has a model of its own: means over past ones, gradients carried along by the
/// curvature, were tried and led astray, since the curvature of single tasks changes its
/// sign within a step. What averages tasks is the batch.
///
/// An episode that diverged counts nothing in the model. If all did, θ goes back to where
/// the last step came from, with a quarter of Δ. A step at which a task diverges that did
/// not before is not taken.
///
/// The model knows no kink: λ‖Θ‖₁ has a Hessian of 0, and its slope at 0 is taken as 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newton {
    /// Δ, in units of d.
    radius: f64,
    /// d, once the terms are measured.
    strides: Option<Vec<f64>>,
    /// θ before the last step that was taken.
    before: Vec<f64>,
    /// The step to be checked, if that comes next.
    proposal: Option<Proposal>,
}

/// A step that is to be checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Proposal {
    /// s; zeros if there is none to be checked.
    step: Vec<f64>,
    /// The loss of each task before it; none where it diverged.
    losses: Vec<Option<f64>>,
    /// −q(s), by how much the mean loss is to fall.
    fall: f64,
    /// ‖s ⊘ d‖.
    length: f64,
}

/// What ρ has to be for a step to be taken.
const TAKEN: f64 = 0.1;

impl Newton {
    /// For parameters that start from `theta`, with the first radius Δ.
    pub fn new(radius: f64, theta: &[f64]) -> Self {
        Newton {
            radius,
            strides: None,
            before: theta.to_vec(),
            proposal: None,
        }
    }

    fn stride(&self, r: usize) -> f64 {
        self.strides.as_ref().map_or(1.0, |strides| strides[r])
    }

    /// The step that the model of a batch tells, to be checked.
    fn model(&mut self, theta: &mut [f64], told: &Evaluated<'_>) -> Proposal {
        let n = theta.len();
        let losses = told.episodes.iter().map(|e| e.finite.then_some(e.loss));
        let mut proposal = Proposal {
            step: vec![0.0; n],
            losses: losses.collect(),
            fall: 0.0,
            length: 0.0,
        };
        let (Some(gradient), Some(hessian)) = (told.gradient(), told.hessian()) else {
            theta.copy_from_slice(&self.before);
            self.radius *= 0.25;
            return proposal;
        };
        proposal.step = self.lowest(&gradient, &hessian);
        let d = |r: usize| proposal.step[r] / self.stride(r);
        proposal.length = (0..n).map(|r| d(r) * d(r)).sum::<f64>().sqrt();
        proposal.fall = fall(&gradient, &hessian, &proposal.step);
        proposal
    }

    /// The lowest point of the model within the radius.
    fn lowest(&self, gradient: &[f64], hessian: &[f64]) -> Vec<f64> {
        let n = gradient.len();
        // In units of d.
        let hessian: Vec<f64> = (0..n * n)
            .map(|i| hessian[i] * self.stride(i / n) * self.stride(i % n))
            .collect();
        let down: Vec<f64> = (0..n).map(|r| -gradient[r] * self.stride(r)).collect();
        let eigen = Eigen::of(&hessian, n);
        let along = eigen.coordinates(&down);
        let length = |mu: f64| {
            let square = |(x, value): (&f64, &f64)| {
                let x = if *x == 0.0 { 0.0 } else { x / (value + mu) };
                x * x
            };
            along
                .iter()
                .zip(&eigen.values)
                .map(square)
                .sum::<f64>()
                .sqrt()
        };
        let lowest = eigen.values.iter().copied().fold(f64::INFINITY, f64::min);
        let mut mu = 0.0;
        if lowest <= 0.0 || length(0.0) > self.radius {
            // The length falls with μ from −lowest on; where ‖down‖/(lowest + μ) is the
            // radius, it is no longer than that.
            let slope = along.iter().map(|x| x * x).sum::<f64>().sqrt();
            let (mut low, mut high) = ((-lowest).max(0.0), slope / self.radius - lowest);
            for _ in 0..200 {
                mu = 0.5 * (low + high);
                if mu <= low || mu >= high {
                    break;
                }
                if length(mu) > self.radius {
                    low = mu;
                } else {
                    high = mu;
                }
            }
            mu = high;
        }
        let solve = |value: f64| {
            let curvature = value + mu;
            if curvature > 0.0 {
                1.0 / curvature
            } else {
                0.0
            }
        };
        let step = eigen.apply(solve, &down);
        (0..n).map(|r| step[r] * self.stride(r)).collect()
    }

    /// Takes the step, or not, and sets the radius for the next.
    fn check(&mut self, theta: &mut [f64], proposal: &Proposal, told: &Evaluated<'_>) {
        let pairs = proposal.losses.iter().zip(&told.episodes);
        let before: Vec<(f64, f64)> = pairs
            .filter_map(|(loss, now)| {
                let now = if now.finite { now.loss } else { f64::INFINITY };
                loss.map(|loss| (loss, now))
            })
            .collect();
        if before.is_empty() || proposal.fall <= 0.0 {
            return;
        }
        let fall: f64 = before.iter().map(|(before, now)| before - now).sum();
        let rho = fall / before.len() as f64 / proposal.fall;
        let at_the_edge = proposal.length > 0.99 * self.radius;
        if rho < 0.25 {
            self.radius = 0.25 * proposal.length;
        } else if rho > 0.75 && at_the_edge {
            self.radius *= 2.0;
        }
        if rho > TAKEN {
            self.before.copy_from_slice(theta);
            for (theta, step) in theta.iter_mut().zip(&proposal.step) {
                *theta += step;
            }
        }
    }
}

impl Outer for Newton {
    fn fits(&self, n: usize) -> bool {
        let strides = self.strides.as_ref();
        let proposal = self.proposal.as_ref();
        self.before.len() == n
            && strides.is_none_or(|strides| strides.len() == n)
            && proposal.is_none_or(|proposal| proposal.step.len() == n)
    }

    fn wants_sizes(&self) -> bool {
        self.strides.is_none()
    }

    fn measure(&mut self, sizes: &[f64]) {
        self.strides = Some(strides(sizes, self.before.len()));
    }

    fn ask(&self, theta: &[f64], _rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let step = self.proposal.as_ref().map(|proposal| &proposal.step);
        let at = |r: usize| theta[r] + step.map_or(0.0, |step| step[r]);
        vec![(0..theta.len()).map(at).collect()]
    }

    fn tell(&mut self, theta: &mut [f64], told: &[Evaluated<'_>]) {
        assert!(told.len() == 1, "one evaluation was asked for");
        match self.proposal.take() {
            None => self.proposal = Some(self.model(theta, &told[0])),
            Some(proposal) => self.check(theta, &proposal, &told[0]),
        }
    }
}

/// A square matrix times a vector.
fn times(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    let dot = |row: &[f64]| row.iter().zip(x).map(|(a, x)| a * x).sum();
    matrix.chunks_exact(x.len()).map(dot).collect()
}

/// −(gᵀs + ½ sᵀHs).
fn fall(gradient: &[f64], hessian: &[f64], step: &[f64]) -> f64 {
    let bent = times(hessian, step);
    let parts = step.iter().zip(gradient).zip(&bent);
    -parts.map(|((s, g), b)| s * (g + 0.5 * b)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::Evidence;
    use super::super::tests::{Task, step};
    use super::*;
    use crate::{Purpose, stream};

    /// ½ (θ − c)ᵀH(θ − c) with all its derivatives.
    fn quadratic(theta: &[f64], centre: [f64; 2], h: [f64; 4]) -> Evidence {
        let off = [theta[0] - centre[0], theta[1] - centre[1]];
        let gradient = times(&h, &off);
        let loss = 0.5 * (off[0] * gradient[0] + off[1] * gradient[1]);
        Evidence {
            finite: true,
            loss,
            cross_entropy: loss,
            gradient,
            hessian: h.to_vec(),
        }
    }

    /// Rosenbrock's valley, (1 − x)² + 100 (y − x²)².
    fn rosenbrock(theta: &[f64]) -> Evidence {
        let (x, y) = (theta[0], theta[1]);
        let loss = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        Evidence {
            finite: true,
            loss,
            cross_entropy: loss,
            gradient: vec![
                2.0 * (x - 1.0) - 400.0 * x * (y - x * x),
                200.0 * (y - x * x),
            ],
            hessian: vec![
                2.0 - 400.0 * (y - 3.0 * x * x),
                -400.0 * x,
                -400.0 * x,
                200.0,
            ],
        }
    }

    fn learned(newton: &mut Newton, theta: &mut [f64], steps: usize, tasks: &[&Task<'_>]) {
        for _ in 0..2 * steps {
            step(newton, theta, &mut stream(0, 0, 0, Purpose::Outer), tasks);
        }
    }

    #[test]
    fn a_bowl_is_left_at_its_lowest_point_as_soon_as_the_radius_allows() {
        let task = |theta: &[f64]| quadratic(theta, [3.0, -1.0], [2.0, 0.5, 0.5, 1.0]);
        let (mut newton, mut theta) = (Newton::new(10.0, &[0.0; 2]), [0.0, 0.0]);
        newton.measure(&[1.0, 1.0]);
        learned(&mut newton, &mut theta, 1, &[&task]);
        assert!((theta[0] - 3.0).abs() < 1e-12 && (theta[1] + 1.0).abs() < 1e-12);
        // From 1/8 on the radius doubles: 1/8 + 1/4 + … + 4 is more than the way.
        let (mut newton, mut theta) = (Newton::new(0.125, &[0.0; 2]), [0.0, 0.0]);
        newton.measure(&[1.0, 1.0]);
        learned(&mut newton, &mut theta, 1, &[&task]);
        assert!((theta[0].hypot(theta[1]) - 0.125).abs() < 1e-12);
        learned(&mut newton, &mut theta, 6, &[&task]);
        assert!((theta[0] - 3.0).abs() < 1e-9, "{theta:?}");
    }

    #[test]
    fn it_follows_a_curved_valley_to_its_end() {
        let start = [-1.2, 1.0];
        let (mut newton, mut theta) = (Newton::new(0.5, &start), start);
        newton.measure(&[1.0, 1.0]);
        learned(&mut newton, &mut theta, 60, &[&rosenbrock]);
        assert!(rosenbrock(&theta).loss < 1e-6, "{theta:?}");
    }

    #[test]
    fn it_leaves_a_saddle_downhill() {
        let task = |theta: &[f64]| quadratic(theta, [0.0, 0.0], [1.0, 0.0, 0.0, -1.0]);
        let (mut newton, mut theta) = (Newton::new(0.5, &[1.0, 0.01]), [1.0, 0.01]);
        newton.measure(&[1.0, 1.0]);
        learned(&mut newton, &mut theta, 3, &[&task]);
        assert!(theta[1] > 0.5 && task(&theta).loss < -0.1, "{theta:?}");
    }

    #[test]
    fn the_model_is_the_mean_of_the_tasks_of_a_batch() {
        let one = |theta: &[f64]| quadratic(theta, [3.0, 0.0], [1.0, 0.0, 0.0, 1.0]);
        let other = |theta: &[f64]| quadratic(theta, [0.0, 2.0], [3.0, 0.0, 0.0, 1.0]);
        let (mut newton, mut theta) = (Newton::new(10.0, &[0.0; 2]), [0.0, 0.0]);
        newton.measure(&[1.0, 1.0]);
        learned(&mut newton, &mut theta, 1, &[&one, &other]);
        // (1·3 + 3·0)/(1 + 3) and (0 + 2)/2.
        assert!((theta[0] - 0.75).abs() < 1e-12 && (theta[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_step_into_divergence_is_not_taken_and_a_diverged_model_goes_back() {
        let cliff = |theta: &[f64]| {
            let mut evidence = quadratic(theta, [3.0, 0.0], [1.0, 0.0, 0.0, 1.0]);
            evidence.finite = theta[0] < 1.0;
            evidence
        };
        let (mut newton, mut theta) = (Newton::new(2.0, &[0.0; 2]), [0.0, 0.0]);
        newton.measure(&[1.0, 1.0]);
        learned(&mut newton, &mut theta, 1, &[&cliff]);
        assert_eq!((theta, newton.radius), ([0.0, 0.0], 0.5));
        learned(&mut newton, &mut theta, 1, &[&cliff]);
        assert!((theta[0] - 0.5).abs() < 1e-9);
        let lost = |theta: &[f64]| Evidence {
            finite: false,
            ..cliff(theta)
        };
        learned(&mut newton, &mut theta, 1, &[&lost]);
        assert_eq!(theta, [0.0, 0.0]);
    }
}
