//! Networks that learn by local plasticity rules with feedback pathways, on the
//! autodiff tape (PAPER Eqs. 1-3, 5, 13-24).
//!
//! A layer l = 1..L has W_l (n_l × n_{l−1}), z_l = W_l y_{l−1} and y_l = σ(z_l), with
//! softmax at the end. Errors run back through feedback pathways B, and each W_l
//! changes by ΔW_l = Σ_r θ_r F^r, where F^r is built from what the synapse can see:
//! the activity y⁻ = y_{l−1} and error e⁻ = e_{l−1} of its pre-synaptic layer and y,
//! z, e of its post-synaptic layer.
//!
//! A term is a line of text, see [`language`]; rules are lists of terms, in files or
//! built in. To add a feedback pathway, see `feedback.rs`.
//!
//! One image seen and learned from, as often as an episode has images:
//!
//! ```
//! use autodiff::Tape;
//! use model::{Feedback, Circuit, Network, Rule, StateArrays, Trace};
//! use ndarray::array;
//!
//! let network = Network { sizes: vec![3, 2, 2], ..Network::default() };
//! let rule = Rule::built_in("ehebb").expect("ehebb is built in");
//! let mut circuit = Circuit::new(&network, Feedback::Fixed, &rule)?;
//!
//! let mut tape = Tape::<f64>::new();
//! // One coefficient for each term: F^0 and F^2.
//! let theta = [tape.variable_scalar(0.1), tape.variable_scalar(-0.2)];
//! let start = StateArrays::new(
//!     vec![array![[0.4, -0.1, 0.2], [0.3, 0.5, -0.6]], array![[0.7, -0.2], [0.1, 0.6]]],
//!     vec![array![[0.1, 0.3, -0.5], [-0.4, 0.2, 0.6]], array![[0.5, 0.4], [-0.3, 0.8]]],
//! );
//! let mut state = start.declare(&mut tape, &circuit);
//! let image = tape.constant_vector(&[1.0, 0.0, 0.5]);
//! let target = tape.constant_vector(&[0.0, 1.0]);
//!
//! circuit.begin(&mut tape, &theta);
//! let mut trace = Trace::default();
//! circuit.present(&mut tape, &mut state, (image, target), &mut trace);
//!
//! // The same image with the new weights: a loss that depends on θ.
//! network.forward(&mut tape, &state.w, image, &mut trace);
//! let loss = tape.cross_entropy(trace.z[1], target);
//! let gradient = tape.gradient(loss, &theta);
//! assert!(gradient.scalar(0) < 0.0, "more of F^0 would have helped");
//! # Ok::<(), model::Misfit>(())
//! ```
//!
//! | file | what |
//! |---|---|
//! | `language/` | a term's text: names, functions, tree, printing, normal form |
//! | `sight.rs`, `plain.rs` | what a synapse can see, on the tape and in plain numbers |
//! | `nodes.rs`, `compile.rs` | terms as values that are computed once, and one update |
//! | `state.rs`, `circuit.rs` | all that changes, and what happens to it with an image |
//! | `network.rs`, `feedback.rs`, `activation.rs` | forward, and the errors back |
//! | `rule.rs`, `rule_file.rs`, `terms.rs`, `parameters.rs` | rules, and what of them is learned |
//! | `latex.rs` | a rule for a paper |

mod activation;
mod circuit;
mod compile;
mod feedback;
pub mod language;
mod latex;
mod network;
mod nodes;
mod parameters;
mod parts;
mod plain;
mod rule;
mod rule_file;
mod sight;
mod state;
mod terms;

pub use activation::Activation;
pub use circuit::{Circuit, Misfit};
pub use feedback::{Feedback, Pathway};
pub use network::{Network, Trace};
pub use parameters::{Counts, Parameter, ParameterKind};
pub use parts::{Lists, Parts, PartsError};
pub use plain::{ProductValue, TermValue, VectorValue};
pub use rule::{Constant, RULES, Rule, RuleError};
pub use state::{Matrix, State, StateArrays};
pub use terms::{PAPER_TERMS, Term, TermError};
