//! Along one of the two axes: sums, scaling and shifting by one number a row or column,
//! and spreading such numbers. A vector is a single row, so its row sum is a scalar.

use lanes::{self, dispatch};

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// What there is one number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// One number a row: B × 1 for a value of B × n.
    Row,
    /// One number a column: 1 × n for a value of B × n.
    Col,
}

impl Axis {
    /// The shape of the numbers that belong to a value.
    fn numbers(self, x: Shape) -> Shape {
        match self {
            Axis::Row => Shape::matrix(x.rows, 1),
            Axis::Col => Shape::matrix(1, x.cols),
        }
    }

    /// How many numbers of a value share one.
    fn len(self, x: Shape) -> usize {
        match self {
            Axis::Row => x.cols,
            Axis::Col => x.rows,
        }
    }

    /// The shape that `n` numbers for each of those in `c` make.
    #[track_caller]
    fn filled(self, name: &str, c: Shape, n: usize) -> Shape {
        let (other, shape, what) = match self {
            Axis::Row => (c.cols, Shape::matrix(c.rows, n), "row"),
            Axis::Col => (c.rows, Shape::matrix(n, c.cols), "column"),
        };
        assert!(
            other == 1,
            "{name} needs one number a {what}, got a value of shape {c}"
        );
        shape
    }

    /// Panics unless `c` has the numbers that belong to `x`.
    #[track_caller]
    fn want(self, name: &str, c: Shape, x: Shape) {
        let what = match self {
            Axis::Row => "row",
            Axis::Col => "column",
        };
        assert!(
            c == self.numbers(x),
            "{name} needs one number for each {what} of a value of shape {x}, got shape {c}"
        );
    }

    /// y_bᵢ = f(c, x_bᵢ) with the number c of row b or column i.
    #[inline(always)]
    fn zip<T: Real>(self, c: &[T], x: &[T], cols: usize, y: &mut [T], f: impl Fn(T, T) -> T) {
        if cols == 0 {
            return;
        }
        dispatch(
            #[inline(always)]
            move |_| {
                for (b, (y, x)) in y
                    .chunks_exact_mut(cols)
                    .zip(x.chunks_exact(cols))
                    .enumerate()
                {
                    match self {
                        Axis::Row => {
                            let c = c[b];
                            y.iter_mut().zip(x).for_each(|(y, x)| *y = f(c, *x));
                        }
                        Axis::Col => {
                            let each = y.iter_mut().zip(x).zip(c);
                            each.for_each(|((y, x), c)| *y = f(*c, *x));
                        }
                    }
                }
            },
        );
    }
}

/// y_b = Σᵢ x_bᵢ, or yᵢ = Σ_b x_bᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AxisSum(pub(crate) Axis);

impl Operation for AxisSum {
    const NAMES: &'static [&'static str] = &["row_sum", "col_sum"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.0 as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        self.0.numbers(x(0))
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        y.fill(T::ZERO);
        if x.shape.cols == 0 {
            return;
        }
        let rows = x.data.chunks_exact(x.shape.cols);
        dispatch(
            #[inline(always)]
            move |_| match self.0 {
                Axis::Row => {
                    for (y, row) in y.iter_mut().zip(rows) {
                        *y = lanes::sum(row);
                    }
                }
                Axis::Col => {
                    for row in rows {
                        y.iter_mut().zip(row).for_each(|(y, x)| *y = *y + *x);
                    }
                }
            },
        );
    }

    /// x̄_bᵢ = ȳ_b, or ȳᵢ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let n = self.0.len(g.shape(x));
            g.axis_fill(dy, self.0, n)
        });
    }

    /// ẏ: the sums of ẋ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.axis_sum(dx, self.0));
    }
}

/// y_bᵢ = c_b, or cᵢ: each number of c `n` times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AxisFill {
    pub(crate) axis: Axis,
    pub(crate) n: usize,
}

impl Operation for AxisFill {
    const NAMES: &'static [&'static str] = &["row_fill", "col_fill"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.axis as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        self.axis.filled(self.name(), x(0), self.n)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let c = x.get(0).data;
        match self.axis {
            _ if y.is_empty() => {}
            Axis::Row => {
                for (y, c) in y.chunks_exact_mut(self.n).zip(c) {
                    y.fill(*c);
                }
            }
            Axis::Col => {
                for y in y.chunks_exact_mut(c.len()) {
                    y.copy_from_slice(c);
                }
            }
        }
    }

    /// c̄: the sums of ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.axis_sum(dy, self.axis));
    }

    /// ẏ_bᵢ = ċ_b, or ċᵢ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dc| g.axis_fill(dc, self.axis, self.n));
    }
}

/// y_bᵢ = c_b x_bᵢ, or cᵢ x_bᵢ. Inputs: c, x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AxisScale(pub(crate) Axis);

impl Operation for AxisScale {
    const NAMES: &'static [&'static str] = &["row_scale", "col_scale"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.0 as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        self.0.want(self.name(), x(0), x(1));
        x(1)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (c, x) = (x.get(0), x.get(1));
        self.0.zip(c.data, x.data, x.shape.cols, y, |c, x| c * x);
    }

    /// c̄: the sums of ȳ ⊙ x; x̄: ȳ scaled by c.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (c, x, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| {
            let product = g.mul(dy, x);
            g.axis_sum(product, self.0)
        });
        cx.give(1, |g| g.axis_scale(c, dy, self.0));
    }

    /// ẏ: x scaled by ċ, and ẋ by c.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (c, x) = (cx.input(0), cx.input(1));
        cx.take(0, |g, dc| g.axis_scale(dc, x, self.0));
        cx.take(1, |g, dx| g.axis_scale(c, dx, self.0));
    }
}

