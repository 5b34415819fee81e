//! a·b + c with one rounding, also where the processor has no instruction for it.

use crate::{Real, WIDTH};

/// How a·b + c is computed with one rounding. The bits are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fused {
    /// By the processor's fused multiply-add.
    Hardware,
    /// By several instructions that every processor has.
    Software,
}

impl Fused {
    /// How it is done at the portable level.
    pub const PORTABLE: Self = if cfg!(target_feature = "fma") {
        Fused::Hardware
    } else {
        Fused::Software
    };

    /// a·b + c.
    #[inline(always)]
    pub fn mul_add<T: Real>(self, a: T, b: T, c: T) -> T {
        match self {
            Fused::Hardware => a.mul_add(b, c),
            Fused::Software => a.fuse(b, c),
        }
    }

    /// cᵢ ← a(i)·bᵢ + cᵢ for each lane i.
    #[inline(always)]
    pub(crate) fn add_products<T: Real>(
        self,
        c: &mut [T; WIDTH],
        a: impl Fn(usize) -> T,
        b: &[T; WIDTH],
    ) {
        match self {
            Fused::Hardware => {
                for lane in 0..WIDTH {
                    c[lane] = a(lane).mul_add(b[lane], c[lane]);
                }
            }
            Fused::Software => T::fuse_lanes(c, a, b),
        }
    }
}

/// Fused multiply-add in software. Not to be named outside the crate, so that
/// [`Real`] is closed.
pub trait Fuse: Copy {
    /// self·b + c with one rounding.
    fn fuse(self, b: Self, c: Self) -> Self;

    /// cᵢ ← a(i)·bᵢ + cᵢ with one rounding, in a form that becomes vector code.
    fn fuse_lanes(c: &mut [Self; WIDTH], a: impl Fn(usize) -> Self, b: &[Self; WIDTH]);
}

/// a + b and what rounding took from it: the two sum to a + b exactly (Knuth 1969). No
/// result may overflow.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// The sum that `two_sum` gave, rounded to odd instead: where it is inexact, that of its
/// two neighbours in the direction of which it was rounded or from which it came whose
/// last bit is one. Rounding that once more, to at least two bits fewer, gives what
/// rounding the exact sum once would (Boldo & Melquiond 2008).
#[inline(always)]
fn to_odd((sum, error): (f64, f64)) -> f64 {
    // False where the error is NaN, that is, where the sum is not finite.
    let inexact = if error.abs() > 0.0 { u64::MAX } else { 0 };
    let towards_zero = ((error.to_bits() ^ sum.to_bits()) >> 63) & inexact;
    f64::from_bits((sum.to_bits() - towards_zero) | (inexact >> 63))
}

impl Fuse for f32 {
    /// The product of two f32 is exact in f64; its sum with c is rounded to odd there.
    #[inline(always)]
    fn fuse(self, b: f32, c: f32) -> f32 {
        to_odd(two_sum(f64::from(self) * f64::from(b), f64::from(c))) as f32
    }

    /// The sum in f64 is rounded to the nearest, which takes half the time, and rounding
    /// it once more to f32 gives the same unless it is a tie of f32 only by having been
    /// rounded. Ties of normal numbers show in the last bits; what becomes a subnormal
    /// number, or the least normal one, may be a tie with other bits. Where there is
    /// one among the lanes, they are computed again.
    #[inline(always)]
    fn fuse_lanes(c: &mut [f32; WIDTH], a: impl Fn(usize) -> f32, b: &[f32; WIDTH]) {
        let mut rounded = [0.0_f32; WIDTH];
        let mut doubtful = [0_u32; WIDTH];
        for lane in 0..WIDTH {
            let sum = f64::from(a(lane)) * f64::from(b[lane]) + f64::from(c[lane]);
            rounded[lane] = sum as f32;
            let tie = sum.to_bits() as u32 & 0x1FFF_FFFF == 0x1000_0000;
            // Without its sign, and 1 less, so that zero becomes the largest number; as
            // signed numbers since older processors compare no others.
            let size = (rounded[lane].to_bits() << 1).wrapping_add(i32::MAX as u32) as i32;
            let tiny = size < i32::MIN + (f32::MIN_POSITIVE.to_bits() << 1) as i32;
            doubtful[lane] = if tie | tiny { u32::MAX } else { 0 };
        }
        if doubtful.iter().fold(0, |any, lane| any | lane) == 0 {
            *c = rounded;
        } else {
            fuse_each(c, std::array::from_fn(a), b);
        }
    }
}

/// Out of line, since it is hardly ever needed.
#[cold]
#[inline(never)]
fn fuse_each<T: Fuse>(c: &mut [T; WIDTH], a: [T; WIDTH], b: &[T; WIDTH]) {
    for lane in 0..WIDTH {
        c[lane] = a[lane].fuse(b[lane], c[lane]);
    }
}

/// Whether the product of two such numbers neither overflows nor loses bits below the
/// least number, not even in parts, and can be added to a number that is `no_giant`.
#[inline(always)]
fn is_moderate(x: f64) -> bool {
    let size = x.abs();
    (1e-120..=1e120).contains(&size) | (size == 0.0)
}

