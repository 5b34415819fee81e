//! Everything that changes while a network learns, in one place.

use autodiff::{Plastic, Real, Tape, Var};
use ndarray::Array2;

use crate::{Circuit, Pathway};

/// A matrix of a network: which one, and of which layer, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// W_{l+1}.
    Weights(usize),
    /// B_{l+1}, or D_l of a direct pathway.
    Feedback(usize),
    /// D_l of a mixed pathway.
    Direct(usize),
}

/// The state of a learning network on a tape: W, B, D, and the traces of its rule.
#[derive(Debug)]
pub struct State {
    /// W_1..W_L.
    pub w: Vec<Plastic>,
    /// B, see [`Feedback::shapes`](crate::Feedback::shapes); plastic if the rule has
    /// terms for it.
    pub b: Vec<Plastic>,
    /// D of a mixed pathway, which never change.
    pub d: Vec<Plastic>,
    /// By wire of W and slot, the rule's traces; none before the first image.
    pub(crate) traces: Vec<Vec<Option<Var>>>,
    /// Likewise of the terms of B.
    pub(crate) back_traces: Vec<Vec<Option<Var>>>,
}

/// A state as arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateArrays<T> {
    /// W_1..W_L, n_l × n_{l−1} each.
    pub w: Vec<Array2<T>>,
    /// B.
    pub b: Vec<Array2<T>>,
    /// D of a mixed pathway.
    pub d: Vec<Array2<T>>,
    /// The rule's traces, those of W before those of B, wire by wire; empty before the
    /// first image.
    pub traces: Vec<Vec<T>>,
}

impl<T> StateArrays<T> {
    /// W and B alone, before the first image.
    pub fn new(w: Vec<Array2<T>>, b: Vec<Array2<T>>) -> Self {
        StateArrays {
            w,
            b,
            d: Vec::new(),
            traces: Vec::new(),
        }
    }

    /// One of its matrices.
    ///
    /// # Panics
    /// If there is no such matrix.
    pub fn matrix(&self, which: Matrix) -> &Array2<T> {
        match which {
            Matrix::Weights(l) => &self.w[l],
            Matrix::Feedback(l) => &self.b[l],
            Matrix::Direct(l) => &self.d[l],
        }
    }
}

impl<T: Real> StateArrays<T> {
    /// Declares the state on a tape. Matrices that a rule changes become plastic.
    ///
    /// # Panics
    /// If it does not fit the circuit.
    pub fn declare(&self, tape: &mut Tape<T>, circuit: &Circuit) -> State {
        let mut state = circuit.declare(|which, _, plastic| {
            let matrix = self.matrix(which).view();
            if plastic {
                tape.plastic(matrix)
            } else {
                tape.fixed(matrix)
            }
        });
        let slots = state
            .traces
            .iter_mut()
            .chain(&mut state.back_traces)
            .flatten();
        for (slot, trace) in slots.zip(&self.traces) {
            *slot = Some(tape.constant_vector(trace));
        }
        state
    }
}

impl State {
    /// The matrices that are plastic: W, and B if it is.
    pub fn plastic<'a>(&'a self, circuit: &Circuit) -> impl Iterator<Item = (Matrix, &'a Plastic)> {
        let w = self
            .w
            .iter()
            .enumerate()
            .map(|(l, w)| (Matrix::Weights(l), w));
        let b = self
            .b
            .iter()
            .enumerate()
            .map(|(l, b)| (Matrix::Feedback(l), b));
        let learns = circuit.feedback_learns();
        w.chain(b.filter(move |_| learns))
    }

    /// As it is now.
    pub fn arrays<T: Real>(&self, tape: &mut Tape<T>) -> StateArrays<T> {
        let matrices =
            |list: &[Plastic]| -> Vec<Array2<T>> { list.iter().map(|m| tape.matrix(m)).collect() };
        let (w, b, d) = (matrices(&self.w), matrices(&self.b), matrices(&self.d));
        let traces = self.traces.iter().chain(&self.back_traces).flatten();
        StateArrays {
            w,
            b,
            d,
            traces: traces.flatten().map(|x| tape.value(*x).to_vec()).collect(),
        }
    }

    /// The pathway through it, with the gains of a circuit.
    pub(crate) fn pathway<'a>(&'a self, circuit: &'a Circuit) -> Pathway<'a> {
        Pathway {
            feedback: circuit.feedback(),
            w: &self.w,
            b: &self.b,
            d: &self.d,
            gains: circuit.gains(),
        }
    }
}
