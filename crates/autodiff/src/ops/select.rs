//! Choosing between values by a mask. Masks pass no derivatives.

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// y = x where the mask is not 0, or with `outside` where it is 0; 0 elsewhere. Inputs:
/// mask, x. Not a product, so that what is shut out may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Keep {
    pub(crate) outside: bool,
}

impl Operation for Keep {
    const NAMES: &'static [&'static str] = &["keep"];

    fn shape(&self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        all_the_same(self.name(), inputs, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let inputs = x.get(0).data.iter().zip(x.get(1).data);
        for (y, (mask, x)) in y.iter_mut().zip(inputs) {
            let open = (*mask != T::ZERO) != self.outside;
            *y = if open { *x } else { T::ZERO };
        }
    }

    /// x̄ = ȳ, kept in the same places.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (mask, dy) = (cx.input(0), cx.adjoint());
        cx.give(1, |g| g.evaluate((*self).into(), &[mask, dy]));
    }

    /// ẏ = ẋ, kept in the same places.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let mask = cx.input(0);
        cx.take(1, |g, dx| g.evaluate((*self).into(), &[mask, dx]));
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        if self.outside || x(0).is_dense() {
            x(1)
        } else {
            x(0)
        }
    }
}

/// y = a where the mask is not 0, b where it is. Inputs: mask, a, b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Select;

impl Operation for Select {
    const NAMES: &'static [&'static str] = &["select"];

    fn shape(&self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        all_the_same(self.name(), inputs, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let branches = x.get(1).data.iter().zip(x.get(2).data);
        for ((y, mask), (a, b)) in y.iter_mut().zip(x.get(0).data).zip(branches) {
            *y = if *mask != T::ZERO { *a } else { *b };
        }
    }

    /// ā = ȳ where a was taken, b̄ = ȳ where b was.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (mask, dy) = (cx.input(0), cx.adjoint());
        cx.give(1, |g| g.keep(mask, dy));
        cx.give(2, |g| g.keep_outside(mask, dy));
    }

    /// ẏ = ȧ where a was taken, ḃ where b was.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let mask = cx.input(0);
        cx.take(1, |g, da| g.keep(mask, da));
        cx.take(2, |g, db| g.keep_outside(mask, db));
    }
}

#[track_caller]
fn all_the_same(name: &str, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
    let mask = x(0);
    for i in 1..inputs {
        let shape = x(i);
        assert!(
            shape == mask,
            "{name} by a mask of shape {mask} needs values of that shape, got {shape}"
        );
    }
    mask
}

/// # Masks
impl<T: Real> Tape<T> {
    /// `x` where the mask is not 0, 0 elsewhere, even if x is not finite there.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[4.0, f64::INFINITY]);
    /// let mask = tape.constant_vector(&[1.0, 0.0]);
    /// let y = tape.keep(mask, x);
    /// assert_eq!(tape.value(y), [4.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn keep(&mut self, mask: Var, x: Var) -> Var {
        self.record(Keep { outside: false }.into(), &[mask, x])
    }

    /// `a` where the mask is not 0, `b` where it is. The derivative passes to the one
    /// that was taken.
    ///
    /// ```
    /// // A Huber loss: x²/2 within ±1, |x| − ½ outside.
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[0.5, -3.0]);
    /// let square = tape.square(x);
    /// let bowl = tape.affine(square, 0.5, 0.0);
    /// let absolute = tape.abs(x);
    /// let lines = tape.affine(absolute, 1.0, -0.5);
    /// let near = tape.inside(x, -1.0, 1.0);
    /// let loss = tape.select(near, bowl, lines);
    /// assert_eq!(tape.value(loss), [0.125, 2.5]);
    /// let total = tape.sum(loss);
    /// assert_eq!(tape.gradient(total, &[x]).of(0), [0.5, -1.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn select(&mut self, mask: Var, a: Var, b: Var) -> Var {
        self.record(Select.into(), &[mask, a, b])
    }
}