/// Whether a number stays finite if such a product is added to it. False for NaN.
#[inline(always)]
fn is_no_giant(x: f64) -> bool {
    x.abs() <= 1e300
}

/// x as a sum of two numbers of 26 bits (Veltkamp 1968).
#[inline(always)]
fn halves(x: f64) -> (f64, f64) {
    let scaled = x * ((1 << 27) + 1) as f64;
    let high = scaled - (scaled - x);
    (high, x - high)
}

/// ab + c with one rounding for moderate numbers: the product as a sum of two numbers
/// (Dekker 1971), and of all three the part that does not count but for a tie rounded to
/// odd (Boldo & Melquiond 2008, Fig. 5).
#[inline(always)]
fn fuse_moderate(a: f64, b: f64, c: f64) -> f64 {
    let product = a * b;
    let ((a, a_low), (b, b_low)) = (halves(a), halves(b));
    let error = ((a * b - product) + a * b_low + a_low * b) + a_low * b_low;
    let (low, rest) = two_sum(c, error);
    let (high, low) = two_sum(product, low);
    let sum = high + to_odd(two_sum(rest, low));
    // Of zeros the sum above forgets the signs.
    if product == 0.0 { product + c } else { sum }
}

impl Fuse for f64 {
    #[inline(always)]
    fn fuse(self, b: f64, c: f64) -> f64 {
        if is_moderate(self) & is_moderate(b) & is_no_giant(c) {
            fuse_moderate(self, b, c)
        } else {
            libm::fma(self, b, c)
        }
    }

