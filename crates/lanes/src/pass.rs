//! One walk over the rows of a plastic matrix that does several things at once.
//!
//! A plastic matrix is read and written many times a step, and at the paper's size it
//! does not fit the first-level cache. What counts is therefore how often it is
//! walked, and how often it is written: one pass applies updates that wait, and takes
//! products from both sides, tile by tile: as many rows as stay in the first-level cache
//! while one thing after the other is done with them.
#![expect(
    clippy::needless_range_loop,
    reason = "counted loops over fixed-size arrays are what becomes vector code"
)]

use std::array::{from_mut, from_ref};

use crate::{Fused, HALF, Lanes, Real, add_scaled, dispatch, dot_lanes, total_of_half};

/// Most rank-1 terms that a pass applies. Applying four takes hardly longer than applying
/// one, since what takes long is to write the matrix.
pub const MAX_APPLIED: usize = 4;
/// Most products from each side of one pass for a rule.
pub const MAX_PRODUCTS: usize = 3;
/// Vectors of a batch whose products are taken in one pass.
pub const BATCH: usize = 4;
/// Most products from each side of any pass.
pub const MAX_SIDE: usize = if MAX_PRODUCTS > BATCH {
    MAX_PRODUCTS
} else {
    BATCH
};

/// Most rows of a tile.
pub const TILE: usize = 64;
/// Bytes of a tile with which more than one thing is done: half a first-level cache.
const TILE_BYTES: usize = 1 << 14;

/// For each row j in `rows`, in this order, in one walk:
/// 1. wⱼ ← scale·wⱼ + Σₖ `pres[k]`ⱼ · `posts[k]`,
/// 2. out_m ← out_m + `right[m]`ⱼ · wⱼ,
/// 3. `dots[n]`ⱼ = ⟨wⱼ, `left[n]`⟩.
///
/// A row and the vectors that go with it (`posts`, `out`, `left`) have `stride` lanes,
/// zero beyond the matrix; vectors over rows have one number a row. A walk panics where a row
/// or a vector is shorter than that.
pub struct Pass<'a, T> {
    /// The rows w, one after the other.
    pub matrix: &'a mut [Lanes<T>],
    /// Lanes of a row.
    pub stride: usize,
    /// Each at most once, in increasing order.
    pub rows: &'a [u32],
    /// What the rows are multiplied by, 1 where not given.
    pub scale: Option<T>,
    /// K × stride lanes.
    pub posts: &'a [Lanes<T>],
    /// K vectors over rows, at most [`MAX_APPLIED`].
    pub pres: &'a [Vec<T>],
    /// M vectors over rows.
    pub right: &'a [&'a [T]],
    /// M × stride lanes.
    pub out: &'a mut [Lanes<T>],
    /// N × stride lanes.
    pub left: &'a [Lanes<T>],
    /// N vectors over rows.
    pub dots: &'a mut [Vec<T>],
    /// Room for what becomes the dots of a tile.
    pub halves: &'a mut [[T; HALF]; TILE],
}

/// A number type for which the walks are compiled: f32 and f64. As generic functions
/// they would be compiled again for every program that uses the crate. Not to be named
/// outside the crate, so that [`Real`] is closed.
pub trait Walk: Sized {
    /// Walks the matrix.
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
    fn run(mut self) {
        dispatch(
            #[inline(always)]
            move |fused| self.walk(fused),
        );
    }

    #[inline(always)]
    fn walk(&mut self, fused: Fused) {
        let applies = self.scale.is_some() || !self.pres.is_empty();
        let things = usize::from(applies) + self.right.len() + self.dots.len();
        let tile = if things > 1 {
            (TILE_BYTES / (self.stride * size_of::<Lanes<T>>())).clamp(1, TILE)
        } else {
            TILE
        };
        let stride = self.stride;
        for tile in self.rows.chunks(tile) {
            if applies {
                self.apply(fused, tile);
            }
            for (right, out) in self.right.iter().zip(self.out.chunks_exact_mut(stride)) {
                add_rows(fused, self.matrix, tile, right, out);
            }
            for (dots, left) in self.dots.iter_mut().zip(self.left.chunks_exact(stride)) {
                take_dots(fused, self.matrix, tile, left, dots, self.halves);
            }
        }
    }

