//! Products of a matrix with vectors over its columns.

use super::{MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{MatrixAlgebra, MatrixId, Outer, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;

/// z = y Wᵀ for each row y; `detached`: W counts as a constant, to every order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Matvec {
    pub(crate) w: MatrixId,
    pub(crate) detached: bool,
}

impl MatrixOperation for Matvec {
    const NAME: &'static str = "matvec";

    fn shape(&self, x: &dyn Fn(usize) -> Shape, of: &dyn Fn(MatrixId) -> Shape) -> Shape {
        Shape::matrix(x(0).rows, of(self.w).rows)
    }

    fn is_active(&self, inputs: bool, of: &dyn Fn(MatrixId) -> bool) -> bool {
        inputs || (of(self.w) && !self.detached)
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, x: &impl Inputs<T>, z: &mut [T]) {
        matrices.store(self.w).matvec(x.operand(0), z);
    }

    /// ȳ = z̄ W, Λ += z̄ ⊗ y.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let (y, dz) = (cx.input(0), cx.adjoint());
        let on = cx.matters(0);
        let w = cx.matrix(self.w);
        cx.give(0, |g| g.matvec_t(w.w, dz, on, self.detached));
        if let (Some(adjoint), false) = (w.derivative, self.detached) {
            let term = Outer {
                scale: None,
                post: dz,
                pre: y,
            };
            cx.algebra.update(adjoint, None, &[term]);
            let z = cx.output();
            if let Some(inner) = &mut cx.carried.matrices[self.w.index()].inner {
                inner.add(cx.algebra, |g| g.dot(dz, z));
            }
        }
    }

    /// ż = ẏ Wᵀ + y Ẇᵀ.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let y = cx.input(0);
        let w = cx.matrix(self.w);
        cx.take(0, |g, dy| g.matvec(w.w, dy, self.detached));
        if let (Some(dw), false) = (w.derivative, self.detached) {
            let term = cx.algebra.matvec(dw, y, false);
            cx.add(term);
        }
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        if cx.wants(0) {
            cx.of(self.w).read = true;
        }
    }
}
