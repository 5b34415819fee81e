//! The updates of a plastic matrix that are not written down yet.

use lanes::{self, Fused, Lanes, MAX_APPLIED, dispatch, lanes_for};

use super::applied::copy_into;
use super::columns::Columns;
use crate::Real;
use crate::support::words_for;
use crate::view::Operand;

/// Most terms that may wait.
pub(super) const MAX_WAITING: usize = 2 * MAX_APPLIED;

/// c and the terms of c·S + Σ postₖ ⊗ preₖ, oldest first.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    terms: usize,
    /// c; 1 if there is none.
    scale: Option<T>,
    /// Lanes a post-synaptic vector.
    stride: usize,
    posts: Vec<Lanes<T>>,
    pres: Vec<Vec<T>>,
    /// Which columns each term touches.
    columns: Vec<Columns>,
}

/// What a walk over S is to apply: c and the first terms, or nothing at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due<'w, T> {
    pub(super) scale: Option<T>,
    pub(super) posts: &'w [Lanes<T>],
    pub(super) pres: &'w [Vec<T>],
    pub(super) columns: &'w [Columns],
}

impl<T: Real> Waiting<T> {
    /// With room for [`MAX_WAITING`] terms of a post × pre matrix.
    pub(super) fn nothing(post: usize, pre: usize) -> Self {
        let stride = lanes_for(post);
        Waiting {
            terms: 0,
            scale: None,
            stride,
            posts: vec![Lanes::ZERO; MAX_WAITING * stride],
            pres: vec![vec![T::ZERO; pre]; MAX_WAITING],
            columns: vec![Columns::none(pre); MAX_WAITING],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let pre = self.pres[0].len();
        size_of_val(&self.posts[..])
            + MAX_WAITING * (pre * size_of::<T>() + words_for(pre) * size_of::<u64>())
    }

    pub(super) fn terms(&self) -> usize {
        self.terms
    }

    /// Whether c·S + Σ postₖ ⊗ preₖ is S.
    pub(super) fn is_nothing(&self) -> bool {
        self.terms == 0 && self.scale.is_none()
    }

    pub(super) fn forget(&mut self) {
        self.terms = 0;
        self.scale = None;
    }

    pub(super) fn copy_from(&mut self, other: &Waiting<T>) {
        (self.terms, self.scale) = (other.terms, other.scale);
        let lanes = other.terms * self.stride;
        self.posts[..lanes].copy_from_slice(&other.posts[..lanes]);
        for k in 0..other.terms {
            self.pres[k].copy_from_slice(&other.pres[k]);
            self.columns[k].clone_from(&other.columns[k]);
        }
    }

    /// c and the first `terms` terms.
    pub(super) fn due(&self, terms: usize) -> Due<'_, T> {
        Due {
            scale: self.scale,
            posts: &self.posts,
            pres: &self.pres[..terms],
            columns: &self.columns[..terms],
        }
    }

    /// What [`Waiting::due`] gave for so many terms is applied now.
    pub(super) fn settle(&mut self, terms: usize) {
        self.scale = None;
        if terms < self.terms {
            let first = terms * self.stride;
            self.posts.copy_within(first..self.terms * self.stride, 0);
            self.pres.rotate_left(terms);
            self.columns.rotate_left(terms);
        }
        self.terms -= terms;
    }

    /// All that waits becomes `scale` times as much.
    pub(super) fn scale_by(&mut self, scale: T) {
        self.scale = Some(self.scale.map_or(scale, |c| c * scale));
        for x in &mut self.posts[..self.terms * self.stride] {
            *x = x.scaled(scale);
        }
    }

    /// One more term a ⊗ p, with p to follow. There must be room.
    pub(super) fn begin_term(&mut self, a: &[T]) {
        let k = self.terms;
        copy_into(&mut self.posts[k * self.stride..][..self.stride], a);
        self.columns[k].clear();
        self.terms += 1;
    }

    /// Turns the last a ⊗ p into a ⊗ (p + factor·b), with p = 0 for a `new` one.
    pub(super) fn add_to_term(&mut self, factor: T, b: Operand<'_, T>, new: bool) {
        let last = self.terms - 1;
        let (pre, b_data) = (&mut self.pres[last], b.tensor.data);
        dispatch(
            #[inline(always)]
            move |fused| {
                if new {
                    pre.iter_mut()
                        .zip(b_data)
                        .for_each(|(pre, b)| *pre = factor * *b);
                } else {
                    lanes::add_scaled_numbers(fused, pre, factor, b_data);
                }
            },
        );
        self.columns[last].add(b.on);
    }

    /// Makes S y a product of the whole matrix.
    #[inline(always)]
    pub(super) fn complete_product(&self, fused: Fused, y: &[T], product: &mut [Lanes<T>]) {
        if let Some(scale) = self.scale {
            product.iter_mut().for_each(|x| *x = x.scaled(scale));
        }
        for (pre, post) in self.pairs() {
            let share = lanes::dot(fused, pre, y);
            lanes::add_scaled(fused, product, share, post);
        }
    }

    /// Makes e S a product of the whole matrix.
    #[inline(always)]
    pub(super) fn complete_product_t(&self, fused: Fused, e: &[Lanes<T>], product: &mut [T]) {
        if let Some(scale) = self.scale {
            product.iter_mut().for_each(|x| *x = scale * *x);
        }
        for (pre, post) in self.pairs() {
            let share = lanes::dot_lanes(fused, post, e);
            lanes::add_scaled_numbers(fused, product, share, pre);
        }
    }

    /// Makes a chunk of column `j` of S one of the whole matrix.
    pub(super) fn complete(&self, j: usize, chunk: usize, x: Lanes<T>) -> Lanes<T> {
        let mut x = self.scale.map_or(x, |scale| x.scaled(scale));
        for (pre, post) in self.pairs() {
            x.add_scaled(Fused::PORTABLE, pre[j], &post[chunk]);
        }
        x
    }

    /// preₖ and postₖ of each term.
    #[inline(always)]
    fn pairs(&self) -> impl Iterator<Item = (&[T], &[Lanes<T>])> {
        let posts = self.posts.chunks_exact(self.stride);
        let pres = self.pres.iter().map(Vec::as_slice);
        pres.zip(posts).take(self.terms)
    }
}

impl<'w, T> Due<'w, T> {
    pub(super) fn nothing() -> Self {
        Due {
            scale: None,
            posts: &[],
            pres: &[],
            columns: &[],
        }
    }
}
