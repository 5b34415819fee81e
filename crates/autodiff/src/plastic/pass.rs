//! One walk over the rows of a plastic matrix that does several things at once.
//!
//! A plastic matrix is read and written many times a step, and at the paper's size it
//! does not fit the first-level cache. What counts is therefore how often it is
//! walked: one pass applies the updates that wait, and takes products from both sides,
//! for several rows at a time so that the vectors stay in registers.
#![expect(
    clippy::needless_range_loop,
    reason = "counted loops over fixed-size arrays are what becomes vector code"
)]

use std::ops::Range;

use crate::Real;
use crate::simd::{self, Lanes, Level, WIDTH, dispatch, level};

/// Most rank-1 terms that may wait to be applied.
pub(crate) const MAX_PENDING: usize = 4;
/// Most products from each side in one pass.
pub(crate) const MAX_PRODUCTS: usize = 3;

/// Rows walked together. Lists of rows are padded to whole blocks, see [`pad`].
pub(crate) const BLOCK: usize = 4;

/// Pads a list of rows of a matrix of `rows` rows to whole blocks, with the spare rows
/// that a matrix has behind its own.
pub(crate) fn pad(list: &mut Vec<u32>, rows: usize) {
    for spare in rows as u32.. {
        if list.len().is_multiple_of(BLOCK) {
            break;
        }
        list.push(spare);
    }
}

/// For each row j in `rows`, in this order, in one walk:
/// 1. wⱼ ← scale·wⱼ + Σₖ updates[k].1ⱼ · updates[k].0,
/// 2. out_m ← out_m + right[m]ⱼ · wⱼ,
/// 3. dots[n]ⱼ = ⟨wⱼ, left[n]⟩.
///
/// A row and the vectors that go with it (`posts`, `out`, `left`) have `stride` chunks
/// of sixteen, zero beyond the matrix; vectors over rows have one number a row, and
/// count as zero beyond their end.
pub struct Pass<'a, T> {
    pub(crate) matrix: &'a mut [[T; WIDTH]],
    pub(crate) stride: usize,
    pub(crate) rows: &'a [u32],
    pub(crate) scale: Option<T>,
    /// K × stride chunks.
    pub(crate) posts: &'a [[T; WIDTH]],
    /// K vectors over rows.
    pub(crate) pres: &'a [Vec<T>],
    pub(crate) right: &'a [&'a [T]],
    /// M × stride chunks.
    pub(crate) out: &'a mut [[T; WIDTH]],
    /// N × stride chunks.
    pub(crate) left: &'a [[T; WIDTH]],
    pub(crate) dots: &'a mut [Vec<T>],
    /// BLOCK × stride chunks to scribble on.
    pub(crate) copy: &'a mut [[T; WIDTH]],
}

/// The passes that are compiled: (products from the right, from the left) for how many
/// pending terms, without and with a pending scale. What is missing is done in two
/// walks: first what is pending, then the products.
macro_rules! compiled_passes {
    ($with:ident) => {
        $with! {
            (0, 0): [1 2 3 4] [0 1 2 3 4];
            (1, 0): [0 1 2 3] [1 2 3];
            (0, 1): [0 1 2 3] [];
            (1, 1): [0 1 2] [];
            (2, 0): [0 1 2] [];
            (2, 1): [0 1 2] [];
            (1, 2): [0 1 2] [];
            (2, 2): [0 1 2] [];
            (2, 3): [0 1 2] [2];
            (3, 3): [0 1 2] [];
        }
    };
}

/// Whether there is a pass for so many pending terms, products from the right and from
/// the left.
pub(crate) fn is_compiled(pending: usize, right: usize, left: usize, scaled: bool) -> bool {
    macro_rules! lookup {
        ($(($m:literal, $n:literal): [$($k:literal)*] [$($s:literal)*];)+) => {
            match (right, left, scaled) {
                $(($m, $n, false) => [$($k),*].contains(&pending),
                ($m, $n, true) => <[usize]>::contains(&[$($s),*], &pending),)+
                _ => false,
            }
        };
    }
    compiled_passes!(lookup)
}

/// Whether so many products from the right and from the left can be taken in one walk.
pub(crate) fn has_pass(right: usize, left: usize) -> bool {
    right + left == 0 || is_compiled(0, right, left, false)
}

