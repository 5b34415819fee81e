//! The numbers of a plastic matrix that are written down.

use lanes::{self, Lanes, WIDTH, dispatch, lanes_for};
use ndarray::ArrayView2;

use crate::Real;

/// A matrix with `post` rows and `pre` columns in the field's sense (W y: pre → post),
/// kept column by column: all synapses of one pre-synaptic unit side by side, padded
/// to whole lanes. The columns of silent pre-synaptic units can then be skipped.
#[derive(Debug)]
pub(super) struct Applied<T> {
    pub(super) post: usize,
    pub(super) pre: usize,
    /// Lanes a column.
    pub(super) stride: usize,
    /// All columns.
    pub(super) lanes: Vec<Lanes<T>>,
}

impl<T: Real> Applied<T> {
    pub(super) fn zeros(post: usize, pre: usize) -> Self {
        let stride = lanes_for(post);
        Applied {
            post,
            pre,
            stride,
            lanes: vec![Lanes::ZERO; stride * pre],
        }
    }

    /// The synapses of each pre-synaptic unit.
    pub(super) fn columns(&self) -> impl Iterator<Item = &[Lanes<T>]> {
        self.lanes.chunks_exact(self.stride)
    }

    /// The synapses of pre-synaptic unit `j`.
    #[inline(always)]
    pub(super) fn column(&self, j: usize) -> &[Lanes<T>] {
        &self.lanes[j * self.stride..][..self.stride]
    }

    /// Takes over the numbers of a post × pre array, whatever its memory order.
    pub(super) fn set(&mut self, w: ArrayView2<'_, T>) {
        let columns = self.lanes.chunks_exact_mut(self.stride);
        for (column, values) in columns.zip(w.columns()) {
            match values.as_slice() {
                Some(values) => copy_into(column, values),
                None => {
                    column.fill(Lanes::ZERO);
                    for (i, value) in values.iter().enumerate() {
                        column[i / WIDTH].0[i % WIDTH] = *value;
                    }
                }
            }
        }
    }

    /// Takes over what `fill` writes, column by column.
    pub(super) fn fill_with(&mut self, mut fill: impl FnMut(&mut [T])) {
        let mut numbers = vec![T::ZERO; self.post];
        for column in self.lanes.chunks_exact_mut(self.stride) {
            fill(&mut numbers);
            copy_into(column, &numbers);
        }
    }

    pub(super) fn set_zero(&mut self) {
        self.lanes.fill(Lanes::ZERO);
    }

    /// ⟨A, B⟩ = Σ Aᵢⱼ Bᵢⱼ with a matrix of the same size.
    pub(super) fn frobenius(&self, other: &Applied<T>) -> T {
        let (a, b) = (&self.lanes, &other.lanes);
        dispatch(
            #[inline(always)]
            move |fused| lanes::dot_lanes(fused, a, b),
        )
    }

    /// W ← W + s·V with a matrix of the same size.
    pub(super) fn add_scaled(&mut self, s: T, other: &Applied<T>) {
        let (w, v) = (&mut self.lanes, &other.lanes);
        dispatch(
            #[inline(always)]
            move |fused| lanes::add_scaled(fused, w, s, v),
        );
    }
}

/// Writes numbers to lanes, and zeros behind them to fill up the last.
pub(super) fn copy_into<T: Real>(lanes: &mut [Lanes<T>], numbers: &[T]) {
    let (whole, rest) = numbers.as_chunks::<WIDTH>();
    for (lanes, numbers) in lanes.iter_mut().zip(whole) {
        lanes.0 = *numbers;
    }
    if let Some(last) = lanes.get_mut(whole.len()) {
        last.0[..rest.len()].copy_from_slice(rest);
        last.0[rest.len()..].fill(T::ZERO);
    }
}

/// Reads numbers from lanes.
pub(super) fn copy_from<T: Real>(lanes: &[Lanes<T>], numbers: &mut [T]) {
    let (whole, rest) = numbers.as_chunks_mut::<WIDTH>();
    for (numbers, lanes) in whole.iter_mut().zip(lanes) {
        *numbers = lanes.0;
    }
    if let Some(last) = lanes.get(whole.len()) {
        rest.copy_from_slice(&last.0[..rest.len()]);
    }
}
