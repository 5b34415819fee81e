//! softplus_β and its slope as a function of its value (PAPER Eq. 1, with β = 10).

use super::{Operation, map};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::real::max;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// y = ln(1 + e^βx)/β, computed as max(x, 0) + ln(1 + e^−|βx|)/β, which stays finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Softplus {
    pub(crate) beta: f64,
}

impl Operation for Softplus {
    const NAME: &'static str = "softplus";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (beta, per_beta) = (T::from_f64(self.beta), T::from_f64(1.0 / self.beta));
        map(x.get(0).data, y, |x| {
            let tail = (-(beta * x).abs()).exp().ln_1p_unit();
            tail.mul_add(per_beta, max(x, T::ZERO))
        });
    }

    /// x̄ = ȳ ⊙ (1 − e^−βy).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dy) = (cx.output(), cx.adjoint());
        cx.give(0, |g| g.gate(dy, y, self.beta));
    }

    /// ẏ = ẋ ⊙ (1 − e^−βy).
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        cx.take(0, |g, dx| g.gate(dx, y, self.beta));
    }
}

/// s = 1 − e^−βy: the derivative of softplus_β where its value is y (PAPER Eq. 2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SoftplusSlope {
    pub(crate) beta: f64,
}

impl Operation for SoftplusSlope {
    const NAME: &'static str = "softplus_slope";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let minus_beta = T::from_f64(-self.beta);
        map(x.get(0).data, y, |y| -(minus_beta * y).exp_m1());
    }

    /// ȳ = s̄ ⊙ β(1 − s).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (s, ds) = (cx.output(), cx.adjoint());
        cx.give(0, |g| {
            let slope = g.affine(s, -self.beta, self.beta);
            g.mul(ds, slope)
        });
    }

    /// ṡ = ẏ ⊙ β(1 − s).
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let s = cx.output();
        cx.take(0, |g, dy| {
            let slope = g.affine(s, -self.beta, self.beta);
            g.mul(dy, slope)
        });
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }
}

/// # Softplus
impl<T: Real> Tape<T> {
    /// ln(1 + e^βx)/β, element by element; exact and finite however large |βx| is.
    #[track_caller]
    pub fn softplus(&mut self, x: Var, beta: f64) -> Var {
        self.record(Softplus { beta }.into(), &[x])
    }

    /// 1 − e^−βy, element by element: the slope of softplus_β where its value is y.
    #[track_caller]
    pub fn softplus_slope(&mut self, y: Var, beta: f64) -> Var {
        self.record(SoftplusSlope { beta }.into(), &[y])
    }
}
