//! The logistic function and the hyperbolic tangent, element by element.

use super::{Operation, map};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::{Real, Tape, Var};

/// y = 1/(1 + e^−x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sigmoid;

impl Operation for Sigmoid {
    const NAME: &'static str = "sigmoid";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, |x| {
            // e^−|x| never overflows; σ(x) = 1 − σ(−x) serves the other side.
            let small = (-x.abs()).exp();
            let tail = small / (T::ONE + small);
            if x > T::ZERO {
                T::ONE / (T::ONE + small)
            } else {
                tail
            }
        });
    }

    /// x̄ = ȳ ⊙ y ⊙ (1 − y).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dy) = (cx.output(), cx.adjoint());
        cx.give(0, |g| {
            let slope = {
                let rest = g.affine(y, -1.0, 1.0);
                g.mul(y, rest)
            };
            g.mul(dy, slope)
        });
    }

    /// ẏ = ẋ ⊙ y ⊙ (1 − y).
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        cx.take(0, |g, dx| {
            let slope = {
                let rest = g.affine(y, -1.0, 1.0);
                g.mul(y, rest)
            };
            g.mul(dx, slope)
        });
    }
}

/// y = tanh x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tanh;

impl Operation for Tanh {
    const NAME: &'static str = "tanh";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, T::tanh);
    }

    /// x̄ = ȳ ⊙ (1 − y²).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dy) = (cx.output(), cx.adjoint());
        cx.give(0, |g| {
            let slope = {
                let square = g.mul(y, y);
                g.affine(square, -1.0, 1.0)
            };
            g.mul(dy, slope)
        });
    }

    /// ẏ = ẋ ⊙ (1 − y²).
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        cx.take(0, |g, dx| {
            let slope = {
                let square = g.mul(y, y);
                g.affine(square, -1.0, 1.0)
            };
            g.mul(dx, slope)
        });
    }
}

/// # Sigmoids
impl<T: Real> Tape<T> {
    /// 1/(1 + e^−x), element by element.
    #[track_caller]
    pub fn sigmoid(&mut self, x: Var) -> Var {
        self.record(Sigmoid.into(), &[x])
    }

    /// tanh x, element by element.
    #[track_caller]
    pub fn tanh(&mut self, x: Var) -> Var {
        self.record(Tanh.into(), &[x])
    }
}
