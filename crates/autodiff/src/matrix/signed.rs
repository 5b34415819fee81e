//! Products with the signs of one matrix and the sizes of another.

use std::array::from_fn;

use lanes::{Lanes, add_scaled, dispatch, dot_lanes};

use super::applied::{Applied, copy_from, copy_into};
use crate::Real;
use crate::support::Coordinates;
use crate::view::Tensor;

/// |V| ⊙ sign W of two matrices of the same size; sign 0 is 0.
#[derive(Debug)]
pub(super) struct Signed<'m, T> {
    /// W.
    pub(super) signs: &'m Applied<T>,
    /// V.
    pub(super) sizes: &'m Applied<T>,
    /// Room for a column.
    pub(super) column: &'m mut [Lanes<T>],
    /// Room for a vector over rows.
    pub(super) vector: &'m mut [Lanes<T>],
}

impl<T: Real> Signed<'_, T> {
    /// Its product with each row of `x`.
    pub(super) fn matvec(&mut self, x: Tensor<'_, T>, out: &mut [T]) {
        for (row, out) in out.chunks_exact_mut(self.signs.post).enumerate() {
            self.vector.fill(Lanes::ZERO);
            for (j, y) in x.row(row).data.iter().enumerate() {
                if *y != T::ZERO {
                    dispatch(
                        #[inline(always)]
                        |fused| {
                            self.write_column(j);
                            add_scaled(fused, self.vector, *y, self.column);
                        },
                    );
                }
            }
            copy_from(self.vector, out);
        }
    }

    /// Its transpose's product with each row of `x`, on the coordinates `on` and zero
    /// elsewhere.
    pub(super) fn matvec_t(&mut self, x: Tensor<'_, T>, on: Coordinates<'_>, out: &mut [T]) {
        let pre = self.signs.pre;
        out.fill(T::ZERO);
        for (row, out) in out.chunks_exact_mut(pre).enumerate() {
            copy_into(self.vector, x.row(row).data);
            let mut product = |j: usize| {
                out[j] = dispatch(
                    #[inline(always)]
                    |fused| {
                        self.write_column(j);
                        dot_lanes(fused, self.column, self.vector)
                    },
                );
            };
            match on {
                None => (0..pre).for_each(&mut product),
                Some(on) => on.list.iter().for_each(|j| product(*j as usize)),
            }
        }
    }

    #[inline(always)]
    fn write_column(&mut self, j: usize) {
        let pairs = self.signs.column(j).iter().zip(self.sizes.column(j));
        for (entries, (w, v)) in self.column.iter_mut().zip(pairs) {
            *entries = Lanes(from_fn(|lane| entry(w.0[lane], v.0[lane])));
        }
    }
}

/// |v| with the sign of w; no number if w is none.
#[inline(always)]
fn entry<T: Real>(w: T, v: T) -> T {
    if w > T::ZERO {
        v.abs()
    } else if w < T::ZERO {
        -v.abs()
    } else {
        w * T::ZERO
    }
}
