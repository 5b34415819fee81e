//! Copies of matrices, on which recorded gradients go back in time. Not for users.

use super::{MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{Change, MatrixAlgebra, MatrixId, Reverse, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;

/// W' = V, whatever W was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fork {
    pub(crate) w: MatrixId,
    pub(crate) v: MatrixId,
}

impl MatrixOperation for Fork {
    const NAME: &'static str = "fork";

    fn is_active(&self, _: bool, of: &dyn Fn(MatrixId) -> bool) -> bool {
        of(self.v)
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, _: &impl Inputs<T>, _: &mut [T]) {
        let (w, v) = matrices.two(self.w, self.v);
        w.copy_from(v);
    }

    /// Λ_V += Λ_W, and Λ_W = 0 for what W was before.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let (w, v) = (cx.matrix(self.w), cx.matrix(self.v));
        if let Some(adjoint) = w.derivative {
            if let Some(source) = v.derivative {
                let one = cx.algebra.constant(Shape::SCALAR, 1.0);
                cx.algebra.add_scaled(source, one, adjoint);
            }
            let zero = cx.algebra.constant(Shape::SCALAR, 0.0);
            cx.algebra.update(adjoint, Some(zero), &[]);
        }
    }

    /// Ẇ' = V̇.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let (w, v) = (cx.matrix(self.w), cx.matrix(self.v));
        cx.algebra.fork(w.w, v.w);
        match (w.derivative, v.derivative) {
            (Some(dw), Some(dv)) => cx.algebra.fork(dw, dv),
            (Some(dw), None) => {
                let zero = cx.algebra.constant(Shape::SCALAR, 0.0);
                cx.algebra.update(dw, Some(zero), &[]);
            }
            (None, _) => {}
        }
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        for w in [self.w, self.v] {
            cx.of(w).barred = true;
        }
    }

    fn changes(&self) -> Option<MatrixId> {
        Some(self.w)
    }

    fn source(&self) -> Option<MatrixId> {
        Some(self.v)
    }

    fn again<A: MatrixAlgebra>(&self, cx: &mut Change<'_, A>) {
        let (w, v) = (cx.w(self.w), cx.w(self.v));
        cx.algebra.fork(w, v);
    }
}
