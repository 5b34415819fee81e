//! Networks that learn by local plasticity rules with feedback pathways, on the
//! autodiff tape (PAPER Eqs. 1-3, 5, 13-24).
//!
//! A layer l = 1..L has W_l (n_l × n_{l−1}), z_l = W_l y_{l−1} and y_l = σ(z_l), with
//! softmax at the end. Errors run back through feedback pathways B, and each W_l
//! changes by ΔW_l = Σ_r θ_r F^r, where F^r is built from what the synapse can see:
//! the activity y⁻ = y_{l−1} and error e⁻ = e_{l−1} of its pre-synaptic layer and y,
//! z, e of its post-synaptic layer.
//!
//! To add a plasticity term, add its row to the table in `terms.rs`, or write it in a
//! rule file. To add a feedback pathway, see `feedback.rs`.

mod activation;
mod compile;
mod feedback;
mod network;
mod rule;
mod rule_file;
mod terms;

pub use activation::Activation;
pub use compile::CompiledRule;
pub use feedback::Feedback;
pub use network::{Network, Trace};
pub use rule::{RULES, Rule, RuleError};
pub use terms::{PAPER_TERMS, Post, Pre, Product, Scalar, Term};