    /// wⱼ ← scale·wⱼ + Σₖ pres[k]ⱼ · posts[k].
    #[inline(always)]
    fn apply(&mut self, fused: Fused, tile: &[u32]) {
        if fused == Fused::Software {
            // Fusing takes so long that neither loads nor stores count.
            for j in tile {
                let w = &mut self.matrix[*j as usize * self.stride..][..self.stride];
                if let Some(scale) = self.scale {
                    w.iter_mut().for_each(|x| *x = x.scaled(scale));
                }
                for (pre, post) in self.pres.iter().zip(self.posts.chunks_exact(self.stride)) {
                    add_scaled(fused, w, pre[*j as usize], post);
                }
            }
            return;
        }
        match (self.pres.len(), self.scale.is_some()) {
            (1, false) => self.apply_terms::<1, false>(tile),
            (2, false) => self.apply_terms::<2, false>(tile),
            (3, false) => self.apply_terms::<3, false>(tile),
            (4, false) => self.apply_terms::<4, false>(tile),
            (0, true) => self.apply_terms::<0, true>(tile),
            (1, true) => self.apply_terms::<1, true>(tile),
            (2, true) => self.apply_terms::<2, true>(tile),
            (3, true) => self.apply_terms::<3, true>(tile),
            (4, true) => self.apply_terms::<4, true>(tile),
            (terms, _) => unreachable!("{terms} terms for a pass"),
        }
    }

    /// The same for K terms, two rows at a time, since they share what is loaded of `posts`.
    #[inline(always)]
    fn apply_terms<const K: usize, const SCALED: bool>(&mut self, tile: &[u32]) {
        let stride = self.stride;
        let mut terms = Terms::<T, K, SCALED> {
            scale: self.scale.unwrap_or(T::ONE),
            posts: [&[]; K],
            pres: [&[]; K],
        };
        let rows = self.matrix.len() / stride;
        for k in 0..K {
            terms.posts[k] = &self.posts[k * stride..][..stride];
            terms.pres[k] = &self.pres[k][..rows];
        }
        let (pairs, last) = tile.as_chunks::<2>();
        for [a, b] in pairs {
            let (a, b) = (*a as usize, *b as usize);
            let (head, tail) = self.matrix.split_at_mut(b * stride);
            let (w, v) = (&mut head[a * stride..][..stride], &mut tail[..stride]);
            let (of_w, of_v) = (terms.factors(a), terms.factors(b));
            for chunk in 0..stride {
                (w[chunk], v[chunk]) = terms.applied(chunk, (w[chunk], of_w), (v[chunk], of_v));
            }
        }
        for a in last {
            let a = *a as usize;
            let w = &mut self.matrix[a * stride..][..stride];
            let of_w = terms.factors(a);
            for chunk in 0..stride {
                let nothing = (Lanes::ZERO, [T::ZERO; K]);
                (w[chunk], _) = terms.applied(chunk, (w[chunk], of_w), nothing);
            }
        }
    }
}

/// K terms, cut to lengths that the compiler knows to be one, so that loops check no bounds.
/// Written as loops, since what closures are called by is not always inlined.
struct Terms<'a, T, const K: usize, const SCALED: bool> {
    scale: T,
    posts: [&'a [Lanes<T>]; K],
    pres: [&'a [T]; K],
}

impl<T: Real, const K: usize, const SCALED: bool> Terms<'_, T, K, SCALED> {
    /// What each term has for row `j`.
    #[inline(always)]
    fn factors(&self, j: usize) -> [T; K] {
        let mut factors = [T::ZERO; K];
        for k in 0..K {
            factors[k] = self.pres[k][j];
        }
        factors
    }

    /// A chunk of two rows after the terms.
    #[inline(always)]
    fn applied(
        &self,
        chunk: usize,
        (mut x, of_x): (Lanes<T>, [T; K]),
        (mut y, of_y): (Lanes<T>, [T; K]),
    ) -> (Lanes<T>, Lanes<T>) {
        if SCALED {
            x = x.scaled(self.scale);
            y = y.scaled(self.scale);
        }
        for k in 0..K {
            let post = self.posts[k][chunk];
            x.add_scaled(Fused::Hardware, of_x[k], &post);
            y.add_scaled(Fused::Hardware, of_y[k], &post);
        }
        (x, y)
    }
}

