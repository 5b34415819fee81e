//! Products with the signs of one matrix and the sizes of another.

use super::Store;
use super::store::{copy_from, copy_into};
use crate::Real;
use crate::simd::{Lanes, WIDTH};
use crate::support::Coordinates;
use crate::view::Tensor;

impl<T: Real> Store<T> {
    /// (|V| ⊙ sign W) y for each row y, or its transpose times e for each row e, the latter
    /// on the coordinates `on` and zero elsewhere. V is a store of the same size; sign 0
    /// is 0.
    pub(crate) fn signed(
        &mut self,
        sizes: &mut Store<T>,
        x: Tensor<'_, T>,
        transposed: bool,
        on: Coordinates<'_>,
        out: &mut [T],
    ) {
        self.flush();
        sizes.flush();
        let (post, pre, stride) = (self.post, self.pre, self.stride);
        let columns = |j: usize| j * stride..(j + 1) * stride;
        let entry = |w: T, v: T| {
            if w > T::ZERO {
                v.abs()
            } else if w < T::ZERO {
                -v.abs()
            } else {
                w * T::ZERO
            }
        };
        let (left, total) = (&mut self.scratch.left, &mut self.scratch.out);
        out.fill(T::ZERO);
        for row in 0..x.shape.rows {
            let x = x.row(row).data;
            if transposed {
                let out = &mut out[row * pre..][..pre];
                copy_into(&mut left[..stride], x);
                let mut column = |j: usize| {
                    let mut sum = [T::ZERO; WIDTH];
                    let signs = &self.columns[columns(j)];
                    let lanes = signs.iter().zip(&sizes.columns[columns(j)]);
                    for ((w, v), e) in lanes.zip(left.iter()) {
                        let entries = w.0.iter().zip(&v.0).map(|(w, v)| entry(*w, *v));
                        for ((sum, entry), e) in sum.iter_mut().zip(entries).zip(&e.0) {
                            *sum = entry.mul_add(*e, *sum);
                        }
                    }
                    out[j] = Lanes(sum).total();
                };
                match on {
                    None => (0..pre).for_each(&mut column),
                    Some(on) => on.list.iter().for_each(|j| column(*j as usize)),
                }
            } else {
                let total = &mut total[..stride];
                total.fill(Lanes::ZERO);
                for (j, y) in x.iter().enumerate().filter(|(_, y)| **y != T::ZERO) {
                    let signs = &self.columns[columns(j)];
                    let lanes = signs.iter().zip(&sizes.columns[columns(j)]);
                    for ((w, v), z) in lanes.zip(total.iter_mut()) {
                        let entries = w.0.iter().zip(&v.0).map(|(w, v)| entry(*w, *v));
                        for (z, entry) in z.0.iter_mut().zip(entries) {
                            *z = entry.mul_add(*y, *z);
                        }
                    }
                }
                copy_from(total, &mut out[row * post..][..post]);
            }
        }
    }
}
