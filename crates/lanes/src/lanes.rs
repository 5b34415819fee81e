#![expect(
    clippy::needless_range_loop,
    reason = "counted loops over fixed-size arrays are what becomes vector code"
)]

use crate::{Fused, Real};

/// Partial sums of every sum taken by the engine.
pub const WIDTH: usize = 16;
/// What is left of them after one step of [`Lanes::total`].
pub const HALF: usize = WIDTH / 2;

/// Sixteen numbers side by side: the unit in which rows of a plastic matrix are
/// walked and sums are taken. They start at a cache line, so that no access straddles
/// more lines than it must.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Lanes<T>(
    /// The numbers.
    pub [T; WIDTH],
);

/// How many [`Lanes`] hold `n` numbers.
pub const fn lanes_for(n: usize) -> usize {
    n.div_ceil(WIDTH)
}

impl<T: Real> Lanes<T> {
    /// Sixteen zeros.
    pub const ZERO: Self = Lanes([T::ZERO; WIDTH]);

    /// Adds s·x, lane by lane, each with one rounding.
    #[inline(always)]
    pub fn add_scaled(&mut self, fused: Fused, s: T, x: &Self) {
        fused.add_products(&mut self.0, |_| s, &x.0);
    }

    /// Adds x·y, lane by lane, each with one rounding.
    #[inline(always)]
    pub fn add_product(&mut self, fused: Fused, x: &Self, y: &Self) {
        fused.add_products(&mut self.0, |lane| x.0[lane], &y.0);
    }

    /// s·self, lane by lane.
    #[inline(always)]
    pub fn scaled(mut self, s: T) -> Self {
        for lane in 0..WIDTH {
            self.0[lane] = s * self.0[lane];
        }
        self
    }

    /// The sum of the lanes by halving: 16, 8, 4, 2, 1.
    #[inline(always)]
    pub fn total(&self) -> T {
        let mut half = [T::ZERO; HALF];
        self.halve(&mut half);
        total_of_half(&mut half)
    }

    /// The first step of [`Lanes::total`].
    #[inline(always)]
    pub fn halve(&self, half: &mut [T; HALF]) {
        for lane in 0..HALF {
            half[lane] = self.0[lane] + self.0[lane + HALF];
        }
    }
}

/// The other steps of [`Lanes::total`]. Sums are written over what they are of, which makes
/// for vector code.
#[inline(always)]
pub fn total_of_half<T: Real>(x: &mut [T; HALF]) -> T {
    for lane in 0..4 {
        x[lane] = x[lane] + x[lane + 4];
    }
    (x[0] + x[2]) + (x[1] + x[3])
}

/// Σ aᵢ bᵢ in the fixed lane structure. `a` and `b` have the same length.
#[inline(always)]
pub fn dot<T: Real>(fused: Fused, a: &[T], b: &[T]) -> T {
    let (a_chunks, a_rest) = a.as_chunks::<WIDTH>();
    let (b_chunks, b_rest) = b.as_chunks::<WIDTH>();
    let mut partial = Lanes::ZERO;
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        fused.add_products(&mut partial.0, |lane| x[lane], y);
    }
    for (lane, (x, y)) in a_rest.iter().zip(b_rest).enumerate() {
        partial.0[lane] = fused.mul_add(*x, *y, partial.0[lane]);
    }
    partial.total()
}

/// Σ aᵢ bᵢ of whole lanes. `a` and `b` have the same length.
#[inline(always)]
pub fn dot_lanes<T: Real>(fused: Fused, a: &[Lanes<T>], b: &[Lanes<T>]) -> T {
    let mut partial = Lanes::ZERO;
    for (x, y) in a.iter().zip(b) {
        partial.add_product(fused, x, y);
    }
    partial.total()
}

/// y ← y + s·x. `x` and `y` have the same length.
#[inline(always)]
pub fn add_scaled<T: Real>(fused: Fused, y: &mut [Lanes<T>], s: T, x: &[Lanes<T>]) {
    for (y, x) in y.iter_mut().zip(x) {
        y.add_scaled(fused, s, x);
    }
}

/// y ← y + s·x, number by number. `x` and `y` have the same length.
#[inline(always)]
pub fn add_scaled_numbers<T: Real>(fused: Fused, y: &mut [T], s: T, x: &[T]) {
    let (y_chunks, y_rest) = y.as_chunks_mut::<WIDTH>();
    let (x_chunks, x_rest) = x.as_chunks::<WIDTH>();
    for (y, x) in y_chunks.iter_mut().zip(x_chunks) {
        fused.add_products(y, |_| s, x);
    }
    for (y, x) in y_rest.iter_mut().zip(x_rest) {
        *y = fused.mul_add(s, *x, *y);
    }
}

/// Σ aᵢ in the fixed lane structure.
#[inline(always)]
pub fn sum<T: Real>(a: &[T]) -> T {
    let (chunks, rest) = a.as_chunks::<WIDTH>();
    let mut partial = Lanes([T::ZERO; WIDTH]);
    for x in chunks {
        for lane in 0..WIDTH {
            partial.0[lane] = partial.0[lane] + x[lane];
        }
    }
    for (lane, x) in rest.iter().enumerate() {
        partial.0[lane] = partial.0[lane] + *x;
    }
    partial.total()
}

/// Whether there is nothing infinite and no NaN.
#[inline(always)]
pub fn all_finite<T: Real>(a: &[T]) -> bool {
    let (chunks, rest) = a.as_chunks::<WIDTH>();
    // 0 as long as all are finite, NaN otherwise.
    let mut poison = [T::ZERO; WIDTH];
    for x in chunks {
        for lane in 0..WIDTH {
            poison[lane] = poison[lane] + x[lane] * T::ZERO;
        }
    }
    for (lane, x) in rest.iter().enumerate() {
        poison[lane] = poison[lane] + *x * T::ZERO;
    }
    // One after the other: with the tree of `total` the loop is not made vector code.
    poison.into_iter().fold(T::ZERO, |sum, x| sum + x) == T::ZERO
}
