//! Products of a matrix with vectors over its rows.

use super::{MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{Algebra, MatrixAlgebra, MatrixId, Outer, Reverse, Shorthand, Tangent};
use crate::ops::gate_in_place;
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;

/// u = e W for each row e, on a support; `detached`: W counts as a constant, to every
/// order. With a gate β, u is multiplied by the slope of softplus_β where its value is
/// the second input, a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MatvecT {
    pub(crate) w: MatrixId,
    pub(crate) on: Support,
    pub(crate) detached: bool,
    pub(crate) gate: Option<f64>,
}

impl MatvecT {
    /// x, or x times the slope of softplus_β where its value is y for a gate (y, β).
    fn gated<A: Algebra>(g: &mut A, x: A::Value, gate: Option<(A::Value, f64)>) -> A::Value {
        match gate {
            Some((y, beta)) => g.gate(x, y, beta),
            None => x,
        }
    }
}

impl MatrixOperation for MatvecT {
    const NAME: &'static str = "matvec_t";

    fn shape(&self, x: &dyn Fn(usize) -> Shape, of: &dyn Fn(MatrixId) -> Shape) -> Shape {
        Shape::matrix(x(0).rows, of(self.w).cols)
    }

    fn support(&self) -> Support {
        self.on
    }

    fn is_active(&self, inputs: bool, of: &dyn Fn(MatrixId) -> bool) -> bool {
        inputs || (of(self.w) && !self.detached)
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, x: &impl Inputs<T>, u: &mut [T]) {
        let on = x.coordinates(self.on);
        matrices.store(self.w).matvec_t(x.get(0), on, u);
        if let Some(beta) = self.gate {
            gate_in_place(u, x.get(1).data, beta);
        }
    }

    /// ē = ū Wᵀ, Λ += e ⊗ ū, with ū cut to the support. Behind a gate the output is
    /// g = u ⊙ σ', so ū = ḡ ⊙ σ', and ⟨ū, u⟩ = ⟨ḡ, g⟩.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let (e, g, dg) = (cx.input(0), cx.output(), cx.adjoint());
        let w = cx.matrix(self.w);
        let gate = self.gate.map(|beta| (cx.input(1), beta));
        let mut du = Self::gated(cx.algebra, dg, gate);
        if self.on != cx.algebra.support(du) && !self.on.is_dense() {
            du = cx.algebra.restrict(du, self.on);
        }
        cx.give(0, |algebra| algebra.matvec(w.w, du, self.detached));
        if let (Some(adjoint), false) = (w.derivative, self.detached) {
            let term = Outer {
                scale: None,
                post: e,
                pre: du,
            };
            cx.algebra.update(adjoint, None, &[term]);
            if let Some(inner) = &mut cx.carried.matrices[self.w.index()].inner {
                inner.add(cx.algebra, |algebra| algebra.dot(dg, g));
            }
        }
    }

    /// u̇ = ė W + e Ẇ, on the support; behind a gate, times σ'.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let e = cx.input(0);
        let gate = self.gate.map(|beta| (cx.input(1), beta));
        let w = cx.matrix(self.w);
        cx.take(0, |g, de| {
            let du = g.matvec_t(w.w, de, self.on, self.detached);
            Self::gated(g, du, gate)
        });
        if let (Some(dw), false) = (w.derivative, self.detached) {
            let du = cx.algebra.matvec_t(dw, e, self.on, false);
            let term = Self::gated(cx.algebra, du, gate);
            cx.add(term);
        }
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        if cx.wants(0) {
            cx.of(self.w).read = true;
        }
    }
}
