//! A rule's text as a tree.

use serde::Serialize;

use super::{Function, Kind, Name};

/// An expression over what a synapse sees. Made by [`parse`](super::parse), which sees to
/// it that kinds go together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expr {
    /// A number.
    Number(f64),
    /// Something seen.
    Name(Name),
    /// A learned constant.
    Constant(String),
    /// −a.
    Negative(Box<Expr>),
    /// a + b.
    Add(Box<Expr>, Box<Expr>),
    /// a − b.
    Subtract(Box<Expr>, Box<Expr>),
    /// a · b, element by element; a number multiplies every element.
    Multiply(Box<Expr>, Box<Expr>),
    /// a / b, element by element.
    Divide(Box<Expr>, Box<Expr>),
    /// a ⊗ b; a number stands for a vector that is the same everywhere.
    Outer(Box<Expr>, Box<Expr>),
    /// a to a whole power.
    Power(Box<Expr>, u32),
    /// f(a), element by element.
    Function(Function, Box<Expr>),
    /// Σᵢ aᵢ over a layer's units.
    Sum(Box<Expr>),
    /// ā ← ρ ā + (1 − ρ) a once an image, with the image's own a; ρ a number or a
    /// learned constant.
    Trace(Box<Expr>, Box<Expr>),
}

impl Expr {
    /// What it stands for.
    pub fn kind(&self) -> Kind {
        match self {
            Expr::Number(_) | Expr::Constant(_) | Expr::Sum(_) => Kind::Number,
            Expr::Name(name) => name.kind(),
            Expr::Outer(..) => Kind::Matrix,
            Expr::Negative(a) | Expr::Power(a, _) | Expr::Function(_, a) | Expr::Trace(a, _) => {
                a.kind()
            }
            // A number beside a vector or matrix is spread over it.
            Expr::Add(a, b) | Expr::Subtract(a, b) | Expr::Multiply(a, b) | Expr::Divide(a, b) => {
                a.kind().max(b.kind())
            }
        }
    }

    /// The expressions that it is made of.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        let (a, b) = match self {
            Expr::Number(_) | Expr::Name(_) | Expr::Constant(_) => (None, None),
            Expr::Negative(a) | Expr::Power(a, _) | Expr::Function(_, a) | Expr::Sum(a) => {
                (Some(a), None)
            }
            Expr::Add(a, b)
            | Expr::Subtract(a, b)
            | Expr::Multiply(a, b)
            | Expr::Divide(a, b)
            | Expr::Outer(a, b)
            | Expr::Trace(a, b) => (Some(a), Some(b)),
        };
        a.into_iter().chain(b).map(|child| &**child)
    }

    /// Whether `what` is true of it or of anything that it is made of.
    pub fn has(&self, what: &impl Fn(&Expr) -> bool) -> bool {
        what(self) || self.children().any(|child| child.has(what))
    }
}
