//! One walk over the rows of a plastic matrix that does several things at once.
//!
//! A plastic matrix is read and written many times a step, and at the paper's size it
//! does not fit the first-level cache. What counts is therefore how often it is
//! walked, and how often it is written: one pass applies updates that wait, and takes
//! products from both sides, for several rows at a time so that the vectors stay in
//! registers.
#![expect(
    clippy::needless_range_loop,
    reason = "counted loops over fixed-size arrays are what becomes vector code"
)]

use std::array::from_fn;
use std::ops::Range;

use crate::Real;
use crate::simd::{self, Fused, Lanes, add_scaled, dispatch};

/// Most rank-1 terms that a pass applies. Applying four takes no longer than applying
/// one, since what takes long is to write the matrix.
pub(crate) const MAX_APPLIED: usize = 4;
/// Most products from each side of one pass for a rule.
pub(crate) const MAX_PRODUCTS: usize = 3;
/// Vectors of a batch whose products are taken in one pass.
pub(crate) const BATCH: usize = 4;
/// Most products from each side of any pass.
pub(crate) const MAX_SIDE: usize = if MAX_PRODUCTS > BATCH {
    MAX_PRODUCTS
} else {
    BATCH
};

/// Rows walked together. A matrix has spare rows behind its own, always zero, with
/// which the last block is filled up.
pub(crate) const BLOCK: usize = 4;

/// The rows that a pass walks, in increasing order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// How many rows the matrix has, not counting spare ones.
    pub(crate) of: usize,
    /// Those to be walked; all if there is no list.
    pub(crate) list: Option<&'a [u32]>,
}

impl Rows<'_> {
    fn blocks(&self) -> usize {
        self.list.map_or(self.of, <[u32]>::len).div_ceil(BLOCK)
    }

    #[inline(always)]
    fn block(&self, i: usize) -> [usize; BLOCK] {
        let start = i * BLOCK;
        let Some(list) = self.list else {
            return from_fn(|r| start + r);
        };
        match list[start..].first_chunk::<BLOCK>() {
            Some(block) => block.map(|row| row as usize),
            None => from_fn(|r| {
                list.get(start + r)
                    .map_or(self.of + r - 1, |row| *row as usize)
            }),
        }
    }
}

/// For each row j in `rows`, in this order, in one walk:
/// 1. wⱼ ← scale·wⱼ + Σₖ pres[k]ⱼ · posts[k],
/// 2. out_m ← out_m + right[m]ⱼ · wⱼ,
/// 3. dots[n]ⱼ = ⟨wⱼ, left[n]⟩.
///
/// A row and the vectors that go with it (`posts`, `out`, `left`) have `stride` lanes,
/// zero beyond the matrix; vectors over rows have one number a row, and count as zero
/// beyond their end.
pub struct Pass<'a, T> {
    pub(crate) matrix: &'a mut [Lanes<T>],
    pub(crate) stride: usize,
    pub(crate) rows: Rows<'a>,
    pub(crate) scale: Option<T>,
    /// K × stride lanes.
    pub(crate) posts: &'a [Lanes<T>],
    /// K vectors over rows.
    pub(crate) pres: &'a [Vec<T>],
    pub(crate) right: &'a [&'a [T]],
    /// M × stride lanes.
    pub(crate) out: &'a mut [Lanes<T>],
    /// N × stride lanes.
    pub(crate) left: &'a [Lanes<T>],
    pub(crate) dots: &'a mut [Vec<T>],
    /// Two blocks to scribble on.
    pub(crate) copy: &'a mut [Lanes<T>; 2 * BLOCK],
}

