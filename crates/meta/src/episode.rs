use autodiff::{GradientOptions, Real, Rewind, Shape, Tape, Var};
use model::{Circuit, Feedback, Misfit, Network, State, StateArrays, Trace};
use serde::{Deserialize, Serialize};

use crate::requested::Observer;
use crate::{GradientMode, Learner, Measure, Part, Penalty, Settings, Start, measures};

/// What came out of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// L_meta = mean cross-entropy over the query images + the penalty on Θ (PAPER Eq. 6).
    pub meta_loss: f64,
    /// The mean cross-entropy alone.
    pub cross_entropy: f64,
    /// The share of query images classified right, over all outputs.
    pub accuracy: f64,
    /// dL_meta/dθ.
    pub gradient: MetaGradient,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
}

/// What is measured on the query images after learning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The mean cross-entropy.
    pub cross_entropy: f64,
    /// The share of query images classified right, over all outputs.
    pub accuracy: f64,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
}

/// dL_meta/dθ, and how it was come by.
#[derive(Clone, Debug, PartialEq)]
pub struct MetaGradient {
    /// One number for all that is meta-learned: each term's coefficient first.
    pub theta: Vec<f64>,
    /// How precisely the reverse sweep restored the initial weights, see
    /// [`autodiff::Gradient::residual`]; 0 in forward mode, which undoes nothing.
    pub residual: f64,
    /// Whether the reverse sweep had to replay updates.
    pub replayed: bool,
}

/// The program of an episode (PAPER Alg. 1): a network learns online with a rule, one
/// image at a time, and is scored on query images.
#[derive(Clone, Debug)]
pub struct Episode {
    circuit: Circuit,
    penalty: Penalty,
    mode: GradientMode,
    trace: Trace,
    one_hot: Vec<f64>,
}

/// One step of an episode, just after the update.
#[derive(Debug)]
pub struct Step<'a> {
    /// Which image was learned from, from 0.
    pub index: usize,
    /// What the network computed for it, with the weights before the update.
    pub trace: &'a Trace,
    /// The network with its rule, see [`Circuit::reads`] for what the update took of W.
    pub circuit: &'a Circuit,
    /// W and all else that changes, after the update.
    pub state: &'a State,
}

/// An episode on a tape, ready to be differentiated.
#[derive(Debug)]
pub struct Recorded {
    /// L_meta.
    pub meta_loss: Var,
    /// The coefficients.
    pub theta: Vec<Var>,
    query: Queried,
}

impl Recorded {
    /// W_1..W_L as they are after learning.
    pub fn weights(&self) -> &[autodiff::Plastic] {
        &self.query.state.w
    }
}

/// Query images seen by a network that has learned.
#[derive(Debug)]
pub struct Queried {
    /// Their mean cross-entropy.
    pub cross_entropy: Var,
    /// z_L, a row an image.
    pub logits: Var,
    target: Var,
    state: State,
}

impl Queried {
    /// The share of the images, which have the labels `labels`, that are classified right.
    pub fn accuracy<T: Real>(&self, tape: &Tape<T>, labels: &[usize]) -> f64 {
        measures::accuracy(tape.value(self.logits), labels)
    }
}

impl Episode {
    /// For a network with a rule, a feedback pathway and a penalty on θ.
    ///
    /// # Errors
    /// If the rule does not fit the network or the pathway, see [`Circuit::new`].
    pub fn new(
        network: &Network,
        feedback: Feedback,
        rule: &model::Rule,
        penalty: Penalty,
    ) -> Result<Self, Misfit> {
        Ok(Episode {
            circuit: Circuit::new(network, feedback, rule)?,
            penalty,
            mode: GradientMode::default(),
            trace: Trace::default(),
            one_hot: Vec::new(),
        })
    }

    /// The episode that `settings` describe.
    ///
    /// # Errors
    /// As [`Episode::new`].
    pub fn of(settings: &Settings) -> Result<Self, Misfit> {
        let Learner {
            network,
            feedback,
            rule,
            ..
        } = &settings.learner;
        let episode = Episode::new(network, *feedback, rule, settings.outer.penalty)?;
        Ok(episode.with_gradient(settings.numerics.gradient))
    }

    /// The same, with another way of taking the meta-gradient.
    pub fn with_gradient(self, mode: GradientMode) -> Self {
        Episode { mode, ..self }
    }

    /// The same, with errors fed back through matrices B of their own.
    pub(crate) fn with_fixed_feedback(self) -> Self {
        let circuit = self.circuit.with_feedback(Feedback::Fixed);
        Episode { circuit, ..self }
    }

    /// The network with its pathways and its rule.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Clears `tape` and records the whole episode on it: learning, and the meta-loss
    /// as a function of θ.
    ///
    /// # Panics
    /// If `start` does not fit the network.
    pub fn record<T: Real>(&mut self, tape: &mut Tape<T>, start: &impl Start<T>) -> Recorded {
        self.record_watched(tape, start, |_, _| {})
    }

