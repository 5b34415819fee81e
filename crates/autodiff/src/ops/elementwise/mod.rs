//! Functions of each number by itself: one table, an entry of a few lines each.

mod table;

use self::table::{first_sparse, functions};
use lanes::{Fused, dispatch, max, max_or_nan};

use super::{Operation, same_shape};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

functions! {
    /// a + b.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn add(a, b) -> y as Add {
        example (2.0, 3.0) => 5.0, [1.0, 1.0];
        a + b;
        a: |g, d| d;
        b: |g, d| d;
    }

    /// a − b.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn sub(a, b) -> y as Sub {
        example (2.0, 3.0) => -1.0, [1.0, -1.0];
        a - b;
        a: |g, d| d;
        b: |g, d| g.affine(d, -1.0, 0.0);
    }

    /// a ⊙ b.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn mul(a, b) -> y as Mul, zero with a | b {
        example (2.0, 3.0) => 6.0, [3.0, 2.0];
        a * b;
        a: |g, d| g.mul(d, b);
        b: |g, d| g.mul(d, a);
    }

    /// a / b. By b its derivative is −y/b.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn div(a, b) -> y as Div {
        example (3.0, 2.0) => 1.5, [0.5, -0.75];
        a / b;
        a: |g, d| g.div(d, b);
        b: |g, d| {
            let dy = g.mul(d, y);
            let share = g.div(dy, b);
            g.affine(share, -1.0, 0.0)
        };
    }

    /// The larger of a and b, NaN if either is. Where they are equal, each has half of
    /// the derivative.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn max(a, b) -> y as Max {
        example (2.0, 3.0) => 3.0, [0.0, 1.0];
        max_or_nan(a, b);
        a: |g, d| {
            let order = g.compare(a, b);
            let share = g.affine(order, 0.5, 0.5);
            g.mul(d, share)
        };
        b: |g, d| {
            let order = g.compare(a, b);
            let share = g.affine(order, -0.5, 0.5);
            g.mul(d, share)
        };
    }

    /// The smaller of a and b, NaN if either is. Where they are equal, each has half of
    /// the derivative.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn min(a, b) -> y as Min {
        example (2.0, 3.0) => 2.0, [1.0, 0.0];
        -max_or_nan(-a, -b);
        a: |g, d| {
            let order = g.compare(a, b);
            let share = g.affine(order, -0.5, 0.5);
            g.mul(d, share)
        };
        b: |g, d| {
            let order = g.compare(a, b);
            let share = g.affine(order, 0.5, 0.5);
            g.mul(d, share)
        };
    }

    /// 1 where a > b, −1 where a < b, 0 where they are equal, NaN where either is. Flat:
    /// its derivative is taken as 0 everywhere.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn compare(a, b) -> y as Compare {
        example (2.0, 3.0) => -1.0, [0.0, 0.0];
        sign_of(if a == b { T::ZERO } else { a - b });
    }

    /// 1 where a > b, 0 elsewhere: a mask for [`Tape::select`]. Flat: its derivative is
    /// taken as 0 everywhere.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn greater(a, b) -> y as Greater {
        example (3.0, 2.0) => 1.0, [0.0, 0.0];
        if a > b { T::ONE } else { T::ZERO };
    }

    /// slope·x + shift, with fixed numbers.
    pub fn affine(x; slope: f64, shift: f64) -> y as Affine by fused, zero with x if (shift == 0.0) {
        example (4.0; 0.5, 1.0) => 3.0, [0.5];
        fused.mul_add(T::from_f64(slope), x, T::from_f64(shift));
        x: |g, d| g.affine(d, slope, 0.0);
    }

    /// |x|, with derivative 0 at 0.
    pub fn abs(x) -> y as Abs, zero with x {
        example (-3.0) => 3.0, [-1.0];
        x.abs();
        x: |g, d| {
            let slope = g.sign(x);
            g.mul(d, slope)
        };
    }

    /// The sign of x: −1, 0 or 1; NaN for NaN. Flat: its derivative is taken as 0
    /// everywhere.
    pub fn sign(x) -> y as Sign, zero with x {
        example (-3.0) => -1.0, [0.0];
        sign_of(x);
    }

    /// x, as a constant: derivatives do not pass through.
    pub fn stop_gradient(x) -> y as StopGradient, zero with x {
        example (3.0) => 3.0, [0.0];
        x;
    }

    /// max(x, 0), with derivative 0 at 0.
    pub fn relu(x) -> y as Relu, zero with x {
        example (3.0) => 3.0, [1.0];
        max(x, T::ZERO);
        x: |g, d| g.keep(y, d);
    }

    /// x, but `low` where it is less and `high` where it is more. The derivative is 1
    /// inside and 0 outside and at the ends; NaN stays.
    ///
    /// # Panics
    /// If not `low` ≤ `high`.
    pub fn clamp(x; low: f64, high: f64; want_ordered(low, high)) -> y as Clamp {
        example (3.0; -1.0, 2.0) => 2.0, [0.0];
        clamped(x, T::from_f64(low), T::from_f64(high));
        x: |g, d| {
            let inside = g.inside(x, low, high);
            g.keep(inside, d)
        };
    }

    /// 1 where `low` < x < `high`, 0 elsewhere: a mask for [`Tape::select`]. Flat: its
    /// derivative is taken as 0 everywhere.
    pub fn inside(x; low: f64, high: f64) -> y as Inside {
        example (1.0; -1.0, 2.0) => 1.0, [0.0];
        if x > T::from_f64(low) && x < T::from_f64(high) { T::ONE } else { T::ZERO };
    }

    /// x². Its derivative is 2x.
    pub fn square(x) -> y as Square, zero with x {
        example (3.0) => 9.0, [6.0];
        x * x;
        x: |g, d| {
            let twice = g.affine(x, 2.0, 0.0);
            g.mul(d, twice)
        };
    }

    /// √x, NaN below 0. Its derivative is 1/(2√x), ∞ at 0.
    pub fn sqrt(x) -> y as Sqrt, zero with x {
        example (4.0) => 2.0, [0.25];
        x.sqrt();
        x: |g, d| {
            let twice = g.affine(y, 2.0, 0.0);
            g.div(d, twice)
        };
    }

    /// 1/x. Its derivative is −1/x².
    pub fn recip(x) -> y as Recip {
        example (4.0) => 0.25, [-0.0625];
        T::ONE / x;
        x: |g, d| {
            let dy = g.mul(d, y);
            let share = g.mul(dy, y);
            g.affine(share, -1.0, 0.0)
        };
    }

    /// xⁿ for a fixed whole number n, by repeated squaring; x⁰ = 1. Its derivative is
    /// n xⁿ⁻¹.
    pub fn powi(x; n: i32) -> y as Powi, zero with x if (n > 0) {
        example (2.0; 3) => 8.0, [12.0];
        x.powi(n);
        x: |g, d| match n {
            // x⁻¹ is infinite at 0, where the derivative of 1 is 0 as well.
            0 => g.affine(d, 0.0, 0.0),
            _ => {
                let power = g.powi(x, n.saturating_sub(1));
                let share = g.mul(d, power);
                g.affine(share, f64::from(n), 0.0)
            }
        };
    }

    /// e^x.
    pub fn exp(x) -> y as Exp by fused {
        example (0.0) => 1.0, [1.0];
        x.exp(fused);
        x: |g, d| g.mul(d, y);
    }

    /// e^x − 1, precise near 0. Its derivative is e^x.
    pub fn exp_m1(x) -> y as ExpM1 by fused, zero with x {
        example (0.0) => 0.0, [1.0];
        x.exp_m1(fused);
        x: |g, d| {
            let slope = g.exp(x);
            g.mul(d, slope)
        };
    }

    /// ln x. Its derivative is 1/x.
    pub fn ln(x) -> y as Ln {
        example (1.0) => 0.0, [1.0];
        x.ln();
        x: |g, d| g.div(d, x);
    }

    /// ln(1 + x), precise near 0. Its derivative is 1/(1 + x).
    pub fn ln_1p(x) -> y as Ln1p, zero with x {
        example (0.0) => 0.0, [1.0];
        x.ln_1p();
        x: |g, d| {
            let below = g.affine(x, 1.0, 1.0);
            g.div(d, below)
        };
    }

    /// sin x, x in radians.
    pub fn sin(x) -> y as Sin, zero with x {
        example (0.0) => 0.0, [1.0];
        x.sin();
        x: |g, d| {
            let slope = g.cos(x);
            g.mul(d, slope)
        };
    }

    /// cos x, x in radians. Its derivative is −sin x.
    pub fn cos(x) -> y as Cos {
        example (0.0) => 1.0, [0.0];
        x.cos();
        x: |g, d| {
            let slope = g.sin(x);
            let share = g.mul(d, slope);
            g.affine(share, -1.0, 0.0)
        };
    }

    /// The logistic function σ(x) = 1/(1 + e^−x). Its derivative is σ(x) σ(−x), where
    /// σ(x) (1 − σ(x)) would lose its digits for large x.
    pub fn sigmoid(x) -> y as Sigmoid by fused {
        example (0.0) => 0.5, [0.25];
        logistic(fused, x);
        x: |g, d| {
            let slope = logistic_slope(g, x, y);
            g.mul(d, slope)
        };
    }

    /// tanh x. Its derivative is 1/cosh²x = 4 σ(2x) σ(−2x), where 1 − tanh²x would lose
    /// its digits for large x.
    pub fn tanh(x) -> y as Tanh, zero with x {
        example (0.0) => 0.0, [1.0];
        x.tanh();
        x: |g, d| {
            let twice = g.affine(x, 2.0, 0.0);
            let share = g.sigmoid(twice);
            let slope = logistic_slope(g, twice, share);
            let share = g.mul(d, slope);
            g.affine(share, 4.0, 0.0)
        };
    }

    /// ln(1 + e^βx)/β with β > 0 (PAPER Eq. 13), computed as max(x, 0) + ln(1 + e^−|βx|)/β,
    /// which is precise and finite however large |βx| is. Its derivative is 1 − e^−βy.
    ///
    /// # Panics
    /// If β is not above 0 and finite.
    pub fn softplus(x; beta: f64; want_sharpness::<T>(beta)) -> y as Softplus by fused {
        example (0.0; 1.0) => std::f64::consts::LN_2, [0.5];
        softplus_of(fused, x, T::from_f64(beta), T::from_f64(1.0 / beta));
        x: |g, d| g.gate(d, y, beta);
    }

    /// 1 − e^−βy: the slope of softplus_β where its value is y (of PAPER Eq. 13).
    ///
    /// # Panics
    /// If β is not above 0 and finite.
    pub fn softplus_slope(y; beta: f64; want_sharpness::<T>(beta)) -> s as SoftplusSlope by fused, zero with y {
        example (0.0; 10.0) => 0.0, [10.0];
        -(T::from_f64(-beta) * y).exp_m1(fused);
        y: |g, d| g.gate_decay(d, y, beta);
    }

    /// u ⊙ (1 − e^−βy): u times the slope of softplus_β where its value is y, which is
    /// what errors and adjoints are multiplied by on their way back through a layer (PAPER
    /// Eqs. 3, 24). The gate is shut where y = 0.
    ///
    /// # Panics
    /// If the shapes differ, or β is not above 0 and finite.
    pub fn softplus_gate(u, y; beta: f64; want_sharpness::<T>(beta)) -> v as Gate by fused, zero with u | y {
        example (2.0, 0.0; 10.0) => 0.0, [0.0, 20.0];
        gated(fused, u, y, T::from_f64(-beta));
        u: |g, d| g.gate(d, y, beta);
        y: |g, d| {
            let product = g.mul(d, u);
            g.gate_decay(product, y, beta)
        };
    }

    /// u ⊙ β e^−βy: u times the derivative of the gate of [`Tape::softplus_gate`] in y.
    ///
    /// # Panics
    /// If the shapes differ, or β is not above 0 and finite.
    pub fn softplus_gate_decay(u, y; beta: f64; want_sharpness::<T>(beta)) -> v as GateDecay by fused, zero with u {
        example (2.0, 0.0; 10.0) => 20.0, [10.0, -200.0];
        u * (T::from_f64(beta) * (T::from_f64(-beta) * y).exp(fused));
        u: |g, d| g.gate_decay(d, y, beta);
        y: |g, d| {
            let product = g.mul(d, v);
            g.affine(product, -beta, 0.0)
        };
    }
}

