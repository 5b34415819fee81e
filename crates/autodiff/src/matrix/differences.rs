//! How far a matrix is from another, judged where it matters.

use lanes::{Lanes, WIDTH, dispatch, max};

use super::applied::Applied;
use crate::Real;
use crate::view::{Operand, Tensor};

/// The largest difference in a row or column, and the size it is judged by.
#[derive(Clone, Copy, Debug)]
struct Line {
    difference: f64,
    size: f64,
}

/// How far W is from V, by rows and columns. A difference counts in relation to the
/// largest number that V has in the same row or the same column, whichever is smaller: a
/// large weight does not hide what happens to a small one elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Differences {
    rows: Vec<Line>,
    cols: Vec<Line>,
    /// 0 as long as all differences are finite, NaN otherwise.
    poison: f64,
}

impl Differences {
    /// How far `w` is from `v`, a matrix of the same size.
    pub(super) fn between<T: Real>(w: &Applied<T>, v: &Applied<T>) -> Self {
        // Rows are lanes; differences and sizes of all of them.
        let mut rows = vec![[Lanes::<T>::ZERO; 2]; w.stride];
        let mut cols = Vec::with_capacity(w.pre);
        let mut poison = Lanes::<T>::ZERO;
        for (w, v) in w.columns().zip(v.columns()) {
            let [difference, size] = dispatch(
                #[inline(always)]
                |_| compare(w, v, &mut rows, &mut poison),
            );
            cols.push(Line {
                difference: difference.to_f64(),
                size: size.to_f64(),
            });
        }
        let lanes = rows.iter().flat_map(|[d, s]| d.0.into_iter().zip(s.0));
        let rows = lanes.take(w.post).map(|(difference, size)| Line {
            difference: difference.to_f64(),
            size: size.to_f64(),
        });
        Differences {
            rows: rows.collect(),
            cols,
            poison: poison.total().to_f64(),
        }
    }

    /// Whether there is a difference in a row or column where V is zero, so that it has no
    /// size to be judged by.
    pub(crate) fn lacks_sizes(&self) -> bool {
        let lacks = |line: &Line| line.difference > 0.0 && line.size == 0.0;
        self.rows.iter().chain(&self.cols).any(lacks)
    }

    /// Takes the size of rows and columns that have none from factor·a ⊗ b, summed over
    /// the rows of a batch.
    pub(crate) fn add_sizes<T: Real>(&mut self, factor: T, a: Tensor<'_, T>, b: Operand<'_, T>) {
        let factor = factor.to_f64().abs();
        let largest = |x: &[T]| x.iter().fold(T::ZERO, |top, x| max(top, x.abs())).to_f64();
        let fill = |lines: &mut [Line], x: &[T], other: f64| {
            for (line, x) in lines.iter_mut().zip(x) {
                if line.size == 0.0 {
                    line.size = factor * x.to_f64().abs() * other;
                }
            }
        };
        for row in 0..a.shape.rows {
            let (a, b) = (a.row(row).data, b.row(row).tensor.data);
            fill(&mut self.rows, a, largest(b));
            fill(&mut self.cols, b, largest(a));
        }
    }

    /// The largest difference in relation to its size: 0 if there is none, NaN if a
    /// number is not finite.
    pub(crate) fn relative(&self) -> f64 {
        let lines = self.rows.iter().chain(&self.cols);
        let differing = lines.filter(|line| line.difference > 0.0);
        let largest = differing.fold(0.0, |top, line| f64::max(top, line.difference / line.size));
        largest + self.poison
    }
}

/// Adds a column's differences and sizes to those of all rows, and returns its largest.
#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "counted loops over fixed-size arrays are what becomes vector code"
)]
fn compare<T: Real>(
    w: &[Lanes<T>],
    v: &[Lanes<T>],
    rows: &mut [[Lanes<T>; 2]],
    poison: &mut Lanes<T>,
) -> [T; 2] {
    let mut column = [[T::ZERO; WIDTH]; 2];
    for ((w, v), [difference, size]) in w.iter().zip(v).zip(rows) {
        for lane in 0..WIDTH {
            let (d, s) = ((w.0[lane] - v.0[lane]).abs(), v.0[lane].abs());
            difference.0[lane] = max(difference.0[lane], d);
            size.0[lane] = max(size.0[lane], s);
            column[0][lane] = max(column[0][lane], d);
            column[1][lane] = max(column[1][lane], s);
            poison.0[lane] = poison.0[lane] + d * T::ZERO;
        }
    }
    column.map(|lanes| lanes.into_iter().fold(T::ZERO, max))
}

#[cfg(test)]
mod tests {
    use crate::matrix::Store;
    use ndarray::{Array2, array};

    fn relative(w: Array2<f64>, v: Array2<f64>) -> f64 {
        let store = |a: &Array2<f64>| {
            let mut store = Store::zeros(a.nrows(), a.ncols());
            store.set(a.view());
            store
        };
        store(&w).differences(&mut store(&v)).relative()
    }

    #[test]
    fn a_large_weight_hides_no_difference_in_another_row_or_column() {
        let off = relative(
            array![[1e5, 0.0], [0.0, 1.5]],
            array![[1e5, 0.0], [0.0, 1.0]],
        );
        assert_eq!(off, 0.5);
        assert_eq!(relative(array![[1e5, 1.5]], array![[1e5, 1.0]]), 0.5);
        assert_eq!(relative(array![[1e5], [1.5]], array![[1e5], [1.0]]), 0.5);
    }

    #[test]
    fn a_difference_in_a_row_of_zeros_is_infinite_and_one_that_is_no_number_nan() {
        let v = array![[0.0, 0.0], [1.0, 1.0]];
        assert_eq!(relative(v.clone(), v.clone()), 0.0);
        assert_eq!(
            relative(array![[1e-9, 0.0], [1.0, 1.0]], v.clone()),
            f64::INFINITY
        );
        assert!(relative(array![[f64::NAN, 0.0], [1.0, 1.0]], v).is_nan());
    }
}
