//! The number types the engine computes in: `f32` for runs, `f64` for checks.

use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::Fused;
use crate::fused::Fuse;
use crate::pass::Walk;

/// A real number type. Implemented by `f32` and `f64` and closed to others.
///
/// The elementary functions are the engine's own or `libm`'s, never the
/// platform's, so that they give the same bits everywhere.
pub trait Real:
    Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + ndarray::LinalgScalar
    + Fuse
    + Walk
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The name of the type as a user writes it: "f32" or "f64".
    const NAME: &'static str;

    /// The nearest number to `x`.
    fn from_f64(x: f64) -> Self;
    /// This number as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// self·a + b with one rounding.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// √self.
    fn sqrt(self) -> Self;
    /// Whether this is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// e^self; 0 and ∞ at the ends of the range.
    fn exp(self, fused: Fused) -> Self;
    /// e^self − 1, precise near 0.
    fn exp_m1(self, fused: Fused) -> Self;
    /// ln self.
    fn ln(self) -> Self;
    /// ln(1 + self), precise near 0.
    fn ln_1p(self) -> Self;
    /// ln(1 + self) for self in [0, 1], in a form that vectorises.
    fn ln_1p_unit(self, fused: Fused) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The sine; self in radians.
    fn sin(self) -> Self;
    /// The cosine; self in radians.
    fn cos(self) -> Self;
    /// selfⁿ by repeated squaring; 1 for n = 0, whatever self is.
    fn powi(self, n: i32) -> Self {
        let (mut power, mut square, mut left) = (Self::ONE, self, n.unsigned_abs());
        while left > 0 {
            if left % 2 == 1 {
                power = power * square;
            }
            square = square * square;
            left /= 2;
        }
        if n < 0 { Self::ONE / power } else { power }
    }
}

/// The larger of two numbers; `a` where they do not compare.
#[inline(always)]
pub fn max<T: Real>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// The larger of two numbers; NaN if either is.
pub fn max_or_nan<T: Real>(a: T, b: T) -> T {
    if a > b || a.partial_cmp(&a).is_none() {
        a
    } else {
        b
    }
}

/// e^x = 2ⁿ·e^r with n = round(x / ln 2) and |r| ≤ ln 2 / 2 (Cody & Waite 1980), the
/// second factor by its Taylor series. Straight-line code, so that loops over it
/// become vector code. Below `low` and above `high` the result no longer changes;
/// `magic` pushes the integer part of a number into the low bits of its significand.
macro_rules! elementary {
    ($T:ident as $I:ident, mantissa: $mantissa:expr, bias: $bias:expr, magic: $magic:expr,
     low: $low:expr, high: $high:expr, ln2_hi: $ln2_hi:expr, ln2_lo: $ln2_lo:expr,
     exp_terms: $exp_terms:expr, log_terms: $log_terms:expr) => {
        /// 2ⁿ as two factors, since n may lie outside the exponents of normal numbers;
        /// one over the second; and e^r − 1.
        #[inline(always)]
        fn exp_parts(self, fused: Fused) -> ($T, $T, $T, $T) {
            let x = if self < $low { $low } else { self };
            let x = if x > $high { $high } else { x };
            let shifted = fused.mul_add(x, std::f64::consts::LOG2_E as $T, $magic);
            let n = shifted - $magic;
            let exponent = (shifted.to_bits() as $I).wrapping_sub(($magic as $T).to_bits() as $I);
            let r = fused.mul_add(n, -$ln2_hi, x);
            let r = fused.mul_add(n, -$ln2_lo, r);
            let mut series: $T = 0.0;
            let mut k = $exp_terms;
            while k >= 2 {
                series = fused.mul_add(series, r, INVERSE_FACTORIAL[k] as $T);
                k -= 1;
            }
            let less_one = fused.mul_add(series * r, r, r);
            let half = exponent >> 1;
            let first = <$T>::from_bits(((half + $bias) << $mantissa) as _);
            let second = <$T>::from_bits(((exponent - half + $bias) << $mantissa) as _);
            let per_second = <$T>::from_bits((($bias - (exponent - half)) << $mantissa) as _);
            (first, second, per_second, less_one)
        }

        #[inline(always)]
        fn exp_of(self, fused: Fused) -> $T {
            let (first, second, _, less_one) = self.exp_parts(fused);
            (1.0 + less_one) * first * second
        }

        #[inline(always)]
        fn exp_m1_of(self, fused: Fused) -> $T {
            let (first, second, per_second, less_one) = self.exp_parts(fused);
            // The second factor last: 2ⁿ by itself is infinite before e^x − 1 is.
            fused.mul_add(first, less_one, first - per_second) * second
        }

        /// ln(1+u) = 2 artanh(s), s = u/(2+u) ≤ 1/3, by its power series.
        #[inline(always)]
        fn ln_1p_unit_of(self, fused: Fused) -> $T {
            let s = self / (2.0 + self);
            let square = s * s;
            let mut series: $T = 0.0;
            let mut k = $log_terms;
            while k >= 1 {
                series = fused.mul_add(series, square, 1.0 / (2 * k + 1) as $T);
                k -= 1;
            }
            let twice = 2.0 * s;
            fused.mul_add(series * square, twice, twice)
        }
    };
}

