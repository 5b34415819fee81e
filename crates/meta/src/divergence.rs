use std::fmt;

use autodiff::{Real, Tape, Var};
use model::{Matrix, Parameter};
use serde::{Deserialize, Serialize};

use crate::term_size::{plastic, refresh};
use crate::{Drawn, Episode, Start, Step};

/// Numbers of an episode start of size 1 and stay below 10³ where a rule learns; what
/// passes this is on its way out, some steps before it is no finite number any more.
const BOUND: f64 = 1e6;

/// What a divergence was seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// z_l, the input of a layer.
    Input,
    /// y_l, its activity.
    Activity,
    /// e_l, its error.
    Error,
    /// W_l, after the update.
    Weights,
    /// L_meta, on the query images; every step was within bounds.
    Loss,
    /// dL_meta/dθ_r; the episode itself was within bounds.
    Gradient,
    /// B_l, after the update.
    Feedback,
}

impl Quantity {
    const ALL: [Quantity; 7] = [
        Quantity::Input,
        Quantity::Activity,
        Quantity::Error,
        Quantity::Weights,
        Quantity::Feedback,
        Quantity::Loss,
        Quantity::Gradient,
    ];

    /// The name in metrics.csv.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Input => "z",
            Quantity::Activity => "y",
            Quantity::Error => "e",
            Quantity::Weights => "W",
            Quantity::Feedback => "B",
            Quantity::Loss => "loss",
            Quantity::Gradient => "gradient",
        }
    }

    /// The quantity of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|q| q.name() == name)
    }
}

/// Where an episode went wrong first: where a number was not finite or passed 10⁶.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// The image that was learned from, from 0; none if every step was within bounds.
    pub step: Option<u64>,
    /// The layer l of z_l, y_l, e_l or W_l.
    pub layer: Option<u64>,
    /// What was out of bounds.
    pub quantity: Quantity,
    /// The term with the largest part in the layer's last update; of a gradient, the
    /// first term whose derivative is not finite.
    pub term: Option<String>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.quantity.name();
        match (self.step, self.layer) {
            (Some(step), Some(layer)) => write!(f, "step {step}, {name} of layer {layer}")?,
            _ => write!(f, "the {name}")?,
        }
        match (&self.term, self.quantity) {
            (Some(term), Quantity::Gradient) => write!(f, " of {term}"),
            (Some(term), _) => write!(f, ", mostly by {term}"),
            (None, _) => Ok(()),
        }
    }
}

impl Divergence {
    /// Runs a diverged episode again, looking at every number of every step, and once more
    /// for the term behind the first that is out of bounds: to measure the terms of all
    /// steps would take longer. `gradient` is what the episode gave as dL_meta/dθ.
    pub(crate) fn locate<T: Real>(
        episode: &mut Episode,
        tape: &mut Tape<T>,
        start: &Drawn<'_, T>,
        parameters: &[Parameter],
        gradient: &[f64],
    ) -> Divergence {
        let mut found = None;
        let recorded = episode.record_watched(tape, start, |tape, step| {
            if found.is_none() {
                found = Place::first(tape, step);
            }
        });
        let name = |r: usize| parameters[r].shown();
        if let Some(place) = found {
            let term = place
                .changed_at()
                .and_then(|at| largest_term(episode, tape, start, (at, place.matrix)));
            return Divergence {
                step: Some(place.step as u64),
                layer: Some(place.layer as u64),
                quantity: place.quantity,
                term: term.map(name),
            };
        }
        let (quantity, term) = if tape.scalar(recorded.meta_loss).to_f64().is_finite() {
            let first = gradient.iter().position(|g| !g.is_finite());
            (Quantity::Gradient, first.map(name))
        } else {
            (Quantity::Loss, None)
        };
        Divergence {
            step: None,
            layer: None,
            quantity,
            term,
        }
    }
}

/// Where a number is out of bounds.
struct Place {
    step: usize,
    /// The layer l of z_l, y_l, e_l or W_l.
    layer: usize,
    quantity: Quantity,
    /// Which of the matrices that change brought it about, see [`plastic`].
    matrix: usize,
}

