//! A vector with all but the coordinates of a support set to zero. Not for users: the
//! reverse sweep needs it where an adjoint must not leak out of a support.

use super::Operation;
use crate::Real;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;

/// yⱼ = xⱼ for j in the support, 0 elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Restrict {
    pub(crate) to: Support,
}

impl Operation for Restrict {
    const NAMES: &'static [&'static str] = &["restrict"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let source = x.get(0).data;
        match x.coordinates(self.to) {
            None => y.copy_from_slice(source),
            Some(coordinates) => {
                y.fill(T::ZERO);
                for &j in coordinates.list {
                    y[j as usize] = source[j as usize];
                }
            }
        }
    }

    /// x̄ = ȳ restricted.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        cx.give(0, |g| g.restrict(dy, self.to));
    }

    /// ẏ = ẋ restricted.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        cx.take(0, |g, dx| g.restrict(dx, self.to));
    }

    fn support(&self, _: usize, _: &dyn Fn(usize) -> Support) -> Support {
        self.to
    }
}
