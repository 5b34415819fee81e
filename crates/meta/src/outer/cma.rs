use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::eigen::Eigen;
use super::{Evaluated, Outer, standard_normal, strides};

/// CMA-ES: evolution with a normal distribution of parameters that adapts its width and
/// shape to what turned out well (Hansen, "The CMA Evolution Strategy: A Tutorial",
/// arXiv:1604.00772v1; equation numbers are its own). It needs losses alone, and of them
/// only the order.
///
/// It works on u = θ ⊘ d, where d are the strides of the terms, min(1, ‖F^0‖/‖F^r‖), and
/// starts from u ~ N(θ ⊘ d, σ² I). All of a generation are evaluated on the same tasks. θ
/// is the mean m of the distribution. What diverged is worse than anything; if all
/// diverged, nothing is learned but that σ is too large: it is halved.
///
/// It is written here since no library that was found can be asked and told, carries a
/// state that can be saved, and leaves the random numbers to its caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cma {
    /// λ, how many are evaluated in a generation.
    population: usize,
    /// σ, the overall width.
    sigma: f64,
    /// g, generations that were told.
    generation: u64,
    /// p_σ, how the mean moved of late, where C is taken out.
    path_of_width: Vec<f64>,
    /// p_c, how it moved of late.
    path_of_shape: Vec<f64>,
    /// C, row by row.
    covariance: Vec<f64>,
    /// d, once the terms are measured.
    strides: Option<Vec<f64>>,
}

/// The parameters of the strategy that follow from n and λ (Table 1).
struct Constants {
    /// w_1..w_λ: those of the better half are positive and have the sum 1.
    weights: Vec<f64>,
    /// μ_eff, the variance effective selection mass.
    mass: f64,
    c_sigma: f64,
    d_sigma: f64,
    c_c: f64,
    c_1: f64,
    c_mu: f64,
}

impl Constants {
    fn new(n: usize, population: usize) -> Self {
        let (dim, lambda, parents) = (n as f64, population as f64, population / 2);
        // Eq. 49.
        let raw: Vec<f64> = (1..=population)
            .map(|i| libm::log(0.5 * (lambda + 1.0)) - libm::log(i as f64))
            .collect();
        let sums = |of: &[f64]| {
            let (sum, squares) = of.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
            (
                sum,
                if squares > 0.0 {
                    sum * sum / squares
                } else {
                    0.0
                },
            )
        };
        let (good, mass) = sums(&raw[..parents]);
        let (bad, mass_of_bad) = sums(&raw[parents..]);
        // Eqs. 55 to 58, with α_cov = 2.
        let c_sigma = (mass + 2.0) / (dim + mass + 5.0);
        let excess = ((mass - 1.0).max(0.0) / (dim + 1.0)).sqrt() - 1.0;
        let d_sigma = 1.0 + 2.0 * excess.max(0.0) + c_sigma;
        let c_c = (4.0 + mass / dim) / (dim + 4.0 + 2.0 * mass / dim);
        let c_1 = 2.0 / ((dim + 1.3) * (dim + 1.3) + mass);
        let rank_mu = 2.0 * (mass - 2.0 + 1.0 / mass) / ((dim + 2.0) * (dim + 2.0) + mass);
        let c_mu = rank_mu.min(1.0 - c_1);
        // Eqs. 50 to 53: how much the worse half may count against its directions.
        let limits = [
            1.0 + c_1 / c_mu,
            1.0 + 2.0 * mass_of_bad / (mass + 2.0),
            (1.0 - c_1 - c_mu) / (dim * c_mu),
        ];
        let against = limits.into_iter().fold(f64::INFINITY, f64::min);
        let weights = raw
            .iter()
            .map(|w| {
                if *w >= 0.0 {
                    w / good
                } else {
                    -against * w / bad
                }
            })
            .collect();
        Constants {
            weights,
            mass,
            c_sigma,
            d_sigma,
            c_c,
            c_1,
            c_mu,
        }
    }
}

/// What the eigenvalues of C may fall to, in units of the largest: below it they are
/// rounding.
const SMALLEST: f64 = 1e-14;

impl Cma {
    /// For `n` parameters with the first width σ and `population` evaluations a generation,
    /// at least 4; the tutorial's own choice is 4 + ⌊3 ln n⌋ (Eq. 48).
    pub fn new(sigma: f64, population: usize, n: usize) -> Self {
        let mut covariance = vec![0.0; n * n];
        (0..n).for_each(|i| covariance[i * n + i] = 1.0);
        Cma {
            population,
            sigma,
            generation: 0,
            path_of_width: vec![0.0; n],
            path_of_shape: vec![0.0; n],
            covariance,
            strides: None,
        }
    }

