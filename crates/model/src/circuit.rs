//! A network with its pathways and its rule: what happens when an image is presented.

use autodiff::{Plastic, Real, Tape, Var};
use ndarray::Array2;

use crate::compile::{Acting, CompiledRule};
use crate::language::Name;
use crate::plain::{Plain, TermValue};
use crate::sight::{Kept, Wire};
use crate::{Counts, Feedback, Matrix, Network, Rule, State, Trace};

/// A network, a feedback pathway and a rule, made ready to learn.
#[derive(Clone, Debug)]
pub struct Circuit {
    network: Network,
    feedback: Feedback,
    counts: Counts,
    forward: CompiledRule,
    /// The terms of B, if it has any.
    backward: Option<CompiledRule>,
    gains: Vec<Var>,
    kept: Kept,
}

/// A rule that does not fit a network or its pathway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It lists terms for another number of layers.
    #[error(
        "rule '{rule}' lists terms for {lists} layers, but the network has {layers}; list terms for each layer, or for all at once"
    )]
    Layers {
        /// The rule.
        rule: String,
        /// Layers that it lists.
        lists: usize,
        /// Layers that there are.
        layers: usize,
    },
    /// It has terms for B, and the pathway has no B that could change.
    #[error(
        "rule '{rule}' has terms for B (back), but {feedback} feedback has no matrices of its own that could change; use fixed, direct or mixed"
    )]
    Back {
        /// The rule.
        rule: String,
        /// The pathway.
        feedback: &'static str,
    },
}

impl Circuit {
    /// Compiles `rule` for `network` and a pathway.
    ///
    /// # Errors
    /// If the rule does not fit.
    pub fn new(network: &Network, feedback: Feedback, rule: &Rule) -> Result<Self, Misfit> {
        let layers = network.layers();
        if let Some(lists) = &rule.layers
            && lists.len() != layers
        {
            return Err(Misfit::Layers {
                rule: rule.name.clone(),
                lists: lists.len(),
                layers,
            });
        }
        if !rule.back.is_empty() && !feedback.may_be_plastic() {
            return Err(Misfit::Back {
                rule: rule.name.clone(),
                feedback: feedback.name(),
            });
        }
        let constants: Vec<String> = rule.constants.iter().map(|c| c.name.clone()).collect();
        let acting = |terms, layers| Acting {
            terms,
            layers,
            groups: rule.groups(),
            constants: constants.clone(),
        };
        let forward = acting(&rule.terms, (0..layers).map(|l| rule.on_layer(l)).collect());
        let wire = |l| Wire {
            pre: l,
            post: l + 1,
        };
        let forward = CompiledRule::new(&forward, (0..layers).map(wire).collect());
        let backward = (!rule.back.is_empty()).then(|| {
            let all = (0..rule.back.len()).collect();
            let wire = |l| Wire {
                pre: l,
                post: feedback.above(l, layers),
            };
            let acting = acting(&rule.back, vec![all; layers]);
            CompiledRule::new(&acting, (0..layers).map(wire).collect())
        });
        let mut bounds = vec![0.0];
        for share in &rule.populations {
            bounds.push(bounds[bounds.len() - 1] + share);
        }
        Ok(Circuit {
            network: network.clone(),
            feedback,
            counts: rule.counts(feedback),
            forward,
            backward,
            gains: Vec::new(),
            kept: Kept::new(bounds),
        })
    }