/// out ← out + Σⱼ right_j · wⱼ over the rows of a tile.
#[inline(always)]
fn add_rows<T: Real>(
    fused: Fused,
    matrix: &[Lanes<T>],
    tile: &[u32],
    right: &[T],
    out: &mut [Lanes<T>],
) {
    // As many sums as vector registers hold, of which AVX2 has sixteen of 32 bytes.
    let most = match fused {
        Fused::Hardware => 24 / size_of::<T>(),
        Fused::Software => 1,
    };
    let terms = (tile, right);
    let mut first = 0;
    while first < out.len() {
        // Of one size, as near as may be: few sums would wait for each other.
        let rest = out.len() - first;
        let lanes = rest.div_ceil(rest.div_ceil(most));
        match lanes {
            1 => add_chunks::<T, 1>(fused, matrix, first, terms, out),
            2 => add_chunks::<T, 2>(fused, matrix, first, terms, out),
            3 => add_chunks::<T, 3>(fused, matrix, first, terms, out),
            4 => add_chunks::<T, 4>(fused, matrix, first, terms, out),
            5 => add_chunks::<T, 5>(fused, matrix, first, terms, out),
            _ => add_chunks::<T, 6>(fused, matrix, first, terms, out),
        }
        first += lanes;
    }
}

/// The same for G lanes from `first` on, whose sums stay in registers.
#[inline(always)]
fn add_chunks<T: Real, const G: usize>(
    fused: Fused,
    matrix: &[Lanes<T>],
    first: usize,
    (tile, right): (&[u32], &[T]),
    out: &mut [Lanes<T>],
) {
    let stride = out.len();
    let Some(out) = out[first..].first_chunk_mut::<G>() else {
        unreachable!("{G} lanes from {first} on of {stride}")
    };
    let mut sums = *out;
    for j in tile {
        let j = *j as usize;
        let Some(w) = matrix[j * stride + first..].first_chunk::<G>() else {
            unreachable!("row {j} of {stride} lanes lies outside the matrix")
        };
        let factor = right[j];
        for g in 0..G {
            sums[g].add_scaled(fused, factor, &w[g]);
        }
    }
    *out = sums;
}

/// dotsⱼ = ⟨wⱼ, left⟩ for the rows of a tile.
#[inline(always)]
fn take_dots<T: Real>(
    fused: Fused,
    matrix: &[Lanes<T>],
    tile: &[u32],
    left: &[Lanes<T>],
    dots: &mut [T],
    halves: &mut [[T; HALF]; TILE],
) {
    if fused == Fused::Software {
        for j in tile {
            let j = *j as usize;
            dots[j] = dot_lanes(fused, &matrix[j * left.len()..][..left.len()], left);
        }
        return;
    }
    // The totals of all rows behind the sums of all: side by side the compiler makes vector
    // code across the rows, which takes three times as long.
    let halves = &mut halves[..tile.len()];
    let (blocks, rest) = tile.as_chunks::<4>();
    let (of_blocks, of_rest) = halves.as_chunks_mut::<4>();
    for (rows, halves) in blocks.iter().zip(of_blocks) {
        sum_products(matrix, rows, left, halves);
    }
    for (row, half) in rest.iter().zip(of_rest) {
        sum_products(matrix, from_ref(row), left, from_mut(half));
    }
    for (j, half) in tile.iter().zip(halves) {
        dots[*j as usize] = total_of_half(half);
    }
}

