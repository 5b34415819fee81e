//! Cross-entropy between logits and targets, averaged over rows.

use lanes::{dispatch, max};

use super::Operation;
use super::same_shape;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// L = −(1/B) Σ_b Σᵢ t_bᵢ ln softmax(z_b)ᵢ; inputs z, t, both B × n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CrossEntropy;

impl Operation for CrossEntropy {
    const NAMES: &'static [&'static str] = &["cross_entropy"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        same_shape(self.name(), x);
        Shape::SCALAR
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (z, t) = (x.get(0), x.get(1));
        let cols = z.shape.cols;
        let total = dispatch(
            #[inline(always)]
            move |fused| {
                let mut total = T::ZERO;
                for (z, t) in z.data.chunks_exact(cols).zip(t.data.chunks_exact(cols)) {
                    let top = z.iter().skip(1).fold(z[0], |top, z| max(top, *z));
                    let mut mass = T::ZERO;
                    for z in z {
                        mass = mass + (*z - top).exp(fused);
                    }
                    let log_mass = mass.ln();
                    for (z, t) in z.iter().zip(t) {
                        // Subtracting before multiplying keeps what is left after the
                        // large parts of z and top cancel. A class that is masked out by
                        // the logit −∞ costs nothing if it is no target.
                        if *t != T::ZERO {
                            total = fused.mul_add(*t, log_mass - (*z - top), total);
                        }
                    }
                }
                total
            },
        );
        y[0] = total / T::from_f64(z.shape.rows as f64);
    }

    /// z̄ = (L̄/B)·((Σᵢ t_bᵢ)·softmax(z) − t), t̄ = −(L̄/B)·ln softmax(z).
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (z, t, dl) = (cx.input(0), cx.input(1), cx.adjoint());
        cx.give(0, |g| {
            let slope = slope_in_logits(g, z, t);
            g.scale(dl, slope)
        });
        cx.give(1, |g| {
            let slope = slope_in_targets(g, z);
            g.scale(dl, slope)
        });
    }

    /// L̇ = ⟨dL/dz, ż⟩ + ⟨dL/dt, ṫ⟩ with the slopes above.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (z, t) = (cx.input(0), cx.input(1));
        cx.take(0, |g, dz| {
            let slope = slope_in_logits(g, z, t);
            g.dot(slope, dz)
        });
        cx.take(1, |g, dt| {
            let slope = slope_in_targets(g, z);
            g.dot(slope, dt)
        });
    }
}

/// ((Σᵢ t_bᵢ)·softmax(z) − t)/B.
fn slope_in_logits<A: Algebra>(g: &mut A, z: A::Value, t: A::Value) -> A::Value {
    let batch = g.shape(z).rows as f64;
    let mass = g.row_sum(t);
    let share = g.softmax(z);
    let expected = g.row_scale(mass, share);
    let difference = g.sub(expected, t);
    g.affine(difference, 1.0 / batch, 0.0)
}

/// −ln softmax(z)/B.
fn slope_in_targets<A: Algebra>(g: &mut A, z: A::Value) -> A::Value {
    let batch = g.shape(z).rows as f64;
    let log_share = g.log_softmax(z);
    g.affine(log_share, -1.0 / batch, 0.0)
}

/// # Cross-entropy
impl<T: Real> Tape<T> {
    /// −(1/B) Σ_b Σᵢ t_bᵢ ln softmax(z_b)ᵢ: the mean over the rows of the logits `z`
    /// (B × n) of the cross-entropy with the targets `t` (B × n, one-hot for labels). A
    /// logit of −∞ masks its class out, as long as its target is 0.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let z = tape.variable_vector(&[0.0, 0.0, f64::NEG_INFINITY]);
    /// let t = tape.constant_vector(&[1.0, 0.0, 0.0]);
    /// let loss = tape.cross_entropy(z, t);
    /// assert_eq!(tape.scalar(loss), 2.0_f64.ln());
    /// assert_eq!(tape.gradient(loss, &[z])[z], [-0.5, 0.5, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn cross_entropy(&mut self, z: Var, t: Var) -> Var {
        self.record(CrossEntropy.into(), &[z, t])
    }
}
