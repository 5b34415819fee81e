//! An episode whose feedback weights are held, to check derivatives that take them as
//! constants.

use autodiff::{Real, Tape, Var};
use model::{Circuit, State};
use ndarray::Array2;

use crate::{Episode, Recorded, Setting};

/// An episode that backpropagates through copies of W, which change from step to step as W
/// did in one run of it, whatever θ is: B = W as a constant, in so many words. Its
/// differences are what the derivatives of a [`Symmetric`](model::Feedback::Symmetric) episode have to agree
/// with.
#[derive(Clone, Debug)]
pub struct Held<T> {
    episode: Episode,
    start: Setting<T>,
    /// By step, B_1..B_L.
    feedback: Vec<Vec<Array2<T>>>,
}

impl Episode {
    /// Runs the episode of a symmetric pathway once from `start`, and holds what it fed
    /// errors back through.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn with_feedback_of<T: Real>(&self, start: &Setting<T>) -> Held<T> {
        let (mut episode, mut tape) = (self.clone(), Tape::new());
        // Each step uses the weights from before its update.
        let mut feedback = vec![start.state.w.clone()];
        episode.record_watched(&mut tape, start, |tape, step| {
            feedback.push(step.state.w.iter().map(|w| tape.matrix(w)).collect());
        });
        let mut start = start.clone();
        start.state.b.clone_from(&start.state.w);
        Held {
            episode: episode.with_fixed_feedback(),
            start,
            feedback,
        }
    }
}

impl<T: Real> Held<T> {
    /// As [`Episode::record_from`].
    ///
    /// # Panics
    /// As [`Episode::record_from`].
    pub fn record(&mut self, tape: &mut Tape<T>, theta: Vec<Var>) -> Recorded {
        let mut steps = self.feedback.iter();
        let hold = |tape: &mut Tape<T>, _: &mut Circuit, state: &mut State| {
            let b = steps.next().into_iter().flatten();
            state.b = b.map(|b| tape.fixed(b.view())).collect();
        };
        self.episode
            .record_prepared(tape, &self.start, theta, hold, |_, _| {})
    }
}
