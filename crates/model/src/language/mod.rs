//! The language of plasticity rules: a term is one line of text, `scalar * post ⊗ pre`.
//!
//! | side | names |
//! |---|---|
//! | post (n_l) | `y`, `e`, `z`, `We-`, `1` |
//! | pre (n_{l−1}) | `y-`, `e-`, `W'y`, `W'e`, `1` |
//! | matrix | `W`, the synapse's own |
//! | numbers | `0.5`, `sum(v)`, `loss`, `right`, learned constants |
//! | functions | `tanh abs exp ln sigmoid softplus relu`, `trace(v, ρ)`, `^2` |
//!
//! `(x)` is the same as `⊗`, `*` multiplies numbers or vectors element by element, `+`
//! and `-` add anywhere. Unicode spellings (`y⁻ Wᵀy We⁻ ² ·`) mean the same.
//!
//! A text becomes a tree ([`Expr`], `parse.rs`), which is printed back as text, LaTeX or
//! MathML (`print.rs`), and a sum of products ([`Normal`], `normal.rs`), which is
//! what `compile.rs` makes an update of low rank of.

mod expression;
mod functions;
mod locality;
mod names;
mod normal;
mod parse;
mod print;
mod tokens;

pub use expression::Expr;
pub use functions::Function;
pub use locality::{Locality, Needs};
pub use names::{Kind, Name, Side};
pub use normal::Normal;
pub(crate) use normal::{Factor, Monomial, Poly, Rate};
pub(crate) use parse::is_constant_name;
pub use parse::{SyntaxError, parse};