    #[inline(always)]
    fn fuse_lanes(c: &mut [f64; WIDTH], a: impl Fn(usize) -> f64, b: &[f64; WIDTH]) {
        let mut moderate = [0_u64; WIDTH];
        for lane in 0..WIDTH {
            let all = is_moderate(a(lane)) & is_moderate(b[lane]) & is_no_giant(c[lane]);
            moderate[lane] = if all { 0 } else { u64::MAX };
        }
        if moderate.iter().fold(0, |any, lane| any | lane) != 0 {
            return fuse_each(c, std::array::from_fn(a), b);
        }
        for lane in 0..WIDTH {
            c[lane] = fuse_moderate(a(lane), b[lane], c[lane]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Signs of zero count, payloads of NaN do not.
    fn same(found: f64, want: f64) -> bool {
        found.to_bits() == want.to_bits() || found.is_nan() && want.is_nan()
    }

    /// Numbers of any bits; and those between which an error would show: few bits, so
    /// that sums are ties, at the ends of the range, and special ones.
    fn f32s() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => any::<u32>().prop_map(f32::from_bits),
            2 => (any::<u32>(), 120..136_u32).prop_map(|(bits, exponent)| {
                f32::from_bits(bits & 0x807F_FFFF | exponent << 23)
            }),
            2 => (any::<u32>(), 0..254_u32, 0..23_u32).prop_map(|(bits, exponent, zeros)| {
                f32::from_bits((bits & 0x807F_FFFF | exponent << 23) >> zeros << zeros)
            }),
            1 => any::<u32>().prop_map(|bits| f32::from_bits(bits & 0x80FF_FFFF)),
            1 => prop::sample::select(vec![
                0.0, -0.0, 1.0, -1.0, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY,
                f32::NEG_INFINITY, f32::NAN, f32::from_bits(1), 0.5 + f32::EPSILON,
            ]),
        ]
    }

    fn f64s() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => any::<u64>().prop_map(f64::from_bits),
            4 => (any::<u64>(), 1000..1040_u64).prop_map(|(bits, exponent)| {
                f64::from_bits(bits & 0x800F_FFFF_FFFF_FFFF | exponent << 52)
            }),
            2 => (any::<u64>(), 600..1430_u64, 0..52_u32).prop_map(|(bits, exponent, zeros)| {
                f64::from_bits((bits & 0x800F_FFFF_FFFF_FFFF | exponent << 52) >> zeros << zeros)
            }),
            1 => prop::sample::select(vec![
                0.0, -0.0, 1.0, 1e120, 1e-120, 1e300, f64::MAX, f64::MIN_POSITIVE,
                f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::from_bits(1),
            ]),
        ]
    }

    /// What a, b and c have to do with each other: nothing, c near −ab, c so far from ab
    /// that what is lost decides ties, or a tie but for the last bits of ab.
    #[derive(Clone, Copy, Debug)]
    enum Relation {
        None,
        Cancel(i32),
        Distance(i32),
        NearTie(i32),
    }

    fn relations() -> impl Strategy<Value = Relation> {
        prop_oneof![
            Just(Relation::None),
            (-2..3).prop_map(Relation::Cancel),
            (-60..61).prop_map(Relation::Distance),
            (-1..2).prop_map(Relation::NearTie),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn fused_f32_in_software_is_what_the_standard_library_gives(
            lanes in prop::array::uniform16((f32s(), f32s(), f32s(), relations()))
        ) {
            let lanes = lanes.map(|(a, b, c, relation)| match relation {
                Relation::None => (a, b, c),
                Relation::Cancel(ulps) => {
                    (a, b, f32::from_bits((-(a * b)).to_bits().wrapping_add_signed(ulps)))
                }
                Relation::Distance(exponent) => {
                    (a, b, (f64::from(a) * f64::from(b) * 2_f64.powi(exponent)) as f32)
                }
                // (1 + u)·(1/2 ± u)·ulp of c is a little beside half of it.
                Relation::NearTie(ulps) => {
                    let half = f32::from_bits(0.5_f32.to_bits().wrapping_add_signed(ulps));
                    let ulp = f32::from_bits(c.abs().to_bits() + 1) - c.abs();
                    (half, ulp, c)
                }
            });
            let [a, b, c] = [lanes.map(|x| x.0), lanes.map(|x| x.1), lanes.map(|x| x.2)];
            let mut together = c;
            Fused::Software.add_products(&mut together, |i| a[i], &b);
            for i in 0..WIDTH {
                let want = f32::mul_add(a[i], b[i], c[i]);
                let alone = Fused::Software.mul_add(a[i], b[i], c[i]);
                for found in [together[i], alone] {
                    prop_assert!(
                        same(f64::from(found), f64::from(want)),
                        "{:e}·{:e} + {:e} = {want:e}, found {found:e}", a[i], b[i], c[i]
                    );
                }
            }
        }

        #[test]
        fn fused_f64_in_software_is_what_the_standard_library_gives(
            lanes in prop::array::uniform16((f64s(), f64s(), f64s(), relations())),
            moderate in any::<bool>(),
        ) {
            let lanes = lanes.map(|(a, b, c, relation)| {
                // Without this hardly any sixteen would be fused together.
                let [a, b] = [a, b].map(|x| if moderate && !is_moderate(x) { 1.5 } else { x });
                let c = match relation {
                    Relation::None => c,
                    Relation::Cancel(ulps) => {
                        f64::from_bits((-(a * b)).to_bits().wrapping_add_signed(ulps.into()))
                    }
                    Relation::Distance(exponent) => a * b * 2_f64.powi(2 * exponent),
                    Relation::NearTie(ulps) => {
                        // Half an ulp of c is the product but for its last bit.
                        let tie = (a * b).abs() * 2_f64.powi(53);
                        let tie = f64::from_bits(tie.to_bits().wrapping_add_signed(ulps.into()));
                        f64::from_bits(tie.to_bits() & !0xFFFF_FFFF_FFFF)
                    }
                };
                (a, b, if moderate && !is_no_giant(c) { 1.5 } else { c })
            });
            let [a, b, c] = [lanes.map(|x| x.0), lanes.map(|x| x.1), lanes.map(|x| x.2)];
            let mut together = c;
            Fused::Software.add_products(&mut together, |i| a[i], &b);
            for i in 0..WIDTH {
                let want = f64::mul_add(a[i], b[i], c[i]);
                let alone = Fused::Software.mul_add(a[i], b[i], c[i]);
                for found in [together[i], alone] {
                    prop_assert!(
                        same(found, want),
                        "{:e}·{:e} + {:e} = {want:e}, found {found:e}", a[i], b[i], c[i]
                    );
                }
            }
        }
    }

    /// c has an odd last bit, and ab is half of its last place less 2⁻⁴⁰ of that: c is
    /// nearest, but in f64 the sum is a tie, which goes to the even neighbour of c.
    #[test]
    fn ties_that_only_rounding_makes_are_decided_by_what_it_took() {
        let (more, less) = (1.0 + 2_f32.powi(-20), 1.0 - 2_f32.powi(-20));
        let least = f32::from_bits(1);
        let cases = [
            (1.0 + f32::EPSILON, 2_f32.powi(-12), 2_f32.powi(-12)),
            (2_f32.powi(-127) + least, 2_f32.powi(-75), 2_f32.powi(-75)),
            (f32::MIN_POSITIVE - least, 2_f32.powi(-75), 2_f32.powi(-75)),
            (f32::MAX, 2_f32.powi(50), 2_f32.powi(53)),
        ];
        for (c, a, b) in cases {
            for (a, c) in [(a, c), (-a, c), (a, -c), (-a, -c)] {
                let (a, b) = (a * more, b * less);
                assert_eq!(f32::mul_add(a, b, c), c, "{a:e}·{b:e} + {c:e}");
                assert_ne!((f64::from(a) * f64::from(b) + f64::from(c)) as f32, c);
                let mut together = [c; WIDTH];
                Fused::Software.add_products(&mut together, |_| a, &[b; WIDTH]);
                assert_eq!(together, [c; WIDTH], "{a:e}·{b:e} + {c:e}");
                assert_eq!(Fused::Software.mul_add(a, b, c), c, "{a:e}·{b:e} + {c:e}");
            }
        }
    }
}