impl<T: Real> Pass<'_, T> {
    /// Walks the matrix.
    ///
    /// # Panics
    /// If there is no such pass, see [`is_compiled`].
    pub(crate) fn run(self) {
        if level() == Level::Portable {
            return self.walk_slowly();
        }
        let shape = (self.pres.len(), self.right.len(), self.dots.len());
        macro_rules! choose {
            ($(($m:literal, $n:literal): [$($k:literal)*] [$($s:literal)*];)+) => {
                match (shape, self.scale.is_some()) {
                    $($((($k, $m, $n), false) => dispatch(
                        #[inline(always)]
                        move || self.walk::<$k, $m, $n, false>(),
                    ),)*
                    $((($s, $m, $n), true) => dispatch(
                        #[inline(always)]
                        move || self.walk::<$s, $m, $n, true>(),
                    ),)*)+
                    _ => unreachable!("no pass for {shape:?}"),
                }
            };
        }
        compiled_passes!(choose);
    }

    /// The same walk without the unrolling that only vector units profit from. Each
    /// number goes through the same operations in the same order.
    fn walk_slowly(self) {
        let Pass {
            matrix,
            stride,
            rows,
            scale,
            posts,
            pres,
            right,
            out,
            left,
            dots,
            ..
        } = self;
        let at = |vector: &[T], j: usize| vector.get(j).copied().unwrap_or(T::ZERO);
        for &row in rows {
            let j = row as usize;
            let w = &mut matrix[j * stride..(j + 1) * stride];
            for (chunk, x) in w.as_flattened_mut().iter_mut().enumerate() {
                if let Some(scale) = scale {
                    *x = scale * *x;
                }
                for (k, pre) in pres.iter().enumerate() {
                    let post = posts.as_flattened()[k * stride * WIDTH + chunk];
                    *x = at(pre, j).mul_add(post, *x);
                }
                for (m, right) in right.iter().enumerate() {
                    let out = &mut out.as_flattened_mut()[m * stride * WIDTH + chunk];
                    *out = at(right, j).mul_add(*x, *out);
                }
            }
            for (n, dots) in dots.iter_mut().enumerate() {
                let left = left[n * stride..(n + 1) * stride].as_flattened();
                if let Some(dot) = dots.get_mut(j) {
                    *dot = simd::dot(w.as_flattened(), left);
                }
            }
        }
    }

    #[inline(always)]
    fn walk<const K: usize, const M: usize, const N: usize, const SCALED: bool>(self) {
        let Pass {
            matrix,
            stride,
            rows,
            scale,
            posts,
            pres,
            right,
            out,
            left,
            dots,
            copy,
        } = self;
        let scale = scale.unwrap_or(T::ONE);
        let posts: [&[[T; WIDTH]]; K] =
            std::array::from_fn(|k| &posts[k * stride..(k + 1) * stride]);
        let left: [&[[T; WIDTH]]; N] = std::array::from_fn(|n| &left[n * stride..(n + 1) * stride]);
        let pres: [&[T]; K] = std::array::from_fn(|k| pres[k].as_slice());
        let right: [&[T]; M] = std::array::from_fn(|m| right[m]);
        let (blocks, _) = rows.as_chunks::<BLOCK>();
        let mut vectors = Vectors {
            stride,
            scale,
            posts,
            pres,
            right,
            out,
            left,
            dots,
            copy,
        };
        for block in blocks {
            vectors.walk_block::<SCALED>(matrix, block);
        }
    }
}

struct Vectors<'a, T, const K: usize, const M: usize, const N: usize> {
    stride: usize,
    scale: T,
    posts: [&'a [[T; WIDTH]]; K],
    pres: [&'a [T]; K],
    right: [&'a [T]; M],
    out: &'a mut [[T; WIDTH]],
    left: [&'a [[T; WIDTH]]; N],
    dots: &'a mut [Vec<T>],
    copy: &'a mut [[T; WIDTH]],
}

impl<T: Real, const K: usize, const M: usize, const N: usize> Vectors<'_, T, K, M, N> {
    #[inline(always)]
    fn walk_block<const SCALED: bool>(&mut self, matrix: &mut [[T; WIDTH]], rows: &[u32; BLOCK]) {
        let stride = self.stride;
        let ranges: [Range<usize>; BLOCK] = std::array::from_fn(|r| {
            let start = rows[r] as usize * stride;
            start..start + stride
        });
        // Rows are listed once, in increasing order, so their ranges do not overlap.
        let Ok(w) = matrix.get_disjoint_mut(ranges) else {
            unreachable!("rows {rows:?} of {stride} chunks overlap or lie outside the matrix")
        };
        let at = |vector: &[T], r: usize| vector.get(rows[r] as usize).copied().unwrap_or(T::ZERO);
        let pre: [[T; K]; BLOCK] =
            std::array::from_fn(|r| std::array::from_fn(|k| at(self.pres[k], r)));
        let right: [[T; M]; BLOCK] =
            std::array::from_fn(|r| std::array::from_fn(|m| at(self.right[m], r)));
        let mut dots = [[Lanes::<T>::ZERO; N]; BLOCK];
        for chunk in 0..stride {
            let post: [Lanes<T>; K] = std::array::from_fn(|k| Lanes(self.posts[k][chunk]));
            let left: [Lanes<T>; N] = std::array::from_fn(|n| Lanes(self.left[n][chunk]));
            let mut out: [Lanes<T>; M] =
                std::array::from_fn(|m| Lanes(self.out[m * stride + chunk]));
            for r in 0..BLOCK {
                let mut x = Lanes(w[r][chunk]);
                if SCALED {
                    x = x.scaled(self.scale);
                }
                for k in 0..K {
                    x = x.plus_scaled(pre[r][k], post[k]);
                }
                if K > 0 || SCALED {
                    w[r][chunk] = x.0;
                } else if N > 0 {
                    // Sixteen numbers stored side by side are what the compiler takes
                    // for a hint to keep them in one register. Without a store it
                    // vectorises across the rows, which takes twice as long.
                    self.copy[r * stride + chunk] = x.0;
                }
                for m in 0..M {
                    out[m] = out[m].plus_scaled(right[r][m], x);
                }
                for n in 0..N {
                    dots[r][n] = dots[r][n].plus_product(x, left[n]);
                }
            }
            for m in 0..M {
                self.out[m * stride + chunk] = out[m].0;
            }
        }
        for r in 0..BLOCK {
            for n in 0..N {
                if let Some(dot) = self.dots[n].get_mut(rows[r] as usize) {
                    *dot = dots[r][n].total();
                }
            }
        }
    }
}