/// y_bᵢ = c_b + x_bᵢ, or cᵢ + x_bᵢ. Inputs: c, x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AxisAdd(pub(crate) Axis);

impl Operation for AxisAdd {
    const NAMES: &'static [&'static str] = &["row_add", "col_add"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.0 as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        self.0.want(self.name(), x(0), x(1));
        x(1)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (c, x) = (x.get(0), x.get(1));
        self.0.zip(c.data, x.data, x.shape.cols, y, |c, x| c + x);
    }

    /// c̄: the sums of ȳ; x̄ = ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.axis_sum(dy, self.0));
        cx.give(1, |_| dy);
    }

    /// ẏ = ċ in every place, plus ẋ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let x = cx.input(1);
        cx.take(0, |g, dc| {
            let n = self.0.len(g.shape(x));
            g.axis_fill(dc, self.0, n)
        });
        cx.take(1, |_, dx| dx);
    }
}

/// # Row by row, and column by column
impl<T: Real> Tape<T> {
    /// The sum of each row: (B × n) → (B × 1).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.row_sum(x);
    /// assert_eq!(tape.value(y), [3.0, 7.0]);
    /// ```
    #[track_caller]
    pub fn row_sum(&mut self, x: Var) -> Var {
        self.record(AxisSum(Axis::Row).into(), &[x])
    }

    /// The sum of each column: (B × n) → (1 × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.col_sum(x);
    /// assert_eq!(tape.value(y), [4.0, 6.0]);
    /// ```
    #[track_caller]
    pub fn col_sum(&mut self, x: Var) -> Var {
        self.record(AxisSum(Axis::Col).into(), &[x])
    }

    /// The mean of each row: (B × n) → (B × 1).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.row_mean(x);
    /// assert_eq!(tape.value(y), [1.5, 3.5]);
    /// ```
    #[track_caller]
    pub fn row_mean(&mut self, x: Var) -> Var {
        let (n, total) = (self.shape_of(x).cols, self.row_sum(x));
        self.affine(total, 1.0 / n as f64, 0.0)
    }

    /// The mean of each column: (B × n) → (1 × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.col_mean(x);
    /// assert_eq!(tape.value(y), [2.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn col_mean(&mut self, x: Var) -> Var {
        let (n, total) = (self.shape_of(x).rows, self.col_sum(x));
        self.affine(total, 1.0 / n as f64, 0.0)
    }

    /// Each row scaled by its own number: (B × 1), (B × n) → (B × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let c = tape.variable_array(ndarray::array![[10.0], [100.0]].view());
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.row_scale(c, x);
    /// assert_eq!(tape.value(y), [10.0, 20.0, 300.0, 400.0]);
    /// ```
    ///
    /// # Panics
    /// If `c` is not B × 1.
    #[track_caller]
    pub fn row_scale(&mut self, c: Var, x: Var) -> Var {
        self.record(AxisScale(Axis::Row).into(), &[c, x])
    }

    /// Each column scaled by its own number: (1 × n), (B × n) → (B × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let c = tape.variable_vector(&[10.0, 100.0]);
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.col_scale(c, x);
    /// assert_eq!(tape.value(y), [10.0, 200.0, 30.0, 400.0]);
    /// ```
    ///
    /// # Panics
    /// If `c` is not 1 × n.
    #[track_caller]
    pub fn col_scale(&mut self, c: Var, x: Var) -> Var {
        self.record(AxisScale(Axis::Col).into(), &[c, x])
    }

    /// Each row shifted by its own number: (B × 1), (B × n) → (B × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let c = tape.variable_array(ndarray::array![[10.0], [100.0]].view());
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.row_add(c, x);
    /// assert_eq!(tape.value(y), [11.0, 12.0, 103.0, 104.0]);
    /// ```
    ///
    /// # Panics
    /// If `c` is not B × 1.
    #[track_caller]
    pub fn row_add(&mut self, c: Var, x: Var) -> Var {
        self.record(AxisAdd(Axis::Row).into(), &[c, x])
    }

    /// Each column shifted by its own number, which adds the bias `c` to every vector of
    /// the batch `x`: (1 × n), (B × n) → (B × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let bias = tape.variable_vector(&[10.0, 100.0]);
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.col_add(bias, x);
    /// assert_eq!(tape.value(y), [11.0, 102.0, 13.0, 104.0]);
    /// ```
    ///
    /// # Panics
    /// If `c` is not 1 × n.
    #[track_caller]
    pub fn col_add(&mut self, c: Var, x: Var) -> Var {
        self.record(AxisAdd(Axis::Col).into(), &[c, x])
    }

    /// Each row filled with its own number: (B × 1) → (B × `cols`).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let c = tape.variable_array(ndarray::array![[1.0], [2.0]].view());
    /// let y = tape.row_fill(c, 3);
    /// assert_eq!(tape.value(y), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If `c` has not one column.
    #[track_caller]
    pub fn row_fill(&mut self, c: Var, cols: usize) -> Var {
        let axis = Axis::Row;
        self.record(AxisFill { axis, n: cols }.into(), &[c])
    }

    /// Each column filled with its own number, so a vector `rows` times: (1 × n) →
    /// (`rows` × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let c = tape.variable_vector(&[1.0, 2.0]);
    /// let y = tape.col_fill(c, 3);
    /// assert_eq!(tape.value(y), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If `c` has not one row.
    #[track_caller]
    pub fn col_fill(&mut self, c: Var, rows: usize) -> Var {
        let axis = Axis::Col;
        self.record(AxisFill { axis, n: rows }.into(), &[c])
    }
}
