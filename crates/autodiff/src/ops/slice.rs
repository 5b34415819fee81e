//! Parts of a value: cutting out, padding with zeros, and putting side by side.

use std::ops::Range;

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::{Inputs, Tensor};
use crate::{Real, Tape, Var};

/// What is cut or put side by side: whole rows, or whole columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Rows,
    Cols,
}

impl Whole {
    /// How many there are.
    fn of(self, shape: Shape) -> usize {
        match self {
            Whole::Rows => shape.rows,
            Whole::Cols => shape.cols,
        }
    }

    /// The shape with `n` of them instead.
    fn with(self, shape: Shape, n: usize) -> Shape {
        match self {
            Whole::Rows => Shape::matrix(n, shape.cols),
            Whole::Cols => Shape::matrix(shape.rows, n),
        }
    }
}

/// Copies a block of `size` from row and column `from` of `x` to row and column `to` of
/// `y`, which has `y_cols` columns.
fn copy_block<T: Real>(
    x: Tensor<'_, T>,
    from: (usize, usize),
    y: &mut [T],
    y_cols: usize,
    to: (usize, usize),
    size: Shape,
) {
    for b in 0..size.rows {
        let (source, target) = (
            (from.0 + b) * x.shape.cols + from.1,
            (to.0 + b) * y_cols + to.1,
        );
        y[target..target + size.cols].copy_from_slice(&x.data[source..source + size.cols]);
    }
}

/// The first row and column after `n` whole rows or columns.
fn corner(whole: Whole, n: u32) -> (usize, usize) {
    match whole {
        Whole::Rows => (n as usize, 0),
        Whole::Cols => (0, n as usize),
    }
}

fn short(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2³² rows or columns")
}

/// Y: the rows or columns `start..start + len` of X.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slice {
    pub(crate) whole: Whole,
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Operation for Slice {
    const NAMES: &'static [&'static str] = &["slice_rows", "slice_cols"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.whole as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        let x = x(0);
        let end = self.start as usize + self.len as usize;
        assert!(
            end <= self.whole.of(x),
            "{} cannot cut {}..{end} out of a value of shape {x}",
            self.name(),
            self.start
        );
        self.whole.with(x, self.len as usize)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        let size = self.whole.with(x.shape, self.len as usize);
        copy_block(
            x,
            corner(self.whole, self.start),
            y,
            size.cols,
            (0, 0),
            size,
        );
    }

    /// X̄ = Ȳ where it came from, 0 elsewhere.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let total = short(self.whole.of(g.shape(x)));
            g.pad(dy, self.whole, self.start, total)
        });
    }

    /// Ẏ: the same part of Ẋ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.slice(dx, self.whole, self.start, self.len));
    }
}

/// Y: X with rows or columns of zeros around it, `before` and as many after as make
/// `total`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pad {
    pub(crate) whole: Whole,
    pub(crate) before: u32,
    pub(crate) total: u32,
}

impl Operation for Pad {
    const NAMES: &'static [&'static str] = &["pad_rows", "pad_cols"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.whole as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        self.whole.with(x(0), self.total as usize)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let x = x.get(0);
        let cols = self.whole.with(x.shape, self.total as usize).cols;
        y.fill(T::ZERO);
        copy_block(x, (0, 0), y, cols, corner(self.whole, self.before), x.shape);
    }

    /// X̄: the part of Ȳ that X became.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let len = short(self.whole.of(g.shape(x)));
            g.slice(dy, self.whole, self.before, len)
        });
    }

    /// Ẏ: Ẋ, padded alike.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.pad(dx, self.whole, self.before, self.total));
    }
}

/// Y: the rows or columns of all inputs, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Concat {
    pub(crate) whole: Whole,
}

impl Operation for Concat {
    const NAMES: &'static [&'static str] = &["concat_rows", "concat_cols"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.whole as usize]
    }

    fn shape(&self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        let first = x(0);
        let mut total = 0;
        for shape in (0..inputs).map(x) {
            total += self.whole.of(shape);
            assert!(
                self.whole.with(shape, 0) == self.whole.with(first, 0),
                "{} cannot put values of shapes {first} and {shape} together",
                self.name()
            );
        }
        self.whole.with(first, total)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let parts = |i: usize| self.whole.of(x.get(i).shape);
        let total = (0..x.len()).map(parts).sum();
        let cols = self.whole.with(x.get(0).shape, total).cols;
        let mut before = 0;
        for i in 0..x.len() {
            let part = x.get(i);
            let to = corner(self.whole, before);
            copy_block(part, (0, 0), y, cols, to, part.shape);
            before += short(self.whole.of(part.shape));
        }
    }

    /// x̄ₖ: its part of ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        let mut start = 0;
        for k in 0..cx.inputs() {
            let x = cx.input(k);
            let len = short(self.whole.of(cx.algebra.shape(x)));
            cx.give(k, |g| g.slice(dy, self.whole, start, len));
            start += len;
        }
    }

    /// ẏ: each ẋₖ in its place.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.output();
        let total = short(self.whole.of(cx.algebra.shape(y)));
        let mut before = 0;
        for k in 0..cx.inputs() {
            let x = cx.input(k);
            let len = short(self.whole.of(cx.algebra.shape(x)));
            cx.take(k, |g, dx| g.pad(dx, self.whole, before, total));
            before += len;
        }
    }
}

