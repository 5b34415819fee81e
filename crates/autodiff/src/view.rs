//! Values as operations read them, wherever they are kept.

use crate::Real;
use crate::shape::Shape;
use crate::support::{Coordinates, Support};

/// A value as an operation reads it: `data` is row-major.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tensor<'a, T> {
    pub(crate) shape: Shape,
    pub(crate) data: &'a [T],
}

impl<'a, T: Real> Tensor<'a, T> {
    /// One row of a batch.
    #[inline]
    pub(crate) fn row(&self, b: usize) -> Tensor<'a, T> {
        let cols = self.shape.cols;
        Tensor {
            shape: Shape::vector(cols),
            data: &self.data[b * cols..(b + 1) * cols],
        }
    }

    /// The only number of a scalar.
    #[inline(always)]
    pub(crate) fn scalar(&self) -> T {
        self.data[0]
    }
}

/// A vector, or a batch of them, and where it may be non-zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a, T> {
    pub(crate) tensor: Tensor<'a, T>,
    pub(crate) on: Coordinates<'a>,
}

impl<T: Real> Operand<'_, T> {
    /// One vector of a batch.
    pub(crate) fn row(&self, b: usize) -> Self {
        Operand {
            tensor: self.tensor.row(b),
            on: self.on,
        }
    }
}

/// The inputs of an operation, wherever they are kept.
pub(crate) trait Inputs<T> {
    fn len(&self) -> usize;
    fn get(&self, i: usize) -> Tensor<'_, T>;
    fn support(&self, i: usize) -> Support;
    /// The coordinates of a support.
    fn coordinates(&self, support: Support) -> Coordinates<'_>;

    /// An input with where it may be non-zero.
    fn operand(&self, i: usize) -> Operand<'_, T> {
        Operand {
            tensor: self.get(i),
            on: self.coordinates(self.support(i)),
        }
    }
}
