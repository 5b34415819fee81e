//! What keeps coefficients small (PAPER Eq. 6; Fig. S5 compares the norms).

use autodiff::{Real, Tape, Var};
use serde::{Deserialize, Serialize};

/// Which norm of Θ is added to the meta-loss.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Norm {
    /// None.
    None,
    /// Σ |θ_r|, the paper's.
    #[default]
    L1,
    /// Σ θ_r².
    L2,
    /// ½ Σ |θ_r| + ½ Σ θ_r².
    Elastic,
}

/// P(Θ) = λ times a norm, which the meta-loss adds to the cross-entropy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// The norm.
    #[serde(rename = "penalty")]
    pub norm: Norm,
    /// λ, at least 0.
    pub lambda: f64,
}

impl Penalty {
    /// λ‖Θ‖₁, as in the paper.
    pub fn l1(lambda: f64) -> Self {
        Penalty {
            norm: Norm::L1,
            lambda,
        }
    }

    /// (λ₁, λ₂) of P(Θ) = λ₁ Σ |θ_r| + λ₂ Σ θ_r².
    pub(crate) fn weights(self) -> (f64, f64) {
        let lambda = self.lambda;
        match self.norm {
            Norm::None => (0.0, 0.0),
            Norm::L1 => (lambda, 0.0),
            Norm::L2 => (0.0, lambda),
            Norm::Elastic => (0.5 * lambda, 0.5 * lambda),
        }
    }

    /// dP/dθ_r for θ_r = `theta`; that of |θ| is 0 at 0.
    pub fn slope(self, theta: f64) -> f64 {
        let (absolute, square) = self.weights();
        let sign = if theta == 0.0 { 0.0 } else { theta.signum() };
        absolute * sign + 2.0 * square * theta
    }

    /// L + P(Θ) on the tape.
    pub(crate) fn add_to<T: Real>(self, tape: &mut Tape<T>, loss: Var, theta: &[Var]) -> Var {
        let (absolute, square) = self.weights();
        let mut total = loss;
        for theta in theta {
            if absolute > 0.0 {
                let size = tape.abs(*theta);
                let share = tape.affine(size, absolute, 0.0);
                total = tape.add(total, share);
            }
            if square > 0.0 {
                let size = tape.mul(*theta, *theta);
                let share = tape.affine(size, square, 0.0);
                total = tape.add(total, share);
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_grows_by_the_norm_and_its_slope_is_zero_at_zero() {
        let (theta, loss) = ([-0.5, 0.0, 2.0], 3.0);
        for (norm, want, slope) in [
            (Norm::None, 0.0, [0.0, 0.0, 0.0]),
            (Norm::L1, 2.5, [-1.0, 0.0, 1.0]),
            (Norm::L2, 4.25, [-1.0, 0.0, 4.0]),
            (Norm::Elastic, 3.375, [-1.0, 0.0, 2.5]),
        ] {
            let mut tape = Tape::<f64>::new();
            let vars = theta.map(|t| tape.variable_scalar(t));
            let start = tape.constant_scalar(loss);
            let penalty = Penalty { norm, lambda: 2.0 };
            let total = penalty.add_to(&mut tape, start, &vars);
            assert_eq!(tape.scalar(total), loss + 2.0 * want, "{norm:?}");
            let gradient = tape.gradient(total, &vars);
            let found = [0, 1, 2].map(|r| gradient.scalar(r));
            assert_eq!(theta.map(|t| penalty.slope(t)), found, "{norm:?}");
            assert_eq!(found, slope.map(|s| 2.0 * s), "{norm:?}");
        }
    }
}
