//! Checks derivatives against finite differences, in random directions.
//!
//! A function is projected on one random direction of its output and moved along one
//! random direction of its inputs, so that every entry of every derivative takes part
//! in each comparison. Reverse mode, forward mode and central differences have to
//! agree; at order 2 the gradient takes the place of the function.

mod cases;
mod comparison;
mod culprit;
#[cfg(test)]
pub(crate) mod planted;

pub use cases::{CaseFunction, OperationCase, Point, operation_cases};
pub use comparison::Comparison;

use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::{Shape, Tape, Var};

/// Up to which derivative to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Gradients.
    First,
    /// Gradients, and Hessians times vectors.
    Second,
}

/// What to check, and how strictly.
#[derive(Clone, Copy, Debug)]
pub struct GradientCheck {
    /// Up to which derivative.
    pub order: Order,
    /// How many random directions.
    pub directions: usize,
    /// Half the distance of the outer points of the finite differences, in units of
    /// max(1, largest input).
    pub step: f64,
    /// The largest accepted |a − b| / max(1, |a|, |b|).
    pub tolerance: f64,
    /// Seed of the directions.
    pub seed: u64,
}

impl Default for GradientCheck {
    /// Order 2, three directions. With five points the differences err by about
    /// step⁴·f⁽⁵⁾/30, 3e-10 for a softplus with β = 10, and by ε/step, 2e-13, through
    /// rounding; the tolerance leaves room for functions that bend more.
    fn default() -> Self {
        GradientCheck {
            order: Order::Second,
            directions: 3,
            step: 1e-3,
            tolerance: 1e-7,
            seed: 1,
        }
    }
}

/// Two ways to the same derivative that disagree.
#[derive(Clone, Debug)]
pub struct CheckFailure {
    /// 1 for a gradient, 2 for a Hessian times a vector.
    pub order: u8,
    /// What was compared with finite differences: "reverse mode" or "forward mode".
    pub mode: &'static str,
    /// Number of the random direction, from 0.
    pub direction: usize,
    /// The directional derivative by that mode.
    pub found: f64,
    /// The directional derivative by finite differences.
    pub expected: f64,
    /// |found − expected| / max(1, |found|, |expected|).
    pub error: f64,
    /// The operation whose own rule is wrong, if one by itself can be blamed.
    pub operation: Option<&'static str>,
}

impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of order {} in direction {} gives {:e}, finite differences {:e} (error {:.1e})",
            self.mode, self.order, self.direction, self.found, self.expected, self.error
        )?;
        match self.operation {
            Some(name) => write!(f, ": the rule of `{name}` is wrong"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CheckFailure {}

/// The largest errors a check found, all within its tolerance.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckReport {
    /// Reverse mode against finite differences, by order (index 0 is order 1).
    pub reverse: [f64; 2],
    /// Forward mode against finite differences, by order.
    pub forward: [f64; 2],
}

impl GradientCheck {
    /// Checks the derivatives of `function` at `inputs`, given as shapes and numbers
    /// row by row. The function may return a value of any shape.
    ///
    /// # Errors
    /// The first disagreement past the tolerance.
    ///
    /// # Panics
    /// If an input does not fit its shape, or `function` panics.
    pub fn run(
        &self,
        inputs: &[(Shape, Vec<f64>)],
        function: impl Fn(&mut Tape<f64>, &[Var]) -> Var,
    ) -> Result<CheckReport, CheckFailure> {
        let mut report = CheckReport::default();
        for direction in 0..self.directions {
            self.along(direction, inputs, &function, &mut report)
                .map_err(|mut failure| {
                    let mut tape = Tape::new();
                    let x: Vec<Var> = inputs.iter().map(|(s, x)| tape.variable(*s, x)).collect();
                    function(&mut tape, &x);
                    failure.operation = culprit::find(self, &tape);
                    failure
                })?;
        }
        Ok(report)
    }

    /// Checks along one of the random directions, without looking for who is to blame.
    fn along(
        &self,
        direction: usize,
        inputs: &[(Shape, Vec<f64>)],
        function: &impl Fn(&mut Tape<f64>, &[Var]) -> Var,
        report: &mut CheckReport,
    ) -> Result<(), CheckFailure> {
        let step = self.step * size_of_inputs(inputs);
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(direction as u64);
        let subject = Subject::new(inputs, function, &mut rng);
        let last = if self.order == Order::First { 1 } else { 2 };
        for order in 1..=last {
            let expected = subject.finite_difference(order, step);
            let modes = [
                ("reverse mode", subject.reverse(order), &mut report.reverse),
                ("forward mode", subject.forward(order), &mut report.forward),
            ];
            for (mode, found, worst) in modes {
                let scale = found.abs().max(expected.abs()).max(1.0);
                let error = (found - expected).abs() / scale;
                if error.is_nan() || error > self.tolerance {
                    return Err(CheckFailure {
                        order,
                        mode,
                        direction,
                        found,
                        expected,
                        error,
                        operation: None,
                    });
                }
                let worst = &mut worst[usize::from(order) - 1];
                *worst = worst.max(error);
            }
        }
        Ok(())
    }
}

/// A function with its random directions: u and v among the inputs, c in the output.
struct Subject<'a, F> {
    inputs: &'a [(Shape, Vec<f64>)],
    function: &'a F,
    u: Vec<Vec<f64>>,
    v: Vec<Vec<f64>>,
    c: Vec<f64>,
}

