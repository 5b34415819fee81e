use lanes::max_or_nan;

use crate::algebra::{Algebra, Shorthand};
use crate::shape::Shape;

/// ⟨Λ, W⟩ = Σᵢⱼ Λᵢⱼ Wᵢⱼ of a matrix and its adjoint, which a scale's derivative is made
/// of, followed through the sweep instead of summed over all weights.
///
/// Whatever reads or changes W changes ⟨Λ, W⟩ by a product of vectors that the sweep has
/// at hand (Λ', W' are those just after the operation):
///
/// | operation | Λ | ⟨Λ, W⟩ |
/// |---|---|---|
/// | z = W y | Λ' + z̄ ⊗ y | ⟨Λ', W⟩ + ⟨z̄, z⟩ |
/// | u = Wᵀ e | Λ' + e ⊗ ū | ⟨Λ', W⟩ + ⟨ū, u⟩ |
/// | W' = sW + Σ tₖ aₖ ⊗ bₖ | s Λ' | ⟨Λ', W'⟩ − Σ tₖ ⟨aₖ, Λ' bₖ⟩ |
///
/// and in the last case the scale's derivative is s̄ = ⟨Λ', W⟩ = ⟨Λ, W⟩/s.
///
/// What cancels on the way is lost: ⟨Λ, W⟩ is as precise as rounding leaves the largest
/// sum it went through. How much that is, is told by [`Inner::imprecision`], and past a
/// tolerance the sweep is done again without following.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<V> {
    /// None stands for 0, which it is before anything was swept.
    now: Option<V>,
    /// The largest sum or summand so far.
    largest: f64,
    /// The scale whose derivative is made now, in as many updates in a row as share it.
    scale: Option<V>,
    /// Sums over these of what rounding may have taken from its derivative, in units of
    /// rounding, and of its magnitudes.
    lost: f64,
    found: f64,
    /// The largest share lost of the derivative of any scale before.
    worst: f64,
}

impl<V: Copy + PartialEq> Inner<V> {
    /// Of Λ = 0.
    pub(crate) fn zero() -> Self {
        Inner {
            now: None,
            largest: 0.0,
            scale: None,
            lost: 0.0,
            found: 0.0,
            worst: 0.0,
        }
    }

    /// Adds the share of an operation.
    pub(super) fn add<A: Algebra<Value = V>>(
        &mut self,
        g: &mut A,
        share: impl FnOnce(&mut A) -> V,
    ) {
        let share = share(g);
        let now = g.accumulate(self.now, share);
        let size = g.number(share).abs().max(g.number(now).abs());
        self.largest = self.largest.max(size);
        self.now = Some(now);
    }

    /// Takes off the share of the terms of an update.
    pub(super) fn subtract<A: Algebra<Value = V>>(
        &mut self,
        g: &mut A,
        share: impl FnOnce(&mut A) -> V,
    ) {
        self.add(g, |g| {
            let share = share(g);
            g.affine(share, -1.0, 0.0)
        });
    }

    /// ⟨Λ', W⟩ for an update W' = sW + …, after its terms were taken off.
    pub(super) fn before_scaling<A: Algebra<Value = V>>(&mut self, g: &mut A, s: V) -> V {
        let Some(now) = self.now else {
            return g.constant(Shape::SCALAR, 0.0);
        };
        if self.scale != Some(s) {
            self.worst = self.imprecision();
            (self.scale, self.lost, self.found) = (Some(s), 0.0, 0.0);
        }
        let scale = g.number(s).abs();
        self.lost += self.largest / scale;
        self.found += g.number(now).abs() / scale;
        g.div(now, s)
    }

    /// The largest part of a scale's derivative that rounding may have taken, in units of
    /// rounding. Each scale is judged by itself: a large derivative does not hide what
    /// happens to a small one.
    pub(crate) fn imprecision(&self) -> f64 {
        if self.lost > 0.0 {
            max_or_nan(self.worst, self.lost / self.found)
        } else {
            self.worst
        }
    }
}
