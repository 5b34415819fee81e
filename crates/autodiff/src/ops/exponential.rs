//! e^x, e^x − 1, ln x and ln(1 + x), element by element.

use super::{Operation, map};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// y = e^x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exp;

impl Operation for Exp {
    const NAME: &'static str = "exp";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, T::exp);
    }

    /// x̄ = ȳ ⊙ y.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dy) = (cx.output(), cx.adjoint());
        cx.give(0, |g| g.mul(dy, y));
    }

    /// ẏ = ẋ ⊙ y.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        cx.take(0, |g, dx| g.mul(dx, y));
    }
}

/// y = e^x − 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExpM1;

impl Operation for ExpM1 {
    const NAME: &'static str = "exp_m1";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, T::exp_m1);
    }

    /// x̄ = ȳ ⊙ e^x.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let slope = g.exp(x);
            g.mul(dy, slope)
        });
    }

    /// ẏ = ẋ ⊙ e^x.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let x = cx.input(0);
        cx.take(0, |g, dx| {
            let slope = g.exp(x);
            g.mul(dx, slope)
        });
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }
}

/// y = ln x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ln;

impl Operation for Ln {
    const NAME: &'static str = "ln";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, T::ln);
    }

    /// x̄ = ȳ / x.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| g.div(dy, x));
    }

    /// ẏ = ẋ / x.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let x = cx.input(0);
        cx.take(0, |g, dx| g.div(dx, x));
    }
}

/// y = ln(1 + x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ln1p;

impl Operation for Ln1p {
    const NAME: &'static str = "ln_1p";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, T::ln_1p);
    }

    /// x̄ = ȳ / (1 + x).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let below = g.affine(x, 1.0, 1.0);
            g.div(dy, below)
        });
    }

    /// ẏ = ẋ / (1 + x).
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let x = cx.input(0);
        cx.take(0, |g, dx| {
            let below = g.affine(x, 1.0, 1.0);
            g.div(dx, below)
        });
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }
}

/// # Exponentials and logarithms
impl<T: Real> Tape<T> {
    /// e^x, element by element.
    #[track_caller]
    pub fn exp(&mut self, x: Var) -> Var {
        self.record(Exp.into(), &[x])
    }

    /// e^x − 1, element by element, precise near 0.
    #[track_caller]
    pub fn exp_m1(&mut self, x: Var) -> Var {
        self.record(ExpM1.into(), &[x])
    }

    /// ln x, element by element.
    #[track_caller]
    pub fn ln(&mut self, x: Var) -> Var {
        self.record(Ln.into(), &[x])
    }

    /// ln(1 + x), element by element, precise near 0.
    #[track_caller]
    pub fn ln_1p(&mut self, x: Var) -> Var {
        self.record(Ln1p.into(), &[x])
    }
}
