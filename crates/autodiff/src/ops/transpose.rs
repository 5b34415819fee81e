//! The same numbers in another shape.

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// Y = Xᵀ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transpose;

impl Operation for Transpose {
    const NAMES: &'static [&'static str] = &["transpose"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        Shape::matrix(x(0).cols, x(0).rows)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        let Shape { rows, cols } = x.shape;
        for (k, y) in y.iter_mut().enumerate() {
            *y = x.data[(k % rows) * cols + k / rows];
        }
    }

    /// X̄ = Ȳᵀ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.transpose(dy));
    }

    /// Ẏ = Ẋᵀ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.transpose(dx));
    }
}

/// The numbers of x, row by row, in rows of another length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reshape {
    pub(crate) to: Shape,
}

impl Operation for Reshape {
    const NAMES: &'static [&'static str] = &["reshape"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        let (from, to) = (x(0), self.to);
        assert!(
            from.len() == to.len(),
            "reshape cannot make shape {to} of the {} numbers of shape {from}",
            from.len()
        );
        to
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        y.copy_from_slice(x.get(0).data);
    }

    /// x̄ = ȳ in the shape of x.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let shape = g.shape(x);
            g.reshape(dy, shape)
        });
    }

    /// ẏ = ẋ in the new shape.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.reshape(dx, self.to));
    }
}

/// # Shapes
impl<T: Real> Tape<T> {
    /// Xᵀ: (m × n) → (n × m).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].view());
    /// let y = tape.transpose(x);
    /// assert_eq!(tape.value(y), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// ```
    #[track_caller]
    pub fn transpose(&mut self, x: Var) -> Var {
        self.record(Transpose.into(), &[x])
    }

    /// The numbers of `x`, row by row, in another shape of as many.
    ///
    /// ```
    /// use autodiff::Shape;
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0, 3.0, 4.0]);
    /// let y = tape.reshape(x, Shape::matrix(2, 2));
    /// assert_eq!(tape.array(y), ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// ```
    ///
    /// # Panics
    /// If `shape` does not ask for as many numbers as `x` has.
    #[track_caller]
    pub fn reshape(&mut self, x: Var, shape: Shape) -> Var {
        self.record(Reshape { to: shape }.into(), &[x])
    }
}
