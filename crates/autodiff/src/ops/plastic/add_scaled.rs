//! A multiple of one matrix added to another, as the reverse rule of an inner product
//! asks for. Not for users.

use super::{MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{Change, MatrixAlgebra, MatrixId, Reverse, Tangent};
use crate::view::Inputs;

/// W' = W + s V; input s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AddScaled {
    pub(crate) w: MatrixId,
    pub(crate) v: MatrixId,
}

impl MatrixOperation for AddScaled {
    const NAME: &'static str = "add_scaled";

    fn is_active(&self, inputs: bool, of: &dyn Fn(MatrixId) -> bool) -> bool {
        inputs || of(self.v)
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, x: &impl Inputs<T>, _: &mut [T]) {
        let (w, v) = matrices.two(self.w, self.v);
        w.add_scaled(x.get(0).scalar(), v);
    }

    /// s̄ = ⟨Λ_W, V⟩, Λ_V += s Λ_W.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let s = cx.input(0);
        let (w, v) = (cx.matrix(self.w), cx.matrix(self.v));
        if let Some(adjoint) = w.derivative {
            cx.give(0, |g| g.frobenius(adjoint, v.w));
            if let Some(source) = v.derivative {
                cx.algebra.add_scaled(source, s, adjoint);
            }
        }
    }

    /// Ẇ' = Ẇ + ṡ V + s V̇.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let s = cx.input(0);
        let (w, v) = (cx.matrix(self.w), cx.matrix(self.v));
        if let Some(dw) = w.derivative {
            if let Some(ds) = cx.of_input(0) {
                cx.algebra.add_scaled(dw, ds, v.w);
            }
            if let Some(dv) = v.derivative {
                cx.algebra.add_scaled(dw, s, dv);
            }
        }
        cx.algebra.add_scaled(w.w, s, v.w);
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        cx.of(self.w).barred = true;
        let read = cx.wants(0);
        let source = cx.of(self.v);
        (source.read, source.barred) = (source.read || read, true);
    }

    fn changes(&self) -> Option<MatrixId> {
        Some(self.w)
    }

    fn source(&self) -> Option<MatrixId> {
        Some(self.v)
    }

    fn again<A: MatrixAlgebra>(&self, cx: &mut Change<'_, A>) {
        let s = cx.input(0);
        let (w, v) = (cx.w(self.w), cx.w(self.v));
        cx.algebra.add_scaled(w, s, v);
    }
}
