//! Products with a matrix that has the signs of one and the sizes of another.

use super::{MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{MatrixAlgebra, MatrixId, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;

/// (|V| ⊙ sign W) x, or its transpose times x on a support, for each row x. Both matrices
/// count as constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Signed {
    /// W.
    pub(crate) signs: MatrixId,
    /// V.
    pub(crate) sizes: MatrixId,
    pub(crate) transposed: bool,
    pub(crate) on: Support,
}

impl MatrixOperation for Signed {
    const NAME: &'static str = "signed_matvec_t";

    fn shape(&self, x: &dyn Fn(usize) -> Shape, of: &dyn Fn(MatrixId) -> Shape) -> Shape {
        let Shape { rows, cols } = of(self.signs);
        Shape::matrix(x(0).rows, if self.transposed { cols } else { rows })
    }

    fn support(&self) -> Support {
        self.on
    }

    fn is_active(&self, inputs: bool, _: &dyn Fn(MatrixId) -> bool) -> bool {
        inputs
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, x: &impl Inputs<T>, y: &mut [T]) {
        let (signs, sizes) = matrices.two(self.signs, self.sizes);
        let on = x.coordinates(self.on);
        signs.signed(sizes, x.get(0), self.transposed, on, y);
    }

    /// x̄: the adjoint, cut to the support, through the transposed matrix.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let mut dy = cx.adjoint();
        if self.on != cx.algebra.support(dy) && !self.on.is_dense() {
            dy = cx.algebra.restrict(dy, self.on);
        }
        let back = Signed {
            signs: cx.matrix(self.signs).w,
            sizes: cx.matrix(self.sizes).w,
            transposed: !self.transposed,
            on: if self.transposed {
                Support::DENSE
            } else {
                cx.matters(0)
            },
        };
        cx.give(0, |g| g.signed(back, dy));
    }

    /// ẏ: the same product with ẋ.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let now = Signed {
            signs: cx.matrix(self.signs).w,
            sizes: cx.matrix(self.sizes).w,
            ..*self
        };
        cx.take(0, |g, dx| g.signed(now, dx));
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        if cx.wants(0) {
            cx.of(self.signs).read = true;
            cx.of(self.sizes).read = true;
        }
    }
}
