//! |x| and its sign, with sign 0 at 0.

use super::{Operation, map};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// y = |x|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Abs;

impl Operation for Abs {
    const NAME: &'static str = "abs";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, T::abs);
    }

    /// x̄ = ȳ ⊙ sign x, so 0 where x = 0.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let slope = g.sign(x);
            g.mul(dy, slope)
        });
    }

    /// ẏ = ẋ ⊙ sign x.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let x = cx.input(0);
        cx.take(0, |g, dx| {
            let slope = g.sign(x);
            g.mul(dx, slope)
        });
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }
}

/// y = sign x: −1, 0 or 1; NaN for NaN. Its derivative is taken as 0 everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sign;

impl Operation for Sign {
    const NAME: &'static str = "sign";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, |x| {
            if x > T::ZERO {
                T::ONE
            } else if x < T::ZERO {
                -T::ONE
            } else {
                x * T::ZERO
            }
        });
    }

    /// x̄ = 0.
    fn reverse<A: Algebra>(&self, _: &mut Reverse<'_, A>) {}

    /// ẏ = 0.
    fn tangent<A: Algebra>(&self, _: &mut Tangent<'_, A>) {}

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }

    fn is_differentiable(&self) -> bool {
        false
    }
}

/// # Absolute value
impl<T: Real> Tape<T> {
    /// |x|, element by element, with derivative 0 at 0.
    #[track_caller]
    pub fn abs(&mut self, x: Var) -> Var {
        self.record(Abs.into(), &[x])
    }
}
