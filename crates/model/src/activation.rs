use autodiff::{Real, Tape, Var};
use serde::{Deserialize, Serialize};

/// What a hidden unit does with its input. All three have a slope that is a function
/// of the value, which is what lets errors run back through values alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, strum::VariantNames)]
#[serde(tag = "activation", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Activation {
    /// y = ln(1 + e^βz)/β (PAPER Eq. 13); its slope is 1 − e^−βy.
    Softplus {
        /// Sharpness; the paper uses 10.
        beta: f64,
    },
    /// y = tanh z; its slope is 1 − y².
    Tanh,
    /// y = 1/(1 + e^−z); its slope is y(1 − y).
    Sigmoid,
}

impl Default for Activation {
    fn default() -> Self {
        Activation::Softplus { beta: 10.0 }
    }
}

impl Activation {
    /// σ(z), element by element.
    pub fn apply<T: Real>(self, tape: &mut Tape<T>, z: Var) -> Var {
        match self {
            Activation::Softplus { beta } => tape.softplus(z, beta),
            Activation::Tanh => tape.tanh(z),
            Activation::Sigmoid => tape.sigmoid(z),
        }
    }

    /// σ'(z) where σ(z) = y, element by element. Also used with the pixels y_0 for the
    /// error of the input layer (PAPER Eq. 24).
    pub fn slope<T: Real>(self, tape: &mut Tape<T>, y: Var) -> Var {
        match self {
            Activation::Softplus { beta } => tape.softplus_slope(y, beta),
            Activation::Tanh => {
                let square = tape.mul(y, y);
                tape.affine(square, -1.0, 1.0)
            }
            Activation::Sigmoid => {
                let rest = tape.affine(y, -1.0, 1.0);
                tape.mul(y, rest)
            }
        }
    }

    /// u ⊙ σ'(z) where σ(z) = y: an error or adjoint on its way back through a layer.
    pub fn gate<T: Real>(self, tape: &mut Tape<T>, u: Var, y: Var) -> Var {
        match self {
            Activation::Softplus { beta } => tape.softplus_gate(u, y, beta),
            Activation::Tanh | Activation::Sigmoid => {
                let slope = self.slope(tape, y);
                tape.mul(u, slope)
            }
        }
    }

    /// Whether the slope is 0 where y is 0, so that silent pixels have no error.
    pub fn is_shut_at_zero(self) -> bool {
        !matches!(self, Activation::Tanh)
    }

    /// The name in configuration and case files.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Softplus { .. } => "softplus",
            Activation::Tanh => "tanh",
            Activation::Sigmoid => "sigmoid",
        }
    }

    /// The activation of a name; `beta` is used by softplus alone.
    pub fn from_name(name: &str, beta: f64) -> Option<Self> {
        match name {
            "softplus" => Some(Activation::Softplus { beta }),
            "tanh" => Some(Activation::Tanh),
            "sigmoid" => Some(Activation::Sigmoid),
            _ => None,
        }
    }
}
