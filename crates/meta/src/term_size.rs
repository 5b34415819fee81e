//! How large plasticity terms are, in what an episode sees of them.

use autodiff::{Real, Tape};
use model::Matrix;
use ndarray::Array2;

use crate::{Drawn, Episode, Start, Step};

/// Terms are measured in one step of so many: they change slowly, and every step would
/// take as long as the episode.
const EVERY: usize = 10;

/// ‖F^r‖ of each term of a rule in an episode, those of W and those of B: the root of the
/// sum of squares over synapses, layers on which the term acts, and every tenth step. 0
/// for what is meta-learned beside coefficients.
pub(crate) fn term_sizes<T: Real>(
    episode: &mut Episode,
    tape: &mut Tape<T>,
    start: &Drawn<'_, T>,
) -> Vec<f64> {
    let theta: Vec<f64> = start.theta().iter().map(|x| x.to_f64()).collect();
    let mut squares = vec![0.0; theta.len()];
    let mut matrices = plastic(&start.arrays(), episode.circuit().feedback_learns());
    let watch = |tape: &mut Tape<T>, step: &Step<'_>| {
        if step.index.is_multiple_of(EVERY) {
            for (which, matrix) in &matrices {
                let here = (step.state, step.trace);
                let terms = step
                    .circuit
                    .terms_of_step(tape, (*which, matrix), here, &theta);
                for (parameter, size, _) in terms {
                    squares[parameter] += size.powi(2);
                }
            }
        }
        if (step.index + 1).is_multiple_of(EVERY) {
            refresh(&mut matrices, tape, step);
        }
    };
    episode.record_watched(tape, start, watch);
    squares.into_iter().map(f64::sqrt).collect()
}

/// The matrices that change, with their names.
pub(crate) fn plastic<T: Real>(
    arrays: &model::StateArrays<T>,
    feedback_learns: bool,
) -> Vec<(Matrix, Array2<T>)> {
    let w = (0..arrays.w.len()).map(Matrix::Weights);
    let b = (0..arrays.b.len()).map(Matrix::Feedback);
    w.chain(b.filter(|_| feedback_learns))
        .map(|which| (which, arrays.matrix(which).clone()))
        .collect()
}

/// The matrices as they are after a step.
pub(crate) fn refresh<T: Real>(
    matrices: &mut [(Matrix, Array2<T>)],
    tape: &mut Tape<T>,
    step: &Step<'_>,
) {
    for ((_, matrix), (_, now)) in matrices.iter_mut().zip(step.state.plastic(step.circuit)) {
        *matrix = tape.matrix(now);
    }
}
