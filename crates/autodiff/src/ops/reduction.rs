//! Sums over a whole value, and their opposite.

use lanes::{self, dispatch};

use super::{Operation, same_shape, want_scalar};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// y = Σᵢ xᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sum;

impl Operation for Sum {
    const NAMES: &'static [&'static str] = &["sum"];

    fn shape(&self, _: usize, _: &dyn Fn(usize) -> Shape) -> Shape {
        Shape::SCALAR
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0).data;
        y[0] = dispatch(
            #[inline(always)]
            move |_| lanes::sum(x),
        );
    }

    /// x̄ᵢ = ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let shape = g.shape(x);
            g.fill(dy, shape)
        });
    }

    /// ẏ = Σᵢ ẋᵢ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.sum(dx));
    }
}

/// y = ⟨a, b⟩ = Σᵢ aᵢ bᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dot;

impl Operation for Dot {
    const NAMES: &'static [&'static str] = &["dot"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(self.name(), x);
        Shape::SCALAR
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (a, b) = (x.get(0).data, x.get(1).data);
        y[0] = dispatch(
            #[inline(always)]
            move |fused| lanes::dot(fused, a, b),
        );
    }

    /// ā = ȳ·b, b̄ = ȳ·a.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (a, b, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| g.scale(dy, b));
        cx.give(1, |g| g.scale(dy, a));
    }

    /// ẏ = ⟨ȧ, b⟩ + ⟨a, ḃ⟩.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (a, b) = (cx.input(0), cx.input(1));
        cx.take(0, |g, da| g.dot(da, b));
        cx.take(1, |g, db| g.dot(a, db));
    }
}

/// yᵢ = s for all i: a scalar spread over a shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fill {
    pub(crate) shape: Shape,
}

impl Operation for Fill {
    const NAMES: &'static [&'static str] = &["fill"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        want_scalar(self.name(), x(0));
        self.shape
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        y.fill(x.get(0).scalar());
    }

    /// s̄ = Σᵢ ȳᵢ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.sum(dy));
    }

    /// ẏᵢ = ṡ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, ds| g.fill(ds, self.shape));
    }
}

/// # Sums and products over a whole value
impl<T: Real> Tape<T> {
    /// Σᵢ xᵢ, a scalar.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0, 3.0]);
    /// let y = tape.sum(x);
    /// assert_eq!(tape.scalar(y), 6.0);
    /// ```
    #[track_caller]
    pub fn sum(&mut self, x: Var) -> Var {
        self.record(Sum.into(), &[x])
    }

    /// The mean of all numbers of x, a scalar.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0, 6.0]);
    /// let y = tape.mean(x);
    /// assert_eq!(tape.scalar(y), 3.0);
    /// ```
    #[track_caller]
    pub fn mean(&mut self, x: Var) -> Var {
        let (n, total) = (self.shape_of(x).len(), self.sum(x));
        self.affine(total, 1.0 / n as f64, 0.0)
    }

    /// ⟨a, b⟩ = Σᵢ aᵢ bᵢ, a scalar.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_vector(&[1.0, 2.0]);
    /// let b = tape.variable_vector(&[3.0, 4.0]);
    /// let y = tape.dot(a, b);
    /// assert_eq!(tape.scalar(y), 11.0);
    /// assert_eq!(tape.gradient(y, &[a])[a], [3.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn dot(&mut self, a: Var, b: Var) -> Var {
        self.record(Dot.into(), &[a, b])
    }

    /// The scalar `s` in every place of a value of the given shape.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let s = tape.variable_scalar(2.0);
    /// let y = tape.fill(s, autodiff::Shape::matrix(2, 2));
    /// assert_eq!(tape.value(y), [2.0; 4]);
    /// ```
    ///
    /// # Panics
    /// If `s` is no scalar.
    #[track_caller]
    pub fn fill(&mut self, s: Var, shape: Shape) -> Var {
        self.record(Fill { shape }.into(), &[s])
    }
}