impl Place {
    /// The first of a step, in the order in which the numbers were computed: forward, the
    /// errors back, and the matrices after the update.
    fn first<T: Real>(tape: &Tape<T>, step: &Step<'_>) -> Option<Place> {
        let at = |(layer, matrix), quantity| Place {
            step: step.index,
            layer,
            quantity,
            matrix,
        };
        let out = |tape: &Tape<T>, x: Var| !tape.value(x).iter().all(|x| within(x.to_f64()));
        let trace = step.trace;
        let layers = trace.z.len();
        for l in 0..layers {
            if out(tape, trace.z[l]) {
                return Some(at((l + 1, l), Quantity::Input));
            }
            if out(tape, trace.y[l + 1]) {
                return Some(at((l + 1, l), Quantity::Activity));
            }
        }
        let error = (0..=layers)
            .rev()
            .find(|l| trace.e[*l].is_some_and(|e| out(tape, e)));
        if let Some(l) = error {
            return Some(at((l, l.saturating_sub(1)), Quantity::Error));
        }
        let changed = step.state.plastic(step.circuit).enumerate();
        for (i, (which, now)) in changed {
            if !tape.matrix(now).iter().all(|x| within(x.to_f64())) {
                return Some(match which {
                    Matrix::Weights(l) => at((l + 1, i), Quantity::Weights),
                    Matrix::Feedback(l) | Matrix::Direct(l) => at((l + 1, i), Quantity::Feedback),
                });
            }
        }
        None
    }

    /// The step whose update brought it about: that of a matrix is its own.
    fn changed_at(&self) -> Option<usize> {
        match self.quantity {
            Quantity::Weights | Quantity::Feedback => Some(self.step),
            _ => self.step.checked_sub(1),
        }
    }
}

/// The term whose θ_r F^r is largest in the update of matrix `i` at step `at`.
fn largest_term<T: Real>(
    episode: &mut Episode,
    tape: &mut Tape<T>,
    start: &Drawn<'_, T>,
    (at, i): (usize, usize),
) -> Option<usize> {
    let theta: Vec<f64> = start.theta().iter().map(|theta| theta.to_f64()).collect();
    let mut matrices = plastic(&start.arrays(), episode.circuit().feedback_learns());
    let mut largest = None;
    episode.record_watched(tape, start, |tape, step| {
        if step.index + 1 == at {
            refresh(&mut matrices, tape, step);
        }
        if step.index == at {
            let (which, matrix) = &matrices[i];
            let here = (step.state, step.trace);
            let terms = step
                .circuit
                .terms_of_step(tape, (*which, matrix), here, &theta);
            let size = |(r, size, _): (usize, f64, _)| {
                let size = theta[r].abs() * size;
                // Not a number came of infinities.
                (if size.is_nan() { f64::INFINITY } else { size }, r)
            };
            let sizes = terms.into_iter().map(size);
            let most = sizes.reduce(|most, next| if next.0 > most.0 { next } else { most });
            largest = most.map(|(_, r)| r);
        }
    });
    largest
}

fn within(x: f64) -> bool {
    x.abs() <= BOUND
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use datasets::Split;
    use model::Rule;

    /// The first episode of a rule on a small network, with given coefficients.
    fn located(rule: &str, theta: &[f64]) -> Divergence {
        let rule = Rule::built_in(rule).unwrap();
        let mut settings = Settings::of(rule);
        settings.learner.network.sizes = vec![784, 12, 47];
        (settings.tasks.shots, settings.tasks.queries) = (3, 2);
        let data = datasets::glyphs(Split::Test, 0);
        let record = crate::measure_episode(&settings, &data, 0, 0, theta).unwrap();
        record.divergence.expect("it diverges")
    }

    #[test]
    fn the_first_number_out_of_bounds_is_named_with_its_term() {
        // θ_9 = 1e9 in one update: W_1 is out of bounds at once, by Oja's term.
        let found = located("bio", &[1e-3, 0.0, 1e9]);
        let want = Divergence {
            step: Some(0),
            layer: Some(1),
            quantity: Quantity::Weights,
            term: Some("F9".to_owned()),
        };
        assert_eq!(found, want);
        assert_eq!(found.to_string(), "step 0, W of layer 1, mostly by F9");
    }

    #[test]
    fn what_is_out_of_bounds_on_the_way_forward_is_laid_to_the_update_before() {
        // θ_9 = 1e5 leaves W_1 below 10⁶, and makes more of it over the next image's pixels.
        let found = located("bio", &[1e-3, 0.0, 1e5]);
        assert_eq!(found.to_string(), "step 1, z of layer 1, mostly by F9");
    }

    #[test]
    fn of_two_terms_the_one_with_the_larger_part_is_named() {
        let found = located("pool", &[1e7, 0., 0., 1e9, 0., 0., 0., 0., 0., 0.]);
        assert_eq!(found.term.as_deref(), Some("F3"));
        let found = located("pool", &[1e12, 0., 0., 1e2, 0., 0., 0., 0., 0., 0.]);
        assert_eq!(found.term.as_deref(), Some("F0"));
    }

    #[test]
    fn names_of_quantities_are_told_apart() {
        for quantity in Quantity::ALL {
            assert_eq!(Quantity::from_name(quantity.name()), Some(quantity));
        }
        assert_eq!(Quantity::from_name("Z"), None);
    }
}
