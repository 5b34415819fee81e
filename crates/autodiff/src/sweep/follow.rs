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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<V> {
    /// None stands for 0, which it is before anything was swept.
    now: Option<V>,
}

impl<V: Copy + PartialEq> Inner<V> {
    /// Of Λ = 0.
    pub(crate) fn zero() -> Self {
        Inner { now: None }
    }

    /// Adds the share of an operation.
    pub(crate) fn add<A: Algebra<Value = V>>(
        &mut self,
        g: &mut A,
        share: impl FnOnce(&mut A) -> V,
    ) {
        let share = share(g);
        self.now = Some(g.accumulate(self.now, share));
    }

    /// Takes off the share of the terms of an update.
    pub(crate) fn subtract<A: Algebra<Value = V>>(
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
    pub(crate) fn before_scaling<A: Algebra<Value = V>>(self, g: &mut A, s: V) -> V {
        match self.now {
            Some(now) => g.div(now, s),
            None => g.constant(Shape::SCALAR, 0.0),
        }
    }
}