/// 1/k! for k = 0..=13.
const INVERSE_FACTORIAL: [f64; 14] = {
    let mut table = [1.0; 14];
    let mut k = 1;
    while k < 14 {
        table[k] = table[k - 1] / k as f64;
        k += 1;
    }
    table
};

trait Elementary: Sized {
    fn exp_parts(self, fused: Fused) -> (Self, Self, Self, Self);
    fn exp_of(self, fused: Fused) -> Self;
    fn exp_m1_of(self, fused: Fused) -> Self;
    fn ln_1p_unit_of(self, fused: Fused) -> Self;
}

impl Elementary for f32 {
    // r⁸/8! < 6e-9 and (1/9)⁸/17 < 2e-9: both below a quarter of an ulp.
    elementary!(
        f32 as i32,
        mantissa: 23,
        bias: 127,
        magic: 12582912.0_f32,
        low: -104.0,
        high: 89.0,
        ln2_hi: 0.693_145_75_f32,
        ln2_lo: 1.428_606_8e-6_f32,
        exp_terms: 7,
        log_terms: 7
    );
}

impl Elementary for f64 {
    // r¹⁴/14! < 5e-18 and (1/9)¹⁷/35 < 2e-18: both far below an ulp.
    elementary!(
        f64 as i64,
        mantissa: 52,
        bias: 1023,
        magic: 6755399441055744.0_f64,
        low: -746.0,
        high: 710.0,
        ln2_hi: 0.693_147_180_369_123_8_f64,
        ln2_lo: 1.908_214_929_270_587_7e-10_f64,
        exp_terms: 13,
        log_terms: 16
    );
}

macro_rules! real {
    ($T:ident, $ln:path, $ln_1p:path, $tanh:path, $sin:path, $cos:path) => {
        impl Real for $T {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $T::EPSILON;
            const NAME: &'static str = stringify!($T);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $T
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $T::mul_add(self, a, b)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $T::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $T::sqrt(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $T::is_finite(self)
            }
            #[inline(always)]
            fn exp(self, fused: Fused) -> Self {
                self.exp_of(fused)
            }
            #[inline(always)]
            fn exp_m1(self, fused: Fused) -> Self {
                self.exp_m1_of(fused)
            }
            fn ln(self) -> Self {
                $ln(self)
            }
            fn ln_1p(self) -> Self {
                $ln_1p(self)
            }
            #[inline(always)]
            fn ln_1p_unit(self, fused: Fused) -> Self {
                self.ln_1p_unit_of(fused)
            }
            fn tanh(self) -> Self {
                $tanh(self)
            }
            fn sin(self) -> Self {
                $sin(self)
            }
            fn cos(self) -> Self {
                $cos(self)
            }
        }
    };
}

real!(
    f32,
    libm::logf,
    libm::log1pf,
    libm::tanhf,
    libm::sinf,
    libm::cosf
);
real!(
    f64,
    libm::log,
    libm::log1p,
    libm::tanh,
    libm::sin,
    libm::cos
);

#[cfg(test)]
mod tests {
    use super::*;

    const FUSED: Fused = Fused::Hardware;

    /// |found − want| in units of want's last place, want computed in f64.
    fn ulps_f32(found: f32, want: f64) -> f64 {
        (f64::from(found) - want).abs() / (want.abs() * f64::from(f32::EPSILON)).max(1e-45)
    }

    #[test]
    fn f32_functions_are_within_two_ulps_over_their_range() {
        // Up to 88.7228, where e^x is the largest number.
        let mut x = -87.0_f32;
        while x < 88.72 {
            let exact = libm::exp(f64::from(x));
            assert!(ulps_f32(Real::exp(x, FUSED), exact) < 2.0, "exp({x})");
            let exact = libm::expm1(f64::from(x));
            assert!(ulps_f32(Real::exp_m1(x, FUSED), exact) < 2.5, "exp_m1({x})");
            x += 0.0137;
        }
        for i in 0..=10_000_u16 {
            let u = f32::from(i) / 10_000.0;
            let exact = libm::log1p(f64::from(u));
            assert!(ulps_f32(u.ln_1p_unit(FUSED), exact) < 2.0, "ln_1p({u})");
        }
    }