    /// The mean that a generation moves to, Σ w_i x_{i:λ} over its better half: what
    /// [`Outer::tell`] arrives at, but for rounding. None if all diverged.
    pub(super) fn recombined(told: &[Evaluated<'_>]) -> Option<Vec<f64>> {
        let n = told.first()?.parameters.len();
        if all_lost(told) {
            return None;
        }
        let weights = Constants::new(n, told.len()).weights;
        let mut mean = vec![0.0; n];
        for (one, weight) in better_first(told).iter().zip(weights).take(told.len() / 2) {
            add(&mut mean, weight, one.parameters);
        }
        Some(mean)
    }

    /// How many parameters it is for.
    fn len(&self) -> usize {
        self.path_of_width.len()
    }

    fn stride(&self, r: usize) -> f64 {
        self.strides.as_ref().map_or(1.0, |strides| strides[r])
    }

    /// C as B D² Bᵀ, with D² in `values`.
    fn shape(&self) -> Eigen {
        let mut shape = Eigen::of(&self.covariance, self.len());
        let largest = shape.values.iter().copied().fold(0.0, f64::max);
        for value in &mut shape.values {
            *value = value.max(SMALLEST * largest);
        }
        shape
    }
}

impl Outer for Cma {
    fn fits(&self, n: usize) -> bool {
        let strides = self.strides.as_ref();
        self.population >= 4
            && self.len() == n
            && self.path_of_shape.len() == n
            && self.covariance.len() == n * n
            && strides.is_none_or(|strides| strides.len() == n)
    }

    fn wants_sizes(&self) -> bool {
        self.strides.is_none()
    }

    fn measure(&mut self, sizes: &[f64]) {
        self.strides = Some(strides(sizes, self.len()));
    }

    fn ask(&self, theta: &[f64], rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let shape = self.shape();
        (0..self.population)
            .map(|_| {
                // Eqs. 38 to 40; any root of C will do, and the symmetric one needs no
                // order of the eigenvectors.
                let z: Vec<f64> = theta.iter().map(|_| standard_normal(rng)).collect();
                let y = shape.apply(f64::sqrt, &z);
                let moved = |r: usize| theta[r] + self.sigma * self.stride(r) * y[r];
                (0..theta.len()).map(moved).collect()
            })
            .collect()
    }