/// # Short for others
impl<T: Real> Tape<T> {
    /// −x.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.constant_vector(&[1.0, -2.0]);
    /// let y = tape.neg(x);
    /// assert_eq!(tape.value(y), [-1.0, 2.0]);
    /// ```
    #[track_caller]
    pub fn neg(&mut self, x: Var) -> Var {
        self.affine(x, -1.0, 0.0)
    }
}

/// −1, 0 or 1; NaN for NaN.
#[inline(always)]
fn sign_of<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x * T::ZERO
    }
}

#[inline(always)]
fn clamped<T: Real>(x: T, low: T, high: T) -> T {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// 1/(1 + e^−x) by e^−|x|, which never overflows.
#[inline(always)]
fn logistic<T: Real>(fused: Fused, x: T) -> T {
    let small = (-x.abs()).exp(fused);
    let tail = small / (T::ONE + small);
    if x > T::ZERO {
        T::ONE / (T::ONE + small)
    } else {
        tail
    }
}

/// σ(x) σ(−x), where σ(x) = y.
fn logistic_slope<A: Algebra>(g: &mut A, x: A::Value, y: A::Value) -> A::Value {
    let minus = g.affine(x, -1.0, 0.0);
    let rest = g.sigmoid(minus);
    g.mul(y, rest)
}

#[inline(always)]
fn softplus_of<T: Real>(fused: Fused, x: T, beta: T, per_beta: T) -> T {
    let tail = (-(beta * x).abs()).exp(fused).ln_1p_unit(fused);
    fused.mul_add(tail, per_beta, max(x, T::ZERO))
}

#[inline(always)]
fn gated<T: Real>(fused: Fused, u: T, y: T, minus_beta: T) -> T {
    -u * (minus_beta * y).exp_m1(fused)
}

/// u ← u ⊙ (1 − e^−βy).
pub(crate) fn gate_in_place<T: Real>(u: &mut [T], y: &[T], beta: f64) {
    let minus_beta = T::from_f64(-beta);
    dispatch(
        #[inline(always)]
        move |fused| {
            for (u, y) in u.iter_mut().zip(y) {
                *u = gated(fused, *u, *y, minus_beta);
            }
        },
    );
}

/// Panics unless β is a sharpness, also as a `T`.
#[track_caller]
pub(crate) fn want_sharpness<T: Real>(beta: f64) {
    let rounded = T::from_f64(beta);
    assert!(
        rounded > T::ZERO && rounded.is_finite(),
        "softplus needs a β above 0 and finite, got {beta}"
    );
}

#[track_caller]
fn want_ordered(low: f64, high: f64) {
    assert!(
        low <= high,
        "clamp needs low ≤ high, got low {low} and high {high}"
    );
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn the_rules_of_a_function_stand_in_the_order_of_its_inputs() {
        for (name, inputs, rules) in RULES {
            assert!(rules.is_empty() || rules == inputs, "{name}");
        }
    }
}
