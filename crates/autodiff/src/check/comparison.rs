//! The same derivative by three ways, side by side.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{GradientCheck, Order, Subject, size_of_inputs};
use crate::{Shape, Tape, Var};

/// A directional derivative of a function, by three ways.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// By the reverse sweep: the gradient times the direction.
    pub reverse: f64,
    /// By the forward sweep along the direction.
    pub forward: f64,
    /// By five-point differences, as pairs (step, derivative), the largest step first.
    pub differences: Vec<(f64, f64)>,
}

impl Comparison {
    /// The step at which the differences come closest to the two sweeps, and what they
    /// give there. A larger step errs by what the function bends, a smaller one by the
    /// digits that the subtraction loses.
    pub fn best(&self) -> (f64, f64) {
        let middle = 0.5 * (self.reverse + self.forward);
        let off = |(_, d): &(f64, f64)| (d - middle).abs();
        let finite = self.differences.iter().filter(|(_, d)| d.is_finite());
        finite
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .copied()
            .unwrap_or((f64::NAN, f64::NAN))
    }

    /// |forward − reverse| relative to the larger of both.
    pub fn forward_error(&self) -> f64 {
        relative(self.forward, self.reverse)
    }

    /// |differences − reverse| at the best step, relative to the larger of both.
    pub fn difference_error(&self) -> f64 {
        relative(self.best().1, self.reverse)
    }
}

/// |a − b| / max(|a|, |b|), 0 for two zeros.
fn relative(a: f64, b: f64) -> f64 {
    if a == b {
        0.0
    } else {
        (a - b).abs() / a.abs().max(b.abs())
    }
}

impl GradientCheck {
    /// The derivative of `function` at `inputs` in the first of the check's random
    /// directions, at order 1, or at order 2 that of its gradient, by three ways, with
    /// differences at steps 10^−½, 10^−1, …, 10^−12 times max(1, largest input).
    ///
    /// # Panics
    /// As [`GradientCheck::run`].
    pub fn compare(
        &self,
        inputs: &[(Shape, Vec<f64>)],
        function: impl Fn(&mut Tape<f64>, &[Var]) -> Var,
    ) -> Comparison {
        let order = match self.order {
            Order::First => 1,
            Order::Second => 2,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let subject = Subject::new(inputs, &function, &mut rng);
        let size = size_of_inputs(inputs);
        let step = |half: i32| size * 10_f64.powf(-0.5 * f64::from(half));
        Comparison {
            reverse: subject.reverse(order),
            forward: subject.forward(order),
            differences: (1..=24)
                .map(|half| (step(half), subject.finite_difference(order, step(half))))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_agree_and_differences_are_best_in_between() {
        let inputs = [(Shape::vector(3), vec![0.3, -1.2, 0.7])];
        for order in [Order::First, Order::Second] {
            let check = GradientCheck {
                order,
                ..GradientCheck::default()
            };
            let found = check.compare(&inputs, |t, x| t.softplus(x[0], 3.0));
            // Rounding of a few operations.
            assert!(found.forward_error() < 1e-14, "{found:?}");
            // Five points at the best step lose about four of sixteen digits.
            assert!(found.difference_error() < 1e-10, "{found:?}");
            let (step, _) = found.best();
            assert!((1e-6..0.1).contains(&step), "{step}");
        }
    }

    #[test]
    fn a_constant_has_derivative_zero_by_all_ways_without_a_division_by_zero() {
        let inputs = [(Shape::SCALAR, vec![2.0])];
        let check = GradientCheck {
            order: Order::First,
            ..GradientCheck::default()
        };
        let found = check.compare(&inputs, |t, x| t.sub(x[0], x[0]));
        assert_eq!((found.reverse, found.forward), (0.0, 0.0));
        assert_eq!(found.forward_error(), 0.0);
        assert_eq!(found.difference_error(), 0.0);
    }
}