    /// As [`Episode::record`]; `watch` sees the tape after each image was learned from.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn record_watched<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        watch: impl FnMut(&mut Tape<T>, &Step<'_>),
    ) -> Recorded {
        tape.clear();
        let theta = variables(tape, &start.theta());
        self.record_from(tape, start, theta, watch)
    }

    /// As [`Episode::record_watched`], on a tape that already holds the coefficients
    /// and whatever they were computed from. Those of `start` are not used.
    ///
    /// # Panics
    /// As [`Episode::record`], and if `theta` is not of this tape.
    pub fn record_from<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        theta: Vec<Var>,
        watch: impl FnMut(&mut Tape<T>, &Step<'_>),
    ) -> Recorded {
        self.record_prepared(tape, start, theta, |_, _, _| {}, watch)
    }

    /// As [`Episode::record_from`]; `prepare` is called before each step.
    pub(crate) fn record_prepared<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        theta: Vec<Var>,
        prepare: impl FnMut(&mut Tape<T>, &mut Circuit, &mut State),
        watch: impl FnMut(&mut Tape<T>, &Step<'_>),
    ) -> Recorded {
        self.circuit.begin(tape, &theta);
        let query = self.unroll(tape, start, prepare, watch);
        let coefficients = &theta[..self.circuit.counts().theta];
        let meta_loss = self.penalty.add_to(tape, query.cross_entropy, coefficients);
        Recorded {
            meta_loss,
            theta,
            query,
        }
    }

    /// As [`Episode::record_watched`], but every step has coefficients of its own, all
    /// with the values of `start`; they are returned step after step. The derivative
    /// of the cross-entropy by those of a step is what this step contributes to
    /// dL_meta/dθ. There is no penalty here, since it comes from no step.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn record_by_step<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        watch: impl FnMut(&mut Tape<T>, &Step<'_>),
    ) -> (Queried, Vec<Var>) {
        tape.clear();
        let mut copies = Vec::new();
        let own = |tape: &mut Tape<T>, circuit: &mut Circuit, _: &mut State| {
            let theta = variables(tape, &start.theta());
            circuit.begin(tape, &theta);
            copies.extend(theta);
        };
        let query = self.unroll(tape, start, own, watch);
        (query, copies)
    }

    /// Learns from the training images one by one, and looks at the query images.
    /// `prepare` is called before each step.
    fn unroll<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        mut prepare: impl FnMut(&mut Tape<T>, &mut Circuit, &mut State),
        mut watch: impl FnMut(&mut Tape<T>, &Step<'_>),
    ) -> Queried {
        let mut state = start.declare(tape, &self.circuit);
        let pixels = self.circuit.network().sizes[0];
        let labels = start.labels(Part::Train);
        let images = start.labels(Part::Query).len();
        // A query image that is looked at and measured takes no more than two steps.
        let rest = (labels.len() + 2 * images).saturating_sub(1);
        for (index, label) in labels.iter().enumerate() {
            let before = tape.extent();
            prepare(tape, &mut self.circuit, &mut state);
            let x = tape.constant_with(Shape::vector(pixels), start.image(Part::Train, index));
            let target = self.target(tape, std::slice::from_ref(label));
            self.circuit
                .present(tape, &mut state, (x, target), &mut self.trace);
            let step = Step {
                index,
                trace: &self.trace,
                circuit: &self.circuit,
                state: &state,
            };
            watch(tape, &step);
            if index == 0 {
                tape.reserve_repeats(before, rest);
            }
        }
        let query: Vec<_> = (0..images).map(|i| start.image(Part::Query, i)).collect();
        let pixel = |i: usize| query[i / pixels](i % pixels);
        let x = tape.constant_with(Shape::matrix(images, pixels), pixel);
        let target = self.target(tape, start.labels(Part::Query));
        let network = self.circuit.network();
        network.forward(tape, &state.w, x, &mut self.trace);
        let logits = self.trace.z[network.layers() - 1];
        Queried {
            cross_entropy: tape.cross_entropy(logits, target),
            logits,
            target,
            state,
        }
    }

    /// What the network computed for the query images, after an episode was recorded.
    pub fn query_trace(&self) -> &Trace {
        &self.trace
    }

    /// Runs an episode on `tape`, which is cleared first and can be used again.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn run<T: Real>(&mut self, tape: &mut Tape<T>, start: &impl Start<T>) -> Outcome {
        let recorded = self.record(tape, start);
        self.finish(tape, start, &recorded)
    }

    /// As [`Episode::run`], and W and all else that changes, as it is after learning.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn run_with_state<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
    ) -> (Outcome, StateArrays<T>) {
        let recorded = self.record(tape, start);
        let state = recorded.query.state.arrays(tape);
        (self.finish(tape, start, &recorded), state)
    }

    /// As [`Episode::record`], and the numbers of `measures`, in the order of their
    /// [`columns`](Measure::columns). Without any it takes no longer.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn record_measured<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        measures: &[Measure],
    ) -> (Recorded, Vec<f64>) {
        if measures.is_empty() {
            return (self.record(tape, start), Vec::new());
        }
        let mut observer = Observer::new(measures, &self.circuit, start);
        let recorded = self.record_watched(tape, start, |tape, step| {
            observer.look(tape, step, start.labels(Part::Train)[step.index]);
        });
        let query = &recorded.query;
        let here = (&self.circuit, &query.state);
        let numbers = observer.finish(tape, here, query.target, &mut self.trace);
        (recorded, numbers)
    }

    /// As [`Episode::run`], and the numbers of `measures`, as
    /// [`Episode::record_measured`].
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn run_measured<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        measures: &[Measure],
    ) -> (Outcome, Vec<f64>) {
        let (recorded, numbers) = self.record_measured(tape, start, measures);
        (self.finish(tape, start, &recorded), numbers)
    }

    /// The meta-gradient of an episode that was just recorded on `tape`. In reverse mode
    /// this spends the tape, see [`GradientOptions::spend`].
    ///
    /// # Panics
    /// If something else was recorded since, or the tape is spent.
    pub fn differentiate<T: Real>(&self, tape: &mut Tape<T>, recorded: &Recorded) -> MetaGradient {
        let (loss, theta) = (recorded.meta_loss, &recorded.theta);
        if self.mode == GradientMode::Forward {
            let along = |theta: &Var| tape.tangent(&[loss], &[(*theta, &[T::ONE])])[0][0].to_f64();
            let theta = theta.iter().map(along).collect();
            return MetaGradient {
                theta,
                residual: 0.0,
                replayed: false,
            };
        }
        let options = GradientOptions {
            spend: true,
            ..GradientOptions::default()
        };
        let gradient = tape.gradient_with(loss, theta, &options);
        MetaGradient {
            theta: (0..theta.len())
                .map(|r| gradient.scalar(r).to_f64())
                .collect(),
            residual: gradient.residual.to_f64(),
            replayed: gradient.rewind == Rewind::Replay,
        }
    }

    /// Learns and measures without a gradient, and returns W and all else that changes, as
    /// it is after learning, to go on from.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn learn<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
    ) -> (Scores, StateArrays<T>) {
        self.learn_watched(tape, start, |_, _| {})
    }

    /// As [`Episode::learn`]; `watch` sees the tape after each image was learned from.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn learn_watched<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        watch: impl FnMut(&mut Tape<T>, &Step<'_>),
    ) -> (Scores, StateArrays<T>) {
        let recorded = self.record_watched(tape, start, watch);
        self.scores(tape, start, &recorded)
    }

    /// What an episode that was just recorded came to, and its state after learning.
    pub(crate) fn scores<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        recorded: &Recorded,
    ) -> (Scores, StateArrays<T>) {
        let scores = self.score(tape, start, recorded);
        (scores, recorded.query.state.arrays(tape))
    }

    pub(crate) fn score<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        recorded: &Recorded,
    ) -> Scores {
        let query = &recorded.query;
        let orthonormality = measures::orthonormality(tape, &query.state.w, &self.trace);
        let here = (&self.circuit, &query.state);
        let angles = measures::angles(tape, here, query.target, &mut self.trace);
        Scores {
            cross_entropy: tape.scalar(query.cross_entropy).to_f64(),
            accuracy: measures::accuracy(tape.value(query.logits), start.labels(Part::Query)),
            angles,
            orthonormality,
        }
    }

    fn finish<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        start: &impl Start<T>,
        recorded: &Recorded,
    ) -> Outcome {
        // To differentiate takes the weights back to where they started from.
        let scores = self.score(tape, start, recorded);
        let gradient = self.differentiate(tape, recorded);
        Outcome {
            meta_loss: tape.scalar(recorded.meta_loss).to_f64(),
            cross_entropy: scores.cross_entropy,
            accuracy: scores.accuracy,
            gradient,
            angles: scores.angles,
            orthonormality: scores.orthonormality,
        }
    }

    /// One-hot rows for labels.
    fn target<T: Real>(&mut self, tape: &mut Tape<T>, labels: &[usize]) -> Var {
        let network = self.circuit.network();
        let outputs = network.sizes[network.layers()];
        self.one_hot.clear();
        self.one_hot.resize(labels.len() * outputs, 0.0);
        for (row, label) in self.one_hot.chunks_exact_mut(outputs).zip(labels) {
            row[*label] = 1.0;
        }
        tape.constant_with(Shape::matrix(labels.len(), outputs), |i| {
            T::from_f64(self.one_hot[i])
        })
    }
}

/// One variable for each coefficient.
fn variables<T: Real>(tape: &mut Tape<T>, theta: &[T]) -> Vec<Var> {
    theta.iter().map(|t| tape.variable_scalar(*t)).collect()
}