/// What the totals are to be taken of for ⟨wⱼ, left⟩ of R rows.
#[inline(always)]
fn sum_products<T: Real, const R: usize>(
    matrix: &[Lanes<T>],
    rows: &[u32; R],
    left: &[Lanes<T>],
    halves: &mut [[T; HALF]; R],
) {
    let stride = left.len();
    let mut w: [&[Lanes<T>]; R] = [&[]; R];
    for r in 0..R {
        w[r] = &matrix[rows[r] as usize * stride..][..stride];
    }
    let mut sums = [Lanes::ZERO; R];
    for chunk in 0..stride {
        let left = left[chunk];
        for r in 0..R {
            sums[r].add_product(Fused::Hardware, &left, &w[r][chunk]);
        }
    }
    for r in 0..R {
        sums[r].halve(&mut halves[r]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WIDTH;

    const ROWS: usize = 11;

    /// Numbers of either sign, none of them 0.
    fn numbers<T: Real>(n: usize, salt: usize) -> Vec<T> {
        let number = |i: usize| ((i * 17 + salt * 29 + 5) as f64 * 0.618_034).fract() - 0.499;
        (0..n).map(|i| T::from_f64(number(i))).collect()
    }

    fn lanes<T: Real>(n: usize, salt: usize) -> Vec<Lanes<T>> {
        let numbers = numbers(n * WIDTH, salt);
        let (lanes, _) = numbers.as_chunks::<WIDTH>();
        lanes.iter().map(|lanes| Lanes(*lanes)).collect()
    }

    /// Matrix, products and dots after a walk, as bits.
    fn walked<T: Real>(
        fused: Fused,
        stride: usize,
        (terms, scaled): (usize, bool),
        (right, left): (usize, usize),
        rows: &[u32],
    ) -> Vec<u64> {
        let vectors = |count: usize, salt: usize| -> Vec<Vec<T>> {
            (0..count).map(|k| numbers(ROWS, salt + k)).collect()
        };
        let mut matrix = lanes::<T>(ROWS * stride, 1);
        let mut out = lanes::<T>(right * stride, 2);
        let mut dots = vectors(left, 3);
        let rights = vectors(right, 4);
        Pass {
            matrix: &mut matrix,
            stride,
            rows,
            scale: scaled.then(|| T::from_f64(0.75)),
            posts: &lanes(terms * stride, 5),
            pres: &vectors(terms, 6),
            right: &rights.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            out: &mut out,
            left: &lanes(left * stride, 7),
            dots: &mut dots,
            halves: &mut [[T::ZERO; HALF]; TILE],
        }
        .walk(fused);
        let of_lanes = matrix.iter().chain(&out).flat_map(|lanes| lanes.0);
        of_lanes
            .chain(dots.into_iter().flatten())
            .map(|x| x.to_f64().to_bits())
            .collect()
    }

    /// What software fuses goes row by row, as the definition says; what hardware
    /// fuses in blocks of all sizes.
    fn all_shapes_agree<T: Real>() {
        let some: &[u32] = &[0, 2, 3, 7, 10];
        let all: Vec<u32> = (0..ROWS as u32).collect();
        let shapes = [(0, 0), (1, 0), (0, 1), (2, 1), (1, 3), (4, 4)];
        for stride in 1..=13 {
            for terms in 0..=MAX_APPLIED {
                for (scaled, rows) in [(false, some), (true, all.as_slice())] {
                    for products in shapes {
                        let walk =
                            |fused| walked::<T>(fused, stride, (terms, scaled), products, rows);
                        assert!(
                            walk(Fused::Hardware) == walk(Fused::Software),
                            "{stride} lanes, {terms} terms, scaled: {scaled}, {products:?} products"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_walk_of_any_shape_gives_the_bits_of_one_row_by_row() {
        all_shapes_agree::<f32>();
        all_shapes_agree::<f64>();
    }
}
