//! Linear combinations with taped coefficients, in one operation.

use lanes::dispatch;

use super::{Operation, want_scalar};
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// y = Σₖ sₖ·xₖ; inputs s₁, x₁, s₂, x₂, …
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Combine;

impl Operation for Combine {
    const NAMES: &'static [&'static str] = &["combine"];

    fn shape(&self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        for k in (0..inputs).step_by(2) {
            want_scalar(self.name(), x(k));
            let (first, this) = (x(1), x(k + 1));
            assert!(
                this == first,
                "combine needs values of the same shape, got {first} and {this}"
            );
        }
        x(1)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        dispatch(
            #[inline(always)]
            move |fused| {
                let s = x.get(0).scalar();
                for (y, x) in y.iter_mut().zip(x.get(1).data) {
                    *y = s * *x;
                }
                for k in (2..x.len()).step_by(2) {
                    let s = x.get(k).scalar();
                    for (y, x) in y.iter_mut().zip(x.get(k + 1).data) {
                        *y = fused.mul_add(s, *x, *y);
                    }
                }
            },
        );
    }

    /// s̄ₖ = ⟨ȳ, xₖ⟩, x̄ₖ = sₖ·ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let dy = cx.adjoint();
        for k in (0..cx.inputs()).step_by(2) {
            let (s, x) = (cx.input(k), cx.input(k + 1));
            cx.give(k, |g| g.dot(dy, x));
            cx.give(k + 1, |g| g.scale(s, dy));
        }
    }

    /// ẏ = Σₖ ṡₖ·xₖ + sₖ·ẋₖ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        for k in (0..cx.inputs()).step_by(2) {
            let (s, x) = (cx.input(k), cx.input(k + 1));
            cx.take(k, |g, ds| g.scale(ds, x));
            cx.take(k + 1, |g, dx| g.scale(s, dx));
        }
    }

    /// Only a support that all terms share is kept.
    fn support(&self, inputs: usize, x: &dyn Fn(usize) -> Support) -> Support {
        let first = x(1);
        if (3..inputs).step_by(2).all(|k| x(k) == first) {
            first
        } else {
            Support::DENSE
        }
    }
}

/// # Linear combinations
impl<T: Real> Tape<T> {
    /// Σₖ sₖ·xₖ over the pairs (sₖ, xₖ), each sₖ a scalar, in one operation.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let (two, ten) = (tape.variable_scalar(2.0), tape.variable_scalar(10.0));
    /// let (a, b) = (tape.variable_scalar(1.0), tape.variable_scalar(3.0));
    /// let y = tape.combine(&[(two, a), (ten, b)]);
    /// assert_eq!(tape.scalar(y), 32.0);
    /// ```
    ///
    /// # Panics
    /// If there are no terms, an sₖ is no scalar, or the xₖ differ in shape.
    #[track_caller]
    pub fn combine(&mut self, terms: &[(Var, Var)]) -> Var {
        assert!(!terms.is_empty(), "combine needs at least one term");
        let mut inputs = std::mem::take(&mut self.inputs);
        inputs.clear();
        inputs.extend(terms.iter().flat_map(|(s, x)| [*s, *x]));
        let y = self.record(Combine.into(), &inputs);
        self.inputs = inputs;
        y
    }
}