    /// The same, with another pathway that has no gains and no terms of its own.
    ///
    /// # Panics
    /// If this one's or the other's has some.
    pub fn with_feedback(self, feedback: Feedback) -> Self {
        let plain = self.backward.is_none() && self.feedback.gains().is_empty();
        assert!(
            plain && feedback.gains().is_empty(),
            "a pathway that learns"
        );
        Circuit { feedback, ..self }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The feedback pathway.
    pub fn feedback(&self) -> Feedback {
        self.feedback
    }

    /// How many numbers of each kind are meta-learned.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether B changes too.
    pub fn feedback_learns(&self) -> bool {
        self.backward.is_some()
    }

    /// The gains that the updates use, after [`Circuit::begin`].
    pub(crate) fn gains(&self) -> &[Var] {
        &self.gains
    }

    /// Declares all matrices by calls of `matrix` with their shapes (rows, columns) and
    /// whether they are plastic: first all W, then all B, then all D.
    pub fn declare(
        &self,
        mut matrix: impl FnMut(Matrix, (usize, usize), bool) -> Plastic,
    ) -> State {
        let sizes = &self.network.sizes;
        let mut all = |shapes: Vec<(usize, usize)>, which: fn(usize) -> Matrix, plastic| {
            let shapes = shapes.into_iter().enumerate();
            shapes
                .map(|(l, shape)| matrix(which(l), shape, plastic))
                .collect()
        };
        let layers = self.network.layers();
        let traces = |rule: &CompiledRule| vec![vec![None; rule.traces()]; layers];
        State {
            w: all(self.network.shapes(), Matrix::Weights, true),
            b: all(
                self.feedback.shapes(sizes),
                Matrix::Feedback,
                self.feedback_learns(),
            ),
            d: all(self.feedback.direct_shapes(sizes), Matrix::Direct, false),
            traces: traces(&self.forward),
            back_traces: self.backward.as_ref().map(traces).unwrap_or_default(),
        }
    }

    /// The lowest layer whose error is needed: 0 if a term of the first layer uses the
    /// error e_0 of the pixels, else 1.
    pub fn lowest_error(&self) -> usize {
        let back = self.backward.as_ref();
        let needed = |rule: &CompiledRule| rule.sees(0, Name::PreError);
        usize::from(!needed(&self.forward) && !back.is_some_and(needed))
    }

    /// Sets the meta-learned numbers of the updates to come, in the order of
    /// [`Rule::parameters`]. An episode begins once, or before each step if every step is
    /// to have numbers of its own.
    ///
    /// # Panics
    /// If there is another number of them than the rule and its pathway have.
    #[track_caller]
    pub fn begin<T: Real>(&mut self, tape: &mut Tape<T>, parameters: &[Var]) {
        let [theta, phi, gains, constants] = self.counts.split(parameters);
        self.forward.begin(tape, theta);
        if let Some(backward) = &mut self.backward {
            backward.begin(tape, phi);
        }
        let one = tape.constant_scalar(T::ONE);
        self.kept.begin(one, constants);
        self.forward.begin_scales(tape, one);
        if let Some(backward) = &mut self.backward {
            backward.begin_scales(tape, one);
        }
        self.gains.clear();
        self.gains.extend(gains);
    }

    /// Shows the network one image `x` with its one-hot `target`, and lets it learn:
    /// forward (PAPER Eqs. 1, 2), the errors back (Eq. 3), and W_l ← W_l + Σ_r θ_r F^r
    /// (Eq. 5), likewise B, from what was there before either changed.
    ///
    /// # Panics
    /// If no episode was begun, or something does not fit the network.
    pub fn present<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        state: &mut State,
        (x, target): (Var, Var),
        trace: &mut Trace,
    ) {
        self.network.forward(tape, &state.w, x, trace);
        let lowest = self.lowest_error();
        let pathway = state.pathway(self);
        self.network
            .feed_back(tape, &pathway, target, lowest, trace);
        self.third_factors(tape, target, trace);
        self.forward.look(tape, &state.w, trace);
        if let Some(backward) = &mut self.backward {
            backward.look(tape, &state.b, trace);
        }
        let kept = &mut self.kept;
        self.forward
            .update(tape, (&mut state.w, trace), kept, &mut state.traces);
        if let Some(backward) = &mut self.backward {
            backward.update(tape, (&mut state.b, trace), kept, &mut state.back_traces);
        }
    }

    /// Whether a term of any layer sees something.
    fn asks(&self, name: Name) -> bool {
        let back = self.backward.as_ref();
        self.forward.sees_anywhere(name) || back.is_some_and(|rule| rule.sees_anywhere(name))
    }

    /// The loss, and whether the largest output is right, as far as a term asks.
    fn third_factors<T: Real>(&self, tape: &mut Tape<T>, target: Var, trace: &mut Trace) {
        let z = trace.z[self.network.layers() - 1];
        if self.asks(Name::Loss) {
            trace.loss = Some(tape.cross_entropy(z, target));
        }
        if self.asks(Name::Right) {
            let largest = |x: &[T]| {
                let first = |best: usize, i: usize| if x[i] > x[best] { i } else { best };
                (0..x.len()).fold(0, first)
            };
            let right = largest(tape.value(z)) == largest(tape.value(target));
            let right = if right { T::ONE } else { T::ZERO };
            trace.right = Some(tape.constant_scalar(right));
        }
    }

    /// e_0..e_L of images that the network has just seen, in rows, as its own pathway
    /// feeds them back, or another that needs no other matrices.
    ///
    /// # Panics
    /// As [`Network::feed_back`].
    pub fn feed_back<T: Real>(
        &self,
        tape: &mut Tape<T>,
        state: &State,
        feedback: Feedback,
        target: Var,
        trace: &mut Trace,
    ) {
        let pathway = crate::Pathway {
            feedback,
            ..state.pathway(self)
        };
        self.network.feed_back(tape, &pathway, target, 0, trace);
    }

    /// The products M e⁻, Mᵀ y and Mᵀ e with W of layer `l` (from 0) that the last update
    /// took. The derivative of each is what the update contributes to that of W there.
    pub fn reads(&self, l: usize) -> &[(Name, Var)] {
        self.forward.reads(l)
    }

    /// The terms that act on a matrix, in the numbers of the step that was just taken, by
    /// the index of their coefficient among θ and φ; and their sizes. `matrix` is as it
    /// was before the step.
    pub fn terms_of_step<T: Real>(
        &self,
        tape: &Tape<T>,
        (which, matrix): (Matrix, &Array2<T>),
        (state, trace): (&State, &Trace),
        parameters: &[f64],
    ) -> Vec<(usize, f64, TermValue)> {
        let [.., constants] = self.counts.split(parameters);
        let (rule, l, traces, first) = match which {
            Matrix::Weights(l) => (Some(&self.forward), l, &state.traces, 0),
            Matrix::Feedback(l) => {
                let first = self.counts.theta;
                (self.backward.as_ref(), l, &state.back_traces, first)
            }
            Matrix::Direct(l) => (None, l, &state.traces, 0),
        };
        let Some(rule) = rule else {
            return Vec::new();
        };
        let mut plain = Plain::new(
            (tape, trace),
            rule.wires()[l],
            matrix,
            (constants, &self.kept.bounds),
            &traces[l],
        );
        let terms = rule.evaluate(l, &mut plain);
        terms
            .into_iter()
            .map(|(r, value)| (first + r, plain.size(&value), value))
            .collect()
    }
}
