//! What a synapse has to know for a term, told for each term.

use std::fmt;

use super::{Expr, Name};

/// How far from a synapse something comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Locality {
    /// From its two units, the synapse itself, constants or traces.
    Local,
    /// From one signal that all synapses share.
    ThirdFactor,
    /// From all units of a layer.
    LayerSum,
}

/// What a term takes that is not local, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Third factors.
    pub third_factors: Vec<String>,
    /// Sums over a layer.
    pub layer_sums: Vec<String>,
}

impl Needs {
    /// Of an expression.
    pub fn of(expression: &Expr) -> Needs {
        let mut needs = Needs::default();
        needs.look(expression);
        needs
    }

    /// The furthest that something comes from.
    pub fn locality(&self) -> Locality {
        if !self.layer_sums.is_empty() {
            Locality::LayerSum
        } else if !self.third_factors.is_empty() {
            Locality::ThirdFactor
        } else {
            Locality::Local
        }
    }

    fn look(&mut self, expression: &Expr) {
        let mut note = |list: fn(&mut Needs) -> &mut Vec<String>, text: String| {
            let list = list(self);
            if !list.contains(&text) {
                list.push(text);
            }
        };
        match expression {
            Expr::Name(name) => match name.locality() {
                Locality::Local => {}
                Locality::ThirdFactor => note(|n| &mut n.third_factors, name.text().to_owned()),
                Locality::LayerSum => note(|n| &mut n.layer_sums, name.text().to_owned()),
            },
            Expr::Sum(inner) => {
                note(|n| &mut n.layer_sums, expression.to_string());
                // What the sum is taken of is part of the sum; third factors are not.
                let inner = Needs::of(inner);
                for text in inner.third_factors {
                    note(|n| &mut n.third_factors, text);
                }
            }
            _ => expression.children().for_each(|child| self.look(child)),
        }
    }
}

impl Name {
    /// How far from a synapse it comes.
    pub fn locality(self) -> Locality {
        self.entry().locality
    }
}

impl fmt::Display for Needs {
    /// As in "needs a sum over a layer: W'y".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let third = (!self.third_factors.is_empty())
            .then(|| format!("third factor: {}", self.third_factors.join(", ")));
        let sums = (!self.layer_sums.is_empty())
            .then(|| format!("needs a sum over a layer: {}", self.layer_sums.join(", ")));
        match (third, sums) {
            (None, None) => write!(f, "local"),
            (Some(one), None) | (None, Some(one)) => write!(f, "{one}"),
            (Some(third), Some(sums)) => write!(f, "{third}; {sums}"),
        }
    }
}
