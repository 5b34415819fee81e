//! Softmax and its logarithm over each row.

use lanes::{self, Fused, dispatch, max};

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// Writes e^(x − max x) to `y` and returns max x and the sum of `y`: the largest
/// exponent is 0, so nothing overflows however large the logits are.
#[inline(always)]
pub(crate) fn shifted_exponentials<T: Real>(fused: Fused, x: &[T], y: &mut [T]) -> (T, T) {
    let top = x.iter().skip(1).fold(x[0], |top, x| max(top, *x));
    for (y, x) in y.iter_mut().zip(x) {
        *y = (*x - top).exp(fused);
    }
    (top, lanes::sum(y))
}

/// yᵢ = e^xᵢ / Σⱼ e^xⱼ over each row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Softmax;

impl Operation for Softmax {
    const NAMES: &'static [&'static str] = &["softmax"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        let cols = x.shape.cols;
        dispatch(
            #[inline(always)]
            move |fused| {
                for (x, y) in x.data.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
                    let (_, total) = shifted_exponentials(fused, x, y);
                    let share = T::ONE / total;
                    for y in y {
                        *y = *y * share;
                    }
                }
            },
        );
    }

    /// x̄ = y ⊙ ȳ − (Σⱼ yⱼ ȳⱼ)·y.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dy) = (cx.output(), cx.adjoint());
        cx.give(0, |g| through_softmax(g, y, dy));
    }

    /// ẏ = y ⊙ ẋ − (Σⱼ yⱼ ẋⱼ)·y: the derivative is symmetric.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        cx.take(0, |g, dx| through_softmax(g, y, dx));
    }
}

/// y ⊙ v − (Σⱼ yⱼ vⱼ)·y, row by row: the derivative of softmax, where its value is y,
/// applied to v from either side.
fn through_softmax<A: Algebra>(g: &mut A, y: A::Value, v: A::Value) -> A::Value {
    let yv = g.mul(y, v);
    let total = g.row_sum(yv);
    let mean = g.row_scale(total, y);
    g.sub(yv, mean)
}

/// yᵢ = xᵢ − ln Σⱼ e^xⱼ over each row, the logarithm as that of 1 and the rest, so that the
/// largest logit's share of nearly 1 keeps its digits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogSoftmax;

impl Operation for LogSoftmax {
    const NAMES: &'static [&'static str] = &["log_softmax"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        let cols = x.shape.cols;
        dispatch(
            #[inline(always)]
            move |fused| {
                for (x, y) in x.data.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
                    let (top, _) = shifted_exponentials(fused, x, y);
                    if let Some(largest) = x.iter().position(|x| *x == top) {
                        y[largest] = T::ZERO;
                    }
                    let log_total = lanes::sum(y).ln_1p();
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = (*x - top) - log_total;
                    }
                }
            },
        );
    }

    /// x̄ = ȳ − (Σⱼ ȳⱼ)·softmax x.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dy) = (cx.output(), cx.adjoint());
        cx.give(0, |g| {
            let share = g.exp(y);
            let total = g.row_sum(dy);
            let spread = g.row_scale(total, share);
            g.sub(dy, spread)
        });
    }

    /// ẏ = ẋ − Σⱼ softmax(x)ⱼ ẋⱼ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        cx.take(0, |g, dx| {
            let share = g.exp(y);
            let weighted = g.mul(share, dx);
            let mean = g.row_sum(weighted);
            let cols = g.shape(dx).cols;
            let mean = g.row_fill(mean, cols);
            g.sub(dx, mean)
        });
    }
}

/// # Softmax
impl<T: Real> Tape<T> {
    /// e^xᵢ / Σⱼ e^xⱼ over each row; finite however large the logits are.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1e4, 1e4]);
    /// let y = tape.softmax(x);
    /// assert_eq!(tape.value(y), [0.5, 0.5]);
    /// ```
    #[track_caller]
    pub fn softmax(&mut self, x: Var) -> Var {
        self.record(Softmax.into(), &[x])
    }

    /// xᵢ − ln Σⱼ e^xⱼ over each row; finite however large the logits are.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[40.0, 0.0]);
    /// let y = tape.log_softmax(x);
    /// // −ln(1 + e^−40), which is less than the digits of 1 can tell.
    /// assert!((tape.value(y)[0] / -4.248354255291589e-18 - 1.0).abs() < 1e-12);
    /// ```
    #[track_caller]
    pub fn log_softmax(&mut self, x: Var) -> Var {
        self.record(LogSoftmax.into(), &[x])
    }
}