impl<'a, F: Fn(&mut Tape<f64>, &[Var]) -> Var> Subject<'a, F> {
    fn new(inputs: &'a [(Shape, Vec<f64>)], function: &'a F, rng: &mut ChaCha8Rng) -> Self {
        let mut direction = |n: usize| -> Vec<f64> { (0..n).map(|_| uniform(rng)).collect() };
        let u = inputs.iter().map(|(_, x)| direction(x.len())).collect();
        let v = inputs.iter().map(|(_, x)| direction(x.len())).collect();
        let mut tape = Tape::new();
        let x: Vec<Var> = inputs.iter().map(|(s, x)| tape.variable(*s, x)).collect();
        let y = function(&mut tape, &x);
        let c = direction(tape.shape_of(y).len());
        Subject {
            inputs,
            function,
            u,
            v,
            c,
        }
    }

    /// Another function of the same inputs, along the same directions.
    fn with_function<'b, G>(&'b self, function: &'b G) -> Subject<'b, G> {
        Subject {
            inputs: self.inputs,
            function,
            u: self.u.clone(),
            v: self.v.clone(),
            c: self.c.clone(),
        }
    }

    /// The projected function at x + h·v, on a fresh tape.
    fn record(&self, h: f64) -> (Tape<f64>, Vec<Var>, Var) {
        let mut tape = Tape::new();
        let x: Vec<Var> = self
            .inputs
            .iter()
            .zip(&self.v)
            .map(|((shape, x), v)| {
                let moved: Vec<f64> = x.iter().zip(v).map(|(x, v)| x + h * v).collect();
                tape.variable(*shape, &moved)
            })
            .collect();
        let y = (self.function)(&mut tape, &x);
        // A variable, so that its zeros are not taken as structural.
        let c = tape.variable(tape.shape_of(y), &self.c);
        let projected = tape.dot(y, c);
        (tape, x, projected)
    }

    /// The value at order 1, the gradient times u at order 2, at x + h·v.
    fn at(&self, order: u8, h: f64) -> f64 {
        let (mut tape, x, y) = self.record(h);
        if order == 1 {
            return tape.scalar(y);
        }
        let gradient = tape.gradient(y, &x);
        self.u
            .iter()
            .enumerate()
            .map(|(i, u)| inner(gradient.of(i), u))
            .sum()
    }

    /// The derivative along v by five-point differences.
    fn finite_difference(&self, order: u8, h: f64) -> f64 {
        let slope = |h: f64| (self.at(order, h) - self.at(order, -h)) / (2.0 * h);
        (4.0 * slope(h / 2.0) - slope(h)) / 3.0
    }

    fn reverse(&self, order: u8) -> f64 {
        let (mut tape, x, y) = self.record(0.0);
        let (gradient, along) = if order == 1 {
            (tape.gradient(y, &x), &self.v)
        } else {
            let v: Vec<&[f64]> = self.v.iter().map(Vec::as_slice).collect();
            (tape.hessian_vector(y, &x, &v), &self.u)
        };
        along
            .iter()
            .enumerate()
            .map(|(i, v)| inner(gradient.of(i), v))
            .sum()
    }

    /// At order 2: forward mode through the recorded gradient.
    fn forward(&self, order: u8) -> f64 {
        let (mut tape, x, y) = self.record(0.0);
        let along: Vec<(Var, &[f64])> = x
            .iter()
            .zip(&self.v)
            .map(|(x, v)| (*x, v.as_slice()))
            .collect();
        if order == 1 {
            return tape.tangent(&[y], &along)[0][0];
        }
        let gradient = tape.gradient_taped(y, &x);
        let tangents = tape.tangent(&gradient, &along);
        self.u.iter().zip(&tangents).map(|(u, t)| inner(u, t)).sum()
    }
}

/// max(1, largest input).
fn size_of_inputs(inputs: &[(Shape, Vec<f64>)]) -> f64 {
    let numbers = inputs.iter().flat_map(|(_, x)| x);
    numbers.fold(1.0, |s: f64, x| s.max(x.abs()))
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Uniform on [−1, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
