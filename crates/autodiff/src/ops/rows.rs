//! Row by row: sums, scaling each row by its own number, and spreading one number a
//! row over the row. A vector is a single row, so its row sum is a scalar.

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::simd::{self, dispatch};
use crate::{Real, Tape, Var};

/// y_b = Σᵢ x_bᵢ: (B × n) → (B × 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RowSum;

impl Operation for RowSum {
    const NAME: &'static str = "row_sum";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        Shape::matrix(x(0).rows, 1)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        dispatch(
            #[inline(always)]
            move || {
                for (y, row) in y.iter_mut().zip(x.data.chunks_exact(x.shape.cols)) {
                    *y = simd::sum(row);
                }
            },
        );
    }

    /// x̄_bᵢ = ȳ_b.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let cols = g.shape(x).cols;
            g.row_fill(dy, cols)
        });
    }

    /// ẏ_b = Σᵢ ẋ_bᵢ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.row_sum(dx));
    }
}

/// y_bᵢ = c_b x_bᵢ: (B × 1), (B × n) → (B × n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RowScale;

impl Operation for RowScale {
    const NAME: &'static str = "row_scale";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        let (c, x) = (x(0), x(1));
        assert!(
            c == Shape::matrix(x.rows, 1),
            "row_scale needs one number for each row of a value of shape {x}, got shape {c}"
        );
        x
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (c, x) = (x.get(0), x.get(1));
        let cols = x.shape.cols;
        let rows = y
            .chunks_exact_mut(cols)
            .zip(x.data.chunks_exact(cols))
            .zip(c.data);
        for ((y, x), c) in rows {
            super::map(x, y, |x| *c * x);
        }
    }

    /// c̄_b = Σᵢ ȳ_bᵢ x_bᵢ, x̄_bᵢ = c_b ȳ_bᵢ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (c, x, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| {
            let product = g.mul(dy, x);
            g.row_sum(product)
        });
        cx.give(1, |g| g.row_scale(c, dy));
    }

    /// ẏ_bᵢ = ċ_b x_bᵢ + c_b ẋ_bᵢ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (c, x) = (cx.input(0), cx.input(1));
        cx.take(0, |g, dc| g.row_scale(dc, x));
        cx.take(1, |g, dx| g.row_scale(c, dx));
    }
}

/// y_bᵢ = c_b: (B × 1) → (B × n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RowFill {
    pub(crate) cols: usize,
}

impl Operation for RowFill {
    const NAME: &'static str = "row_fill";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        let c = x(0);
        assert!(
            c.cols == 1,
            "row_fill needs one number a row, got a value of shape {c}"
        );
        Shape::matrix(c.rows, self.cols)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        for (y, c) in y.chunks_exact_mut(self.cols).zip(x.get(0).data) {
            y.fill(*c);
        }
    }

    /// c̄_b = Σᵢ ȳ_bᵢ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.row_sum(dy));
    }

    /// ẏ_bᵢ = ċ_b.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dc| g.row_fill(dc, self.cols));
    }
}

/// # Row by row
impl<T: Real> Tape<T> {
    /// The sum of each row: (B × n) → (B × 1).
    #[track_caller]
    pub fn row_sum(&mut self, x: Var) -> Var {
        self.record(RowSum.into(), &[x])
    }

    /// Each row scaled by its own number: (B × 1), (B × n) → (B × n).
    ///
    /// # Panics
    /// If `c` is not B × 1.
    #[track_caller]
    pub fn row_scale(&mut self, c: Var, x: Var) -> Var {
        self.record(RowScale.into(), &[c, x])
    }

    /// Each row filled with its own number: (B × 1) → (B × `cols`).
    ///
    /// # Panics
    /// If `c` has more than one column.
    #[track_caller]
    pub fn row_fill(&mut self, c: Var, cols: usize) -> Var {
        self.record(RowFill { cols }.into(), &[c])
    }
}
