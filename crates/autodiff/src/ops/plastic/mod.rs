//! Operations on plastic matrices: one file each, with the value, the reverse rule, the
//! forward-mode rule, what takes a change back, and what a sweep back needs side by side.
//!
//! In the reverse sweep W is as it was when the operation ran, and Λ = dL/dW as far as
//! later operations have contributed to it.

mod add_scaled;
mod follow;
mod fork;
mod frobenius;
mod matvec;
mod matvec_t;
mod needs;
mod signed;
mod update;

pub(crate) use add_scaled::AddScaled;
pub(crate) use follow::Inner;
pub(crate) use fork::Fork;
pub(crate) use frobenius::Frobenius;
pub(crate) use matvec::Matvec;
pub(crate) use matvec_t::MatvecT;
pub(crate) use needs::{Needing, Needs, groups, needs};
pub(crate) use signed::Signed;
pub(crate) use update::{Room, Update};

use crate::Real;
use crate::algebra::{Change, MatrixAlgebra, MatrixId, Reverse, Tangent};
use crate::matrix::Store;
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;

/// Matrices by number.
pub(crate) trait Stores<T> {
    fn store(&mut self, w: MatrixId) -> &mut Store<T>;
    /// Two different matrices.
    fn two(&mut self, a: MatrixId, b: MatrixId) -> (&mut Store<T>, &mut Store<T>);
}

/// An operation that reads or changes matrices.
pub(crate) trait MatrixOperation: Copy {
    /// Its name, as errors and pictures of tapes show it.
    const NAME: &'static str;

    /// The shape of the value, for inputs of shapes `x(0)`, … and matrices of shapes
    /// `of(w)`. Empty if there is no value.
    fn shape(&self, _x: &dyn Fn(usize) -> Shape, _of: &dyn Fn(MatrixId) -> Shape) -> Shape {
        Shape::matrix(0, 0)
    }

    /// The support of the value.
    fn support(&self) -> Support {
        Support::DENSE
    }

    /// Whether derivatives pass through, if they pass through `inputs`, and through the
    /// matrices of which `of(w)` says so.
    fn is_active(&self, inputs: bool, of: &dyn Fn(MatrixId) -> bool) -> bool;

    /// Does it, and writes the value to `y`, which has the right length.
    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, x: &impl Inputs<T>, y: &mut [T]);

    /// Gives each input, and Λ of each matrix, its share.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>);

    /// Adds up the output's tangent, and brings matrices and their tangents past the
    /// operation.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>);

    /// Says what the reverse rule needs of matrices.
    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>);

    /// The matrix that it changes.
    fn changes(&self) -> Option<MatrixId> {
        None
    }

    /// The matrix that a change takes numbers from.
    fn source(&self) -> Option<MatrixId> {
        None
    }

    /// Changes the sweep's matrix once more.
    fn again<A: MatrixAlgebra>(&self, _cx: &mut Change<'_, A>) {}

    /// Takes the change back. Only updates can be: what cannot is replayed.
    fn undo<A: MatrixAlgebra>(&self, _cx: &mut Change<'_, A>) {}
}

macro_rules! operations {
    ($($Name:ident),+ $(,)?) => {
        /// Any operation on matrices.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) enum MatrixOp {
            $($Name($Name)),+
        }

        $(impl From<$Name> for MatrixOp {
            fn from(op: $Name) -> MatrixOp {
                MatrixOp::$Name(op)
            }
        })+

        impl MatrixOp {
            #[cfg(test)]
            pub(crate) const NAMES: &[&str] = &[$($Name::NAME),+];

            pub(crate) fn name(self) -> &'static str {
                match self { $(MatrixOp::$Name(_) => $Name::NAME),+ }
            }

            pub(crate) fn shape(
                self,
                x: &dyn Fn(usize) -> Shape,
                of: &dyn Fn(MatrixId) -> Shape,
            ) -> Shape {
                match self { $(MatrixOp::$Name(op) => op.shape(x, of)),+ }
            }

            pub(crate) fn support(self) -> Support {
                match self { $(MatrixOp::$Name(op) => op.support()),+ }
            }

            pub(crate) fn is_active(self, inputs: bool, of: &dyn Fn(MatrixId) -> bool) -> bool {
                match self { $(MatrixOp::$Name(op) => op.is_active(inputs, of)),+ }
            }

            pub(crate) fn value<T: Real>(
                self,
                matrices: &mut impl Stores<T>,
                x: &impl Inputs<T>,
                y: &mut [T],
            ) {
                match self { $(MatrixOp::$Name(op) => op.value(matrices, x, y)),+ }
            }

            pub(crate) fn reverse<A: MatrixAlgebra>(self, cx: &mut Reverse<'_, A>) {
                match self { $(MatrixOp::$Name(op) => op.reverse(cx)),+ }
            }

            pub(crate) fn tangent<A: MatrixAlgebra>(self, cx: &mut Tangent<'_, A>) {
                match self { $(MatrixOp::$Name(op) => op.tangent(cx)),+ }
            }

            pub(crate) fn needs<T: Real>(self, cx: &mut Needing<'_, T>) {
                match self { $(MatrixOp::$Name(op) => op.needs(cx)),+ }
            }

            pub(crate) fn changes(self) -> Option<MatrixId> {
                match self { $(MatrixOp::$Name(op) => op.changes()),+ }
            }

            pub(crate) fn source(self) -> Option<MatrixId> {
                match self { $(MatrixOp::$Name(op) => op.source()),+ }
            }

            pub(crate) fn again<A: MatrixAlgebra>(self, cx: &mut Change<'_, A>) {
                match self { $(MatrixOp::$Name(op) => op.again(cx)),+ }
            }

            pub(crate) fn undo<A: MatrixAlgebra>(self, cx: &mut Change<'_, A>) {
                match self { $(MatrixOp::$Name(op) => op.undo(cx)),+ }
            }
        }
    };
}

operations!(AddScaled, Fork, Frobenius, Matvec, MatvecT, Signed, Update);