/// # Parts
impl<T: Real> Tape<T> {
    /// Some of the rows of `x`: (B × n) → (`range.len()` × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].view());
    /// let y = tape.slice_rows(x, 1..3);
    /// assert_eq!(tape.value(y), [3.0, 4.0, 5.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If `x` has not so many rows, or the range is backward.
    #[track_caller]
    pub fn slice_rows(&mut self, x: Var, range: Range<usize>) -> Var {
        self.slice_of(Whole::Rows, x, range)
    }

    /// Some of the columns of `x`, so a part of each vector: (B × n) → (B ×
    /// `range.len()`).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0, 3.0, 4.0]);
    /// let y = tape.slice_cols(x, 1..3);
    /// assert_eq!(tape.value(y), [2.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If `x` has not so many columns, or the range is backward.
    #[track_caller]
    pub fn slice_cols(&mut self, x: Var, range: Range<usize>) -> Var {
        self.slice_of(Whole::Cols, x, range)
    }

    #[track_caller]
    fn slice_of(&mut self, whole: Whole, x: Var, range: Range<usize>) -> Var {
        assert!(
            range.start <= range.end,
            "a slice needs a range that goes forward, got {}..{}",
            range.start,
            range.end
        );
        let (start, len) = (short(range.start), short(range.len()));
        self.record(Slice { whole, start, len }.into(), &[x])
    }

    /// `x` with rows of zeros before and after it: (B × n) → (`before` + B + `after` × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0]);
    /// let y = tape.pad_rows(x, 1, 0);
    /// assert_eq!(tape.array(y), ndarray::array![[0.0, 0.0], [1.0, 2.0]]);
    /// ```
    #[track_caller]
    pub fn pad_rows(&mut self, x: Var, before: usize, after: usize) -> Var {
        self.pad_around(Whole::Rows, x, before, after)
    }

    /// `x` with columns of zeros before and after it: (B × n) → (B × `before` + n +
    /// `after`).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0]);
    /// let y = tape.pad_cols(x, 1, 2);
    /// assert_eq!(tape.value(y), [0.0, 1.0, 2.0, 0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn pad_cols(&mut self, x: Var, before: usize, after: usize) -> Var {
        self.pad_around(Whole::Cols, x, before, after)
    }

    #[track_caller]
    fn pad_around(&mut self, whole: Whole, x: Var, before: usize, after: usize) -> Var {
        let total = short(before + whole.of(self.shape_of(x)) + after);
        let before = short(before);
        let op = Pad {
            whole,
            before,
            total,
        };
        self.record(op.into(), &[x])
    }

    /// Values one below the other: (B₁ × n), (B₂ × n), … → (B₁ + B₂ + … × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_vector(&[1.0, 2.0]);
    /// let b = tape.variable_vector(&[3.0, 4.0]);
    /// let y = tape.concat_rows(&[a, b]);
    /// assert_eq!(tape.array(y), ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// ```
    ///
    /// # Panics
    /// If there are none, or they differ in their columns.
    #[track_caller]
    pub fn concat_rows(&mut self, x: &[Var]) -> Var {
        self.concat(Whole::Rows, x)
    }

    /// Values side by side: (B × n₁), (B × n₂), … → (B × n₁ + n₂ + …).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_vector(&[1.0, 2.0]);
    /// let b = tape.variable_scalar(3.0);
    /// let y = tape.concat_cols(&[a, b]);
    /// assert_eq!(tape.value(y), [1.0, 2.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If there are none, or they differ in their rows.
    #[track_caller]
    pub fn concat_cols(&mut self, x: &[Var]) -> Var {
        self.concat(Whole::Cols, x)
    }

    #[track_caller]
    fn concat(&mut self, whole: Whole, x: &[Var]) -> Var {
        assert!(!x.is_empty(), "there is nothing to put together");
        self.record(Concat { whole }.into(), x)
    }
}
