//! Values that derivatives do not pass through.

use super::Operation;
use crate::algebra::{Algebra, Reverse, Tangent};
use crate::program::Inputs;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// y = x, with derivative 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StopGradient;

impl Operation for StopGradient {
    const NAME: &'static str = "stop_gradient";

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        y.copy_from_slice(x.get(0).data);
    }

    /// x̄ = 0.
    fn reverse<A: Algebra>(&self, _: &mut Reverse<'_, A>) {}

    /// ẏ = 0.
    fn tangent<A: Algebra>(&self, _: &mut Tangent<'_, A>) {}

    fn support(&self, _: usize, x: &dyn Fn(usize) -> Support) -> Support {
        x(0)
    }

    fn is_differentiable(&self) -> bool {
        false
    }
}

/// # Stopping gradients
impl<T: Real> Tape<T> {
    /// x, as a constant: derivatives do not pass through.
    #[track_caller]
    pub fn stop_gradient(&mut self, x: Var) -> Var {
        self.record(StopGradient.into(), &[x])
    }
}