    #[test]
    fn f64_functions_are_within_two_ulps_over_their_range() {
        let close = |found: f64, want: f64| (found - want).abs() <= 2.5 * f64::EPSILON * want.abs();
        // Up to 709.7827, where e^x is the largest number.
        let mut x = -707.0_f64;
        while x < 709.78 {
            assert!(close(Real::exp(x, FUSED), libm::exp(x)), "exp({x})");
            assert!(close(Real::exp_m1(x, FUSED), libm::expm1(x)), "exp_m1({x})");
            x += 0.0731;
        }
        for i in 0..=10_000_u16 {
            let u = f64::from(i) / 10_000.0;
            assert!(close(u.ln_1p_unit(FUSED), libm::log1p(u)), "ln_1p({u})");
        }
        for x in [1e-300, -1e-300, 1e-20, -1e-9] {
            assert!(close(Real::exp_m1(x, FUSED), libm::expm1(x)), "exp_m1({x})");
        }
    }

    #[test]
    fn exp_m1_is_a_number_up_to_where_it_overflows() {
        // e^88.4 − 1 and e^709.5 − 1, to the digits shown.
        assert!((f64::from(Real::exp_m1(88.4_f32, FUSED)) / 2.463_95e38 - 1.0).abs() < 1e-4);
        assert!((Real::exp_m1(709.5_f64, FUSED) / 1.354_99e308 - 1.0).abs() < 1e-4);
        assert_eq!(Real::exp_m1(88.73_f32, FUSED), f32::INFINITY);
        assert_eq!(Real::exp_m1(709.79_f64, FUSED), f64::INFINITY);
        // The smallest numbers are their own images.
        for x in [f64::MIN_POSITIVE, 5e-324, -5e-324] {
            assert_eq!(Real::exp_m1(x, FUSED), x);
        }
        assert_eq!(Real::exp_m1(1e-45_f32, FUSED), 1e-45);
    }

    #[test]
    fn powers_are_what_they_are_called() {
        assert_eq!(Real::powi(3.0_f64, 5), 243.0);
        assert_eq!(Real::powi(-2.0_f64, 3), -8.0);
        assert_eq!(Real::powi(2.0_f32, -2), 0.25);
        assert_eq!(Real::powi(0.0_f64, 0), 1.0);
        assert_eq!(Real::powi(2.0_f64, i32::MIN), 0.0);
    }

    #[test]
    fn the_larger_of_two_numbers_is_nan_if_either_is() {
        assert_eq!(max_or_nan(1.0, 2.0), 2.0);
        assert_eq!(max_or_nan(2.0, 1.0), 2.0);
        assert!(max_or_nan(f64::NAN, 1.0).is_nan() && max_or_nan(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn exp_saturates_at_the_ends_and_keeps_nan() {
        for x in [1e4_f32, f32::INFINITY] {
            assert_eq!(Real::exp(x, FUSED), f32::INFINITY);
            assert_eq!(Real::exp(-x, FUSED), 0.0);
            assert_eq!(Real::exp_m1(-x, FUSED), -1.0);
        }
        for x in [1e4_f64, f64::INFINITY] {
            assert_eq!(Real::exp(x, FUSED), f64::INFINITY);
            assert_eq!(Real::exp(-x, FUSED), 0.0);
            assert_eq!(Real::exp_m1(-x, FUSED), -1.0);
        }
        assert!(Real::exp(f32::NAN, FUSED).is_nan() && Real::exp(f64::NAN, FUSED).is_nan());
        assert_eq!(Real::exp(0.0_f32, FUSED), 1.0);
        assert_eq!(Real::exp(0.0_f64, FUSED), 1.0);
    }

    #[test]
    fn elementary_functions_have_the_same_bits_however_products_are_fused() {
        let specials = [0.0, -0.0, 1e-30, -1e-30, f64::INFINITY, f64::NEG_INFINITY];
        let range = (-8_000..8_000_i16).map(|i| f64::from(i) * 0.0937);
        for x in specials.into_iter().chain(range) {
            let of64 = |fused| [x.exp_of(fused), x.exp_m1_of(fused)].map(f64::to_bits);
            assert_eq!(of64(Fused::Hardware), of64(Fused::Software), "{x}");
            let x = x as f32;
            let of32 = |fused| [x.exp_of(fused), x.exp_m1_of(fused)].map(f32::to_bits);
            assert_eq!(of32(Fused::Hardware), of32(Fused::Software), "{x}");
        }
        for u in (0..=10_000_u16).map(|i| f64::from(i) / 10_000.0) {
            let of64 = |fused| u.ln_1p_unit_of(fused).to_bits();
            assert_eq!(of64(Fused::Hardware), of64(Fused::Software), "{u}");
            let u = u as f32;
            let of32 = |fused| u.ln_1p_unit_of(fused).to_bits();
            assert_eq!(of32(Fused::Hardware), of32(Fused::Software), "{u}");
        }
    }
}
