//! Functions of a rule's numbers and vectors, element by element.

use autodiff::{Real, Tape, Var};
use serde::Serialize;

/// A function that is applied element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Function {
    /// tanh x.
    Tanh,
    /// |x|, with slope 0 at 0.
    Abs,
    /// e^x.
    Exp,
    /// ln x.
    Ln,
    /// 1/(1 + e^−x).
    Sigmoid,
    /// ln(1 + e^x).
    Softplus,
    /// max(x, 0), with slope ½ at 0.
    Relu,
    /// 1/x; written as a division.
    Reciprocal,
}

impl Function {
    /// Those that have a name. A new function needs its variant, its name, and its
    /// meaning on the tape and on a plain number.
    pub const NAMED: [(Function, &'static str); 7] = [
        (Function::Tanh, "tanh"),
        (Function::Abs, "abs"),
        (Function::Exp, "exp"),
        (Function::Ln, "ln"),
        (Function::Sigmoid, "sigmoid"),
        (Function::Softplus, "softplus"),
        (Function::Relu, "relu"),
    ];

    /// Its name; `None` for the reciprocal, which is written as a division.
    pub fn name(self) -> Option<&'static str> {
        let row = Self::NAMED.iter().find(|(function, _)| *function == self);
        row.map(|(_, name)| *name)
    }

    /// The function of a name.
    pub fn from_name(name: &str) -> Option<Function> {
        let row = Self::NAMED.iter().find(|(_, known)| *known == name);
        row.map(|(function, _)| *function)
    }

    /// f(x) on a tape.
    pub(crate) fn on_tape<T: Real>(self, tape: &mut Tape<T>, x: Var) -> Var {
        match self {
            Function::Tanh => tape.tanh(x),
            Function::Abs => tape.abs(x),
            Function::Exp => tape.exp(x),
            Function::Ln => tape.ln(x),
            Function::Sigmoid => tape.sigmoid(x),
            Function::Softplus => tape.softplus(x, 1.0),
            Function::Relu => {
                let size = tape.abs(x);
                let twice = tape.add(x, size);
                tape.affine(twice, 0.5, 0.0)
            }
            Function::Reciprocal => {
                let zeros = tape.affine(x, 0.0, 1.0);
                tape.div(zeros, x)
            }
        }
    }

    /// f(x) of a plain number.
    pub(crate) fn of(self, x: f64) -> f64 {
        match self {
            Function::Tanh => libm::tanh(x),
            Function::Abs => x.abs(),
            Function::Exp => libm::exp(x),
            Function::Ln => libm::log(x),
            Function::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
            Function::Softplus => x.max(0.0) + libm::log1p(libm::exp(-x.abs())),
            Function::Relu => x.max(0.0),
            Function::Reciprocal => 1.0 / x,
        }
    }
}
