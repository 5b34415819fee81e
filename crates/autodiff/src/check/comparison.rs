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
    /// What was differentiated, where it was.
    pub value: f64,
}

impl Comparison {
    /// The step at which the differences can be trusted, and what they give there. A larger
    /// step errs by what the function bends, a smaller one by the digits that the
    /// subtraction loses; in between lies a plateau, where neighbouring steps agree. The
    /// step is where they do best, with ε|f|/step added for what a subtraction loses even
    /// if it comes out alike. The sweeps have no part in that: who chooses the step by the
    /// answer under test finds noise that happens to be near.
    pub fn plateau(&self) -> (f64, f64) {
        let unsure = |window: &[(f64, f64)]| {
            let (step, middle) = window[1];
            let off = |i: usize| (window[i].1 - middle).abs();
            let lost = f64::EPSILON * self.value.abs() / step;
            Some(off(0).max(off(2)) + lost).filter(|unsure| unsure.is_finite())
        };
        let windows = self.differences.windows(3);
        windows
            .filter(|window| window.iter().all(|(_, d)| d.is_finite()))
            .filter_map(|window| Some((unsure(window)?, window[1])))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map_or((f64::NAN, f64::NAN), |(_, found)| found)
    }

    /// |forward − reverse| relative to the larger of both.
    pub fn forward_error(&self) -> f64 {
        relative(self.forward, self.reverse)
    }

    /// |differences − reverse| on the plateau, relative to the larger of both.
    pub fn difference_error(&self) -> f64 {
        relative(self.plateau().1, self.reverse)
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
        self.compare_with(inputs, &function, &function)
    }

    /// As [`GradientCheck::compare`], with differences of `moved`. Where `function` takes
    /// some of what it computes as constants, its derivative is not that of its values:
    /// `moved` is the function with these held as they are at `inputs`.
    ///
    /// # Panics
    /// As [`GradientCheck::run`], and if the two have results of other shapes.
    pub fn compare_with(
        &self,
        inputs: &[(Shape, Vec<f64>)],
        function: impl Fn(&mut Tape<f64>, &[Var]) -> Var,
        moved: impl Fn(&mut Tape<f64>, &[Var]) -> Var,
    ) -> Comparison {
        let order = match self.order {
            Order::First => 1,
            Order::Second => 2,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let subject = Subject::new(inputs, &function, &mut rng);
        let moved = subject.with_function(&moved);
        let size = size_of_inputs(inputs);
        let step = |half: i32| size * 10_f64.powf(-0.5 * f64::from(half));
        Comparison {
            reverse: subject.reverse(order),
            forward: subject.forward(order),
            differences: (1..=24)
                .map(|half| (step(half), moved.finite_difference(order, step(half))))
                .collect(),
            value: moved.at(order, 0.0),
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
            let (step, _) = found.plateau();
            assert!((1e-6..0.1).contains(&step), "{step}");
        }
    }

    #[test]
    fn the_step_is_chosen_without_the_answer_under_test() {
        let inputs = [(Shape::vector(2), vec![0.4, -0.9])];
        let found = GradientCheck::default().compare(&inputs, |t, x| t.softplus(x[0], 3.0));
        let (step, right) = found.plateau();
        // A wrong sweep that noise at a tiny step happens to confirm.
        let (_, noise) = found.differences[found.differences.len() - 1];
        let wrong = Comparison {
            reverse: noise,
            forward: noise,
            ..found
        };
        assert_eq!(wrong.plateau(), (step, right));
        assert!(wrong.difference_error() > 0.0 && (noise - right).abs() > 1e-9);
    }

    #[test]
    fn steps_that_all_lose_every_digit_are_no_plateau() {
        // Below ε of the constant the function does not move at all.
        let inputs = [(Shape::SCALAR, vec![0.5])];
        let check = GradientCheck {
            order: Order::First,
            ..GradientCheck::default()
        };
        let found = check.compare(&inputs, |t, x| {
            let (large, small) = (t.constant_scalar(1e6), t.constant_scalar(1e-2));
            let y = t.mul(x[0], x[0]);
            let y = t.mul(y, small);
            t.add(y, large)
        });
        assert!(found.differences.iter().filter(|(_, d)| *d == 0.0).count() > 2);
        assert!(found.difference_error() < 1e-5, "{found:?}");
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
