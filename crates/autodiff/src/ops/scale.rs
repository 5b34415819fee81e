//! A value scaled by a taped scalar.

use super::{Operation, map, want_scalar};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// y = s·x, s a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale;

impl Operation for Scale {
    const NAMES: &'static [&'static str] = &["scale"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        want_scalar(self.name(), x(0));
        x(1)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let s = x.get(0).scalar();
        map(x.get(1).data, y, |_, x| s * x);
    }

    /// s̄ = ⟨ȳ, x⟩, x̄ = s·ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (s, x, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| g.dot(dy, x));
        cx.give(1, |g| g.scale(s, dy));
    }

    /// ẏ = ṡ·x + s·ẋ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (s, x) = (cx.input(0), cx.input(1));
        cx.take(0, |g, ds| g.scale(ds, x));
        cx.take(1, |g, dx| g.scale(s, dx));
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(1)
    }
}

/// # Scaling
impl<T: Real> Tape<T> {
    /// s·x for a scalar s.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let s = tape.variable_scalar(2.0);
    /// let x = tape.variable_vector(&[1.0, 3.0]);
    /// let y = tape.scale(s, x);
    /// assert_eq!(tape.value(y), [2.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If `s` is no scalar.
    #[track_caller]
    pub fn scale(&mut self, s: Var, x: Var) -> Var {
        self.record(Scale.into(), &[s, x])
    }
}
