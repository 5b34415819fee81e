//! Element by element: a + b, a − b, a ⊙ b, a / b, and αx + β with fixed α, β.

use super::{Operation, map, same_shape, zip};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// y = a + b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Add;

impl Operation for Add {
    const NAME: &'static str = "add";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(Self::NAME, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        zip(x.get(0).data, x.get(1).data, y, |a, b| a + b);
    }

    /// ā = ȳ, b̄ = ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |_| dy);
        cx.give(1, |_| dy);
    }

    /// ẏ = ȧ + ḃ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |_, da| da);
        cx.take(1, |_, db| db);
    }
}

/// y = a − b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sub;

impl Operation for Sub {
    const NAME: &'static str = "sub";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(Self::NAME, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        zip(x.get(0).data, x.get(1).data, y, |a, b| a - b);
    }

    /// ā = ȳ, b̄ = −ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |_| dy);
        cx.give(1, |g| g.affine(dy, -1.0, 0.0));
    }

    /// ẏ = ȧ − ḃ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |_, da| da);
        cx.take(1, |g, db| g.affine(db, -1.0, 0.0));
    }
}

/// y = a ⊙ b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mul;

impl Operation for Mul {
    const NAME: &'static str = "mul";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(Self::NAME, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        zip(x.get(0).data, x.get(1).data, y, |a, b| a * b);
    }

    /// ā = ȳ ⊙ b, b̄ = ȳ ⊙ a.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (a, b, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| g.mul(dy, b));
        cx.give(1, |g| g.mul(dy, a));
    }

    /// ẏ = ȧ ⊙ b + a ⊙ ḃ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (a, b) = (cx.input(0), cx.input(1));
        cx.take(0, |g, da| g.mul(da, b));
        cx.take(1, |g, db| g.mul(a, db));
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        if x(0).is_dense() { x(1) } else { x(0) }
    }
}

/// y = a / b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Div;

impl Operation for Div {
    const NAME: &'static str = "div";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(Self::NAME, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        zip(x.get(0).data, x.get(1).data, y, |a, b| a / b);
    }

    /// ā = ȳ / b, b̄ = −ȳ ⊙ y / b.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (b, y, dy) = (cx.input(1), cx.output(), cx.adjoint());
        cx.give(0, |g| g.div(dy, b));
        cx.give(1, |g| {
            let dyy = g.mul(dy, y);
            let share = g.div(dyy, b);
            g.affine(share, -1.0, 0.0)
        });
    }

    /// ẏ = (ȧ − y ⊙ ḃ) / b.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (b, y) = (cx.input(1), cx.output());
        cx.take(0, |g, da| g.div(da, b));
        cx.take(1, |g, db| {
            let ydb = g.mul(y, db);
            let term = g.div(ydb, b);
            g.affine(term, -1.0, 0.0)
        });
    }
}

/// y = slope·x + shift with fixed numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) slope: f64,
    pub(crate) shift: f64,
}

impl Operation for Affine {
    const NAME: &'static str = "affine";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (slope, shift) = (T::from_f64(self.slope), T::from_f64(self.shift));
        map(x.get(0).data, y, |x| slope.mul_add(x, shift));
    }

    /// x̄ = slope·ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.affine(dy, self.slope, 0.0));
    }

    /// ẏ = slope·ẋ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.affine(dx, self.slope, 0.0));
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        if self.shift == 0.0 {
            x(0)
        } else {
            Support::DENSE
        }
    }
}

/// # Arithmetic
impl<T: Real> Tape<T> {
    /// a + b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn add(&mut self, a: Var, b: Var) -> Var {
        self.record(Add.into(), &[a, b])
    }

    /// a − b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn sub(&mut self, a: Var, b: Var) -> Var {
        self.record(Sub.into(), &[a, b])
    }

    /// a ⊙ b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn mul(&mut self, a: Var, b: Var) -> Var {
        self.record(Mul.into(), &[a, b])
    }

    /// a / b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn div(&mut self, a: Var, b: Var) -> Var {
        self.record(Div.into(), &[a, b])
    }

    /// slope·x + shift, with fixed numbers.
    #[track_caller]
    pub fn affine(&mut self, x: Var, slope: f64, shift: f64) -> Var {
        self.record(Affine { slope, shift }.into(), &[x])
    }

    /// −x.
    #[track_caller]
    pub fn neg(&mut self, x: Var) -> Var {
        self.affine(x, -1.0, 0.0)
    }
}
