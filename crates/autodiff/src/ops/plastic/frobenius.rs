//! The inner product of two matrices, of which a scale's derivative is made.

use super::{MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{MatrixAlgebra, MatrixId, Reverse, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;

/// f = ⟨A, B⟩ = Σᵢⱼ Aᵢⱼ Bᵢⱼ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frobenius {
    pub(crate) a: MatrixId,
    pub(crate) b: MatrixId,
}

impl MatrixOperation for Frobenius {
    const NAME: &'static str = "frobenius";

    fn shape(&self, _: &dyn Fn(usize) -> Shape, _: &dyn Fn(MatrixId) -> Shape) -> Shape {
        Shape::SCALAR
    }

    fn is_active(&self, _: bool, of: &dyn Fn(MatrixId) -> bool) -> bool {
        of(self.a) || of(self.b)
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, _: &impl Inputs<T>, f: &mut [T]) {
        let (a, b) = matrices.two(self.a, self.b);
        f[0] = a.frobenius(b);
    }

    /// Ā += f̄ B, B̄ += f̄ A.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let df = cx.adjoint();
        let (a, b) = (cx.matrix(self.a), cx.matrix(self.b));
        if let Some(adjoint) = a.derivative {
            cx.algebra.add_scaled(adjoint, df, b.w);
        }
        if let Some(adjoint) = b.derivative {
            cx.algebra.add_scaled(adjoint, df, a.w);
        }
    }

    /// ḟ = ⟨Ȧ, B⟩ + ⟨A, Ḃ⟩.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let (a, b) = (cx.matrix(self.a), cx.matrix(self.b));
        for (derivative, other) in [(a.derivative, b.w), (b.derivative, a.w)] {
            if let Some(derivative) = derivative {
                let term = cx.algebra.frobenius(derivative, other);
                cx.add(term);
            }
        }
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        for w in [self.a, self.b] {
            let needs = cx.of(w);
            (needs.read, needs.barred) = (true, true);
        }
    }
}
