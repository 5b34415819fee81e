//! Shapes of the values on a tape.

use std::fmt;

/// Rows × columns of a value.
///
/// A vector is one row, a scalar one row of one column, and a batch of vectors a
/// matrix with one vector in each row, so that whatever is done to a vector is done
/// to each row of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Number of rows: the batch.
    pub rows: usize,
    /// Number of columns: the length of each vector.
    pub cols: usize,
}

impl Shape {
    /// 1 × 1.
    pub const SCALAR: Shape = Shape { rows: 1, cols: 1 };

    /// `rows` × `cols`.
    pub const fn matrix(rows: usize, cols: usize) -> Self {
        Shape { rows, cols }
    }

    /// 1 × `n`.
    pub const fn vector(n: usize) -> Self {
        Shape { rows: 1, cols: n }
    }

    /// How many numbers a value of this shape has.
    pub const fn len(self) -> usize {
        self.rows * self.cols
    }

    /// Whether a value of this shape has no numbers.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.rows, self.cols)
    }
}