    fn tell(&mut self, theta: &mut [f64], told: &[Evaluated<'_>]) {
        assert!(told.len() == self.population, "as many as were asked for");
        if all_lost(told) {
            self.sigma *= 0.5;
            return;
        }
        let n = self.len();
        let (k, shape) = (Constants::new(n, self.population), self.shape());
        let steps: Vec<Vec<f64>> = better_first(told)
            .iter()
            .map(|one| {
                let step = |r| (one.parameters[r] - theta[r]) / (self.sigma * self.stride(r));
                (0..n).map(step).collect()
            })
            .collect();
        // Eqs. 41 and 42, with c_m = 1.
        let parents = self.population / 2;
        let mut mean = vec![0.0; n];
        for (step, weight) in steps.iter().zip(&k.weights).take(parents) {
            add(&mut mean, *weight, step);
        }
        for (r, theta) in theta.iter_mut().enumerate() {
            *theta += self.sigma * self.stride(r) * mean[r];
        }
        // Eq. 43.
        let inverse_root = |value: f64| 1.0 / value.sqrt();
        scale(&mut self.path_of_width, 1.0 - k.c_sigma);
        let share = (k.c_sigma * (2.0 - k.c_sigma) * k.mass).sqrt();
        add(
            &mut self.path_of_width,
            share,
            &shape.apply(inverse_root, &mean),
        );
        // Eq. 44; E‖N(0, I)‖ by the first terms of its series.
        let dim = n as f64;
        let expected = dim.sqrt() * (1.0 - 1.0 / (4.0 * dim) + 1.0 / (21.0 * dim * dim));
        let length = square(&self.path_of_width).sqrt();
        self.generation += 1;
        let generations = i32::try_from(2 * self.generation).unwrap_or(i32::MAX);
        let settled = 1.0 - (1.0 - k.c_sigma).powi(generations);
        // Eq. 45, where h_σ keeps the path from growing while σ does.
        let growing = length / settled.sqrt() >= (1.4 + 2.0 / (dim + 1.0)) * expected;
        scale(&mut self.path_of_shape, 1.0 - k.c_c);
        if !growing {
            let share = (k.c_c * (2.0 - k.c_c) * k.mass).sqrt();
            add(&mut self.path_of_shape, share, &mean);
        }
        // Eqs. 46 and 47.
        let sum: f64 = k.weights.iter().sum();
        let instead = if growing { k.c_c * (2.0 - k.c_c) } else { 0.0 };
        scale(
            &mut self.covariance,
            1.0 + k.c_1 * instead - k.c_1 - k.c_mu * sum,
        );
        add_product(&mut self.covariance, k.c_1, &self.path_of_shape);
        for (step, weight) in steps.iter().zip(&k.weights) {
            let weight = if *weight >= 0.0 {
                *weight
            } else {
                let length = square(&shape.apply(inverse_root, step));
                if length > 0.0 {
                    weight * dim / length
                } else {
                    0.0
                }
            };
            add_product(&mut self.covariance, k.c_mu * weight, step);
        }
        let growth = k.c_sigma / k.d_sigma * (length / expected - 1.0);
        self.sigma = (self.sigma * libm::exp(growth)).max(f64::MIN_POSITIVE);
    }
}

/// Whether every episode diverged.
fn all_lost(told: &[Evaluated<'_>]) -> bool {
    told.iter().all(|one| one.diverged() == one.episodes.len())
}

/// What was evaluated, in the order of what came out.
fn better_first<'a, 'b>(told: &'a [Evaluated<'b>]) -> Vec<&'a Evaluated<'b>> {
    let mut order: Vec<&Evaluated<'_>> = told.iter().collect();
    order.sort_by(|a, b| a.compare(b));
    order
}

fn scale(x: &mut [f64], by: f64) {
    x.iter_mut().for_each(|x| *x *= by);
}

/// x ← x + s y.
fn add(x: &mut [f64], s: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += s * y);
}

/// C ← C + s x xᵀ.
fn add_product(c: &mut [f64], s: f64, x: &[f64]) {
    for (row, a) in c.chunks_exact_mut(x.len()).zip(x) {
        add(row, s * a, x);
    }
}

/// ‖x‖².
fn square(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{evidence, step};
    use super::*;
    use crate::{Purpose, stream};

    /// θ and the optimiser after so many generations from (0, …, 0), with σ = 0.1.
    fn learned(n: usize, generations: u64, loss: &dyn Fn(&[f64]) -> f64) -> (Vec<f64>, Cma) {
        let (mut cma, mut theta) = (Cma::new(0.1, 10, n), vec![0.0; n]);
        assert!(cma.wants_sizes());
        cma.measure(&vec![1.0; n]);
        for number in 0..generations {
            let rng = &mut stream(0, 0, number, Purpose::Outer);
            let task = |theta: &[f64]| evidence(loss(theta), &[]);
            step(&mut cma, &mut theta, rng, &[&task]);
        }
        (theta, cma)
    }

    /// Axes a thousand times as steep as others, and none along a coordinate.
    fn valley(theta: &[f64]) -> f64 {
        let along: f64 = theta.iter().map(|x| x - 1.0).sum();
        let size: f64 = theta.iter().map(|x| (x - 1.0).powi(2)).sum();
        size + 1e3 * along * along
    }

    #[test]
    fn the_constants_are_those_of_the_tutorial() {
        // Table 1 worked out for n = 3, λ = 7 with another program.
        let k = Constants::new(3, 7);
        let weights = [
            0.585_645_106_509_765_1,
            0.292_822_553_254_882_54,
            0.121_532_340_235_352_46,
            0.0,
            -0.424_126_941_843_174_1,
            -0.770_663_885_705_922_4,
            -1.063_656_696_984_255_6,
        ];
        let others = [
            (k.mass, 2.254_815_082_201_604_4),
            (k.c_1, 0.096_409_632_579_272_14),
            (k.c_mu, 0.051_243_087_013_586_15),
            (k.c_sigma, 0.414_909_001_098_061_6),
            (k.c_c, 0.558_801_322_886_018_9),
        ];
        let weights = k.weights.iter().copied().zip(weights);
        for (found, wanted) in weights.chain(others) {
            assert!((found - wanted).abs() < 1e-14, "{found} {wanted}");
        }
    }

    #[test]
    fn it_finds_the_floor_of_a_narrow_valley_that_no_coordinate_runs_along() {
        let (theta, cma) = learned(4, 250, &valley);
        assert!(valley(&theta) < 1e-8, "{theta:?}");
        // The distribution has taken on the shape of the valley.
        let values = cma.shape().values;
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!(high / low > 300.0, "{values:?}");
    }

    #[test]
    fn only_the_order_of_losses_counts() {
        let stretched = |theta: &[f64]| valley(theta).sqrt().atan();
        assert_eq!(learned(3, 15, &valley), learned(3, 15, &stretched));
    }

    #[test]
    fn one_parameter_is_enough() {
        let (theta, _) = learned(1, 40, &|theta| (theta[0] - 0.7).abs());
        assert!((theta[0] - 0.7).abs() < 1e-3, "{theta:?}");
    }

    #[test]
    fn what_diverges_is_worse_than_anything_and_if_all_does_the_width_is_halved() {
        let cliff = |theta: &[f64]| {
            if theta[0] > 0.1 {
                f64::NAN
            } else {
                valley(theta)
            }
        };
        let (theta, _) = learned(2, 80, &cliff);
        assert!((0.05..=0.1).contains(&theta[0]), "{theta:?}");
        let (theta, cma) = learned(2, 3, &|_| f64::INFINITY);
        assert_eq!((theta, cma.sigma), (vec![0.0, 0.0], 0.1 / 8.0));
    }

    #[test]
    fn a_large_term_is_looked_at_in_small_steps() {
        let mut cma = Cma::new(0.1, 10, 2);
        cma.measure(&[1.0, 100.0]);
        let asked = cma.ask(&[0.0, 0.0], &mut stream(0, 0, 0, Purpose::Outer));
        let width = |r: usize| asked.iter().map(|x| x[r].powi(2)).sum::<f64>().sqrt();
        assert!(width(1) < 0.03 * width(0), "{} {}", width(0), width(1));
    }
}
