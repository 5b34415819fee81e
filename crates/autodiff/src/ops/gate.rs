//! A value times the slope of softplus_β where its value is y: what errors and adjoints
//! are multiplied by on their way back through a layer (PAPER Eqs. 3, 24).

use super::{Operation, same_shape, zip};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::simd::dispatch;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// g = u ⊙ (1 − e^−βy).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gate {
    pub(crate) beta: f64,
}

impl Operation for Gate {
    const NAME: &'static str = "gate";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(Self::NAME, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        y.copy_from_slice(x.get(0).data);
        gate_in_place(y, x.get(1).data, self.beta);
    }

    /// ū = ḡ ⊙ (1 − e^−βy), ȳ = ḡ ⊙ u ⊙ β e^−βy.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (u, y, dg) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| g.gate(dg, y, self.beta));
        cx.give(1, |g| {
            let product = g.mul(dg, u);
            g.gate_decay(product, y, self.beta)
        });
    }

    /// ġ = u̇ ⊙ (1 − e^−βy) + u ⊙ ẏ ⊙ β e^−βy.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (u, y) = (cx.input(0), cx.input(1));
        cx.take(0, |g, du| g.gate(du, y, self.beta));
        cx.take(1, |g, dy| {
            let product = g.mul(u, dy);
            g.gate_decay(product, y, self.beta)
        });
    }

    /// The gate is shut where y = 0.
    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        if x(0).is_dense() { x(1) } else { x(0) }
    }
}

/// u ← u ⊙ (1 − e^−βy).
pub(crate) fn gate_in_place<T: Real>(u: &mut [T], y: &[T], beta: f64) {
    let minus_beta = T::from_f64(-beta);
    dispatch(
        #[inline(always)]
        move || {
            for (u, y) in u.iter_mut().zip(y) {
                *u = -*u * (minus_beta * *y).exp_m1();
            }
        },
    );
}

/// d = u ⊙ β e^−βy: the derivative of the gate in y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GateDecay {
    pub(crate) beta: f64,
}

impl Operation for GateDecay {
    const NAME: &'static str = "gate_decay";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(Self::NAME, x)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (beta, minus_beta) = (T::from_f64(self.beta), T::from_f64(-self.beta));
        zip(x.get(0).data, x.get(1).data, y, |u, y| {
            u * (beta * (minus_beta * y).exp())
        });
    }

    /// ū = d̄ ⊙ β e^−βy, ȳ = −β d̄ ⊙ d.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, d, dd) = (cx.input(1), cx.output(), cx.adjoint());
        cx.give(0, |g| g.gate_decay(dd, y, self.beta));
        cx.give(1, |g| {
            let product = g.mul(dd, d);
            g.affine(product, -self.beta, 0.0)
        });
    }

    /// ḋ = u̇ ⊙ β e^−βy − β ẏ ⊙ d.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (y, d) = (cx.input(1), cx.output());
        cx.take(0, |g, du| g.gate_decay(du, y, self.beta));
        cx.take(1, |g, dy| {
            let product = g.mul(dy, d);
            g.affine(product, -self.beta, 0.0)
        });
    }

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }
}

/// # Gates
impl<T: Real> Tape<T> {
    /// u ⊙ (1 − e^−βy): u times the slope of softplus_β where its value is y.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn softplus_gate(&mut self, u: Var, y: Var, beta: f64) -> Var {
        self.record(Gate { beta }.into(), &[u, y])
    }
}
