//! Rows by their numbers: picking them, and adding to them. The numbers are an input
//! like any other, a constant column, so that a program stays a list of plain steps.

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::{Inputs, Tensor};
use crate::{Real, Tape, Var};

/// y_k = x_i(k) for the row numbers i. Inputs: x, i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GatherRows;

impl Operation for GatherRows {
    const NAMES: &'static [&'static str] = &["gather_rows"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        Shape::matrix(x(1).rows, x(0).cols)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (x, rows) = (x.get(0), x.get(1));
        let cols = x.shape.cols;
        for (k, i) in numbers(rows).enumerate() {
            y[k * cols..(k + 1) * cols].copy_from_slice(x.row(i).data);
        }
    }

    /// x̄_i = Σ ȳ_k over the k with i(k) = i.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, rows, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| {
            let total = g.shape(x).rows;
            g.scatter_rows(dy, rows, total)
        });
    }

    /// ẏ_k = ẋ_i(k).
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let rows = cx.input(1);
        cx.take(0, |g, dx| g.gather_rows(dx, rows));
    }
}

/// y_i = Σ x_k over the k with i(k) = i, for `total` rows i. Inputs: x, i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScatterRows {
    pub(crate) total: usize,
}

impl Operation for ScatterRows {
    const NAMES: &'static [&'static str] = &["scatter_rows"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        Shape::matrix(self.total, x(0).cols)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (x, rows) = (x.get(0), x.get(1));
        let cols = x.shape.cols;
        y.fill(T::ZERO);
        for (k, i) in numbers(rows).enumerate() {
            let sum = y[i * cols..(i + 1) * cols].iter_mut();
            sum.zip(x.row(k).data).for_each(|(y, x)| *y = *y + *x);
        }
    }

    /// x̄_k = ȳ_i(k).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (rows, dy) = (cx.input(1), cx.adjoint());
        cx.give(0, |g| g.gather_rows(dy, rows));
    }

    /// ẏ: the ẋ_k added up in the same rows.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let rows = cx.input(1);
        cx.take(0, |g, dx| g.scatter_rows(dx, rows, self.total));
    }
}

/// The row numbers that a constant column holds.
fn numbers<T: Real>(rows: Tensor<'_, T>) -> impl Iterator<Item = usize> {
    rows.data.iter().map(|i| i.to_f64() as usize)
}

/// # Rows by their numbers
impl<T: Real> Tape<T> {
    /// The rows of `x` with the given numbers, in that order and as often as they are
    /// named: (B × n) → (`rows.len()` × n). An embedding, a minibatch, a permutation.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.gather_rows(x, &[1, 0, 1]);
    /// assert_eq!(tape.value(y), [3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If `x` has no row of such a number, or a `T` cannot hold it exactly.
    #[track_caller]
    pub fn gather_rows(&mut self, x: Var, rows: &[usize]) -> Var {
        let numbers = self.row_numbers(rows, self.shape_of(x).rows);
        self.record(GatherRows.into(), &[x, numbers])
    }

    /// Adds each row of `x` to the row of a value of `total` rows that has the given
    /// number: (B × n) → (`total` × n). Rows that are not named are 0.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.scatter_rows(x, &[2, 2], 3);
    /// assert_eq!(tape.value(y), [0.0, 0.0, 0.0, 0.0, 4.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If there is not one number for each row of `x`, it is not below `total`, or a `T`
    /// cannot hold it exactly.
    #[track_caller]
    pub fn scatter_rows(&mut self, x: Var, rows: &[usize], total: usize) -> Var {
        let shape = self.shape_of(x);
        assert!(
            shape.rows == rows.len(),
            "scatter_rows of a value of shape {shape} needs {} row numbers, got {}",
            shape.rows,
            rows.len()
        );
        let numbers = self.row_numbers(rows, total);
        self.record(ScatterRows { total }.into(), &[x, numbers])
    }

    #[track_caller]
    fn row_numbers(&mut self, rows: &[usize], below: usize) -> Var {
        let exact: Vec<T> = rows
            .iter()
            .map(|row| {
                assert!(*row < below, "there is no row {row} among {below}");
                let number = T::from_f64(*row as f64);
                let held = number.to_f64() == *row as f64;
                assert!(held, "{} cannot hold the row number {row}", T::NAME);
                number
            })
            .collect();
        self.constant(Shape::matrix(rows.len(), 1), &exact)
    }
}
