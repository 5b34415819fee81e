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
//!
//! One image seen and learned from, as often as an episode has images:
//!
//! ```
//! use autodiff::Tape;
//! use model::{CompiledRule, Feedback, Network, Rule, Trace};
//! use ndarray::array;
//!
//! let network = Network { sizes: vec![3, 2, 2], ..Network::default() };
//! let rule = Rule::built_in("ehebb").expect("ehebb is built in");
//! let mut compiled = CompiledRule::new(&rule, &network)?;
//!
//! let mut tape = Tape::<f64>::new();
//! // One coefficient for each term: F^0 and F^2.
//! let theta = [tape.variable_scalar(0.1), tape.variable_scalar(-0.2)];
//! let mut w = [
//!     tape.plastic(array![[0.4, -0.1, 0.2], [0.3, 0.5, -0.6]].view()),
//!     tape.plastic(array![[0.7, -0.2], [0.1, 0.6]].view()),
//! ];
//! let b = [
//!     tape.fixed(array![[0.1, 0.3, -0.5], [-0.4, 0.2, 0.6]].view()),
//!     tape.fixed(array![[0.5, 0.4], [-0.3, 0.8]].view()),
//! ];
//! let image = tape.constant_vector(&[1.0, 0.0, 0.5]);
//! let target = tape.constant_vector(&[0.0, 1.0]);
//!
//! compiled.begin(&mut tape, &theta);
//! let mut trace = Trace::default();
//! network.forward(&mut tape, &w, image, &mut trace);
//! let lowest = compiled.lowest_error();
//! network.feed_back(&mut tape, Feedback::Fixed, (&w, &b), target, lowest, &mut trace);
//! compiled.update(&mut tape, &mut w, &trace);
//!
//! // The same image with the new weights: a loss that depends on θ.
//! network.forward(&mut tape, &w, image, &mut trace);
//! let loss = tape.cross_entropy(trace.z[1], target);
//! let gradient = tape.gradient(loss, &theta);
//! assert!(gradient.scalar(0) < 0.0, "more of F^0 would have helped");
//! # Ok::<(), String>(())
//! ```

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