/// The passes that are compiled: (products from the right, from the left) for how many
/// applied terms, without and with a scale. What is missing is done in two walks: first
/// what is to be applied, then the products.
macro_rules! compiled_passes {
    ($with:ident) => {
        $with! {
            (0, 0): [1 2 3 4] [0 1 2 3 4];
            (1, 0): [0 4] [4];
            (0, 1): [0 4] [4];
            (1, 1): [0 4] [4];
            (2, 0): [0 4] [];
            (2, 1): [0 4] [4];
            (1, 2): [0 4] [4];
            (2, 2): [0 4] [4];
            (2, 3): [0 4] [4];
            (3, 3): [0] [];
            (4, 0): [0] [];
            (0, 4): [0] [];
        }
    };
}

/// Whether there is a pass for so many applied terms, products from the right and from
/// the left.
pub(crate) fn is_compiled(applied: usize, right: usize, left: usize, scaled: bool) -> bool {
    macro_rules! lookup {
        ($(($m:literal, $n:literal): [$($k:literal)*] [$($s:literal)*];)+) => {
            match (right, left, scaled) {
                $(($m, $n, false) => [$($k),*].contains(&applied),
                ($m, $n, true) => <[usize]>::contains(&[$($s),*], &applied),)+
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

/// A number type for which the walks are compiled: f32 and f64. As generic functions
/// their many variants would be compiled again for every program that uses the crate.
/// Not to be named outside it.
pub trait Walk: Sized {
    /// Walks the matrix.
    ///
    /// # Panics
    /// If there is no such pass, see [`is_compiled`].
    fn walk(pass: Pass<'_, Self>);
}

impl Walk for f32 {
    fn walk(pass: Pass<'_, f32>) {
        pass.run();
    }
}

impl Walk for f64 {
    fn walk(pass: Pass<'_, f64>) {
        pass.run();
    }
}

impl<T: Real> Pass<'_, T> {
    fn run(self) {
        let shape = (self.pres.len(), self.right.len(), self.dots.len());
        macro_rules! choose {
            ($(($m:literal, $n:literal): [$($k:literal)*] [$($s:literal)*];)+) => {
                match (shape, self.scale.is_some()) {
                    $($((($k, $m, $n), false) => dispatch(
                        #[inline(always)]
                        move |fused| match fused {
                            Fused::Hardware => self.walk::<$k, $m, $n, false>(),
                            Fused::Software => self.walk_row_by_row(),
                        },
                    ),)*
                    $((($s, $m, $n), true) => dispatch(
                        #[inline(always)]
                        move |fused| match fused {
                            Fused::Hardware => self.walk::<$s, $m, $n, true>(),
                            Fused::Software => self.walk_row_by_row(),
                        },
                    ),)*)+
                    _ => unreachable!("no pass for {shape:?}"),
                }
            };
        }
        compiled_passes!(choose);
    }

    /// The same walk where products are fused in software. That takes so long that
    /// neither loads and stores nor loops count, so each step goes along a row by itself.
    /// Each number goes through the same operations in the same order.
    fn walk_row_by_row(self) {
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
        let fused = Fused::Software;
        let at = |vector: &[T], j: usize| vector.get(j).copied().unwrap_or(T::ZERO);
        for j in (0..rows.blocks()).flat_map(|i| rows.block(i)) {
            let w = &mut matrix[j * stride..][..stride];
            if let Some(scale) = scale {
                w.iter_mut().for_each(|x| *x = x.scaled(scale));
            }
            for (pre, post) in pres.iter().zip(posts.chunks_exact(stride)) {
                add_scaled(fused, w, at(pre, j), post);
            }
            for (right, out) in right.iter().zip(out.chunks_exact_mut(stride)) {
                add_scaled(fused, out, at(right, j), w);
            }
            for (dots, left) in dots.iter_mut().zip(left.chunks_exact(stride)) {
                if let Some(dot) = dots.get_mut(j) {
                    *dot = simd::dot_lanes(fused, w, left);
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
        let mut out = out.chunks_exact_mut(stride);
        let mut dots = dots.iter_mut();
        let mut vectors = Vectors::<'_, T, K, M, N> {
            stride,
            scale: scale.unwrap_or(T::ONE),
            posts: from_fn(|k| &posts[k * stride..]),
            pres: from_fn(|k| pres[k].as_slice()),
            right: from_fn(|m| right[m]),
            out: from_fn(|_| out.next().expect("a pass has room for M products")),
            left: from_fn(|n| &left[n * stride..]),
            dots: from_fn(|_| {
                dots.next()
                    .expect("a pass has room for N products")
                    .as_mut_slice()
            }),
            copy,
        };
        for i in 0..rows.blocks() {
            vectors.walk_block::<SCALED>(matrix, rows.block(i));
        }
    }
}

struct Vectors<'a, T, const K: usize, const M: usize, const N: usize> {
    stride: usize,
    scale: T,
    posts: [&'a [Lanes<T>]; K],
    pres: [&'a [T]; K],
    right: [&'a [T]; M],
    out: [&'a mut [Lanes<T>]; M],
    left: [&'a [Lanes<T>]; N],
    dots: [&'a mut [T]; N],
    copy: &'a mut [Lanes<T>; 2 * BLOCK],
}

impl<T: Real, const K: usize, const M: usize, const N: usize> Vectors<'_, T, K, M, N> {
    #[inline(always)]
    fn walk_block<const SCALED: bool>(&mut self, matrix: &mut [Lanes<T>], rows: [usize; BLOCK]) {
        let stride = self.stride;
        let ranges: [Range<usize>; BLOCK] = rows.map(|row| row * stride..(row + 1) * stride);
        // Rows are listed once, in increasing order, so their ranges do not overlap.
        let Ok(w) = matrix.get_disjoint_mut(ranges) else {
            unreachable!("rows {rows:?} of {stride} lanes overlap or lie outside the matrix")
        };
        // Cut to one length that the compiler knows, so that the loop checks no bounds.
        let w = w.map(|w| &mut w[..stride]);
        let posts = self.posts.map(|post| &post[..stride]);
        let lefts = self.left.map(|left| &left[..stride]);
        let out = self.out.each_mut().map(|out| &mut out[..stride]);
        let at = |vector: &[T], r: usize| vector.get(rows[r]).copied().unwrap_or(T::ZERO);
        let pre: [[T; K]; BLOCK] = from_fn(|r| from_fn(|k| at(self.pres[k], r)));
        let right: [[T; M]; BLOCK] = from_fn(|r| from_fn(|m| at(self.right[m], r)));
        let mut dots = [[Lanes::<T>::ZERO; N]; BLOCK];
        for chunk in 0..stride {
            let post: [Lanes<T>; K] = from_fn(|k| posts[k][chunk]);
            let left: [Lanes<T>; N] = from_fn(|n| lefts[n][chunk]);
            let mut sum: [Lanes<T>; M] = from_fn(|m| out[m][chunk]);
            for r in 0..BLOCK {
                let mut x = w[r][chunk];
                if SCALED {
                    x = x.scaled(self.scale);
                }
                for k in 0..K {
                    x.add_scaled(Fused::Hardware, pre[r][k], &post[k]);
                }
                if K > 0 || SCALED {
                    w[r][chunk] = x;
                } else if N > 0 || r == 0 {
                    // Sixteen numbers stored side by side are what the compiler takes
                    // for a hint to keep them in one register. Without a store it
                    // vectorises across the rows, or from seventeen chunks on across
                    // those, which takes four times as long and more.
                    self.copy[chunk % 2 * BLOCK + r] = x;
                }
                for m in 0..M {
                    sum[m].add_scaled(Fused::Hardware, right[r][m], &x);
                }
                for n in 0..N {
                    dots[r][n].add_product(Fused::Hardware, &x, &left[n]);
                }
            }
            for m in 0..M {
                out[m][chunk] = sum[m];
            }
        }
        for r in 0..BLOCK {
            for n in 0..N {
                if let Some(dot) = self.dots[n].get_mut(rows[r]) {
                    *dot = dots[r][n].total();
                }
            }
        }
    }
}
