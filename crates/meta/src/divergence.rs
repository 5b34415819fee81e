use std::fmt;

use autodiff::{Real, Tape, Var};
use model::{Matrix, Parameter};
use ndarray::Array2;
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
    /// Runs a diverged episode of `rule` again, looking at every number of every step.
    /// `gradient` is what it gave as dL_meta/dθ.
    pub(crate) fn locate<T: Real>(
        episode: &mut Episode,
        tape: &mut Tape<T>,
        start: &Drawn<'_, T>,
        parameters: &[Parameter],
        gradient: &[f64],
    ) -> Divergence {
        let matrices = plastic(&start.arrays(), episode.circuit().feedback_learns());
        let mut search = Search {
            parameters,
            theta: start.theta().iter().map(|theta| theta.to_f64()).collect(),
            largest: vec![None; matrices.len()],
            matrices,
            found: None,
        };
        let recorded = episode.record_watched(tape, start, |tape, step| search.look(tape, step));
        if let Some(found) = search.found {
            return found;
        }
        let (quantity, term) = if tape.scalar(recorded.meta_loss).to_f64().is_finite() {
            let first = gradient.iter().position(|g| !g.is_finite());
            (Quantity::Gradient, first.map(|r| parameters[r].shown()))
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

/// A walk through the steps of an episode, up to the first number out of bounds.
struct Search<'a, T> {
    parameters: &'a [Parameter],
    theta: Vec<f64>,
    /// All that changes, as it was before the step: W_1..W_L, and B where it is plastic.
    matrices: Vec<(Matrix, Array2<T>)>,
    /// For each of them, the coefficient of the term with the largest part in its last
    /// update.
    largest: Vec<Option<usize>>,
    found: Option<Divergence>,
}

impl<T: Real> Search<'_, T> {
    fn look(&mut self, tape: &mut Tape<T>, step: &Step<'_>) {
        if self.found.is_some() {
            return;
        }
        self.found = self.look_at_trace(tape, step);
        if self.found.is_some() {
            return;
        }
        for i in 0..self.matrices.len() {
            self.largest[i] = self.largest_term(tape, step, i);
        }
        refresh(&mut self.matrices, tape, step);
        let out = |(_, m): &(Matrix, Array2<T>)| !m.iter().all(|x| within(x.to_f64()));
        let first = self.matrices.iter().position(out);
        self.found = first.map(|i| match self.matrices[i].0 {
            Matrix::Weights(l) => self.at(step, (l + 1, i), Quantity::Weights),
            Matrix::Feedback(l) | Matrix::Direct(l) => {
                self.at(step, (l + 1, i), Quantity::Feedback)
            }
        });
    }

    /// In the order in which the numbers were computed: forward, then the errors back.
    fn look_at_trace(&self, tape: &Tape<T>, step: &Step<'_>) -> Option<Divergence> {
        let out = |x: Var| !tape.value(x).iter().all(|x| within(x.to_f64()));
        let trace = step.trace;
        let layers = trace.z.len();
        for l in 0..layers {
            if out(trace.z[l]) {
                return Some(self.at(step, (l + 1, l), Quantity::Input));
            }
            if out(trace.y[l + 1]) {
                return Some(self.at(step, (l + 1, l), Quantity::Activity));
            }
        }
        let known = |l: usize| trace.e[l].filter(|e| out(*e));
        let l = (0..=layers).rev().find(|l| known(*l).is_some())?;
        Some(self.at(step, (l, l.saturating_sub(1)), Quantity::Error))
    }

    /// In a layer, with what changed the matrix `i` last.
    fn at(&self, step: &Step<'_>, (layer, i): (usize, usize), quantity: Quantity) -> Divergence {
        Divergence {
            step: Some(step.index as u64),
            layer: Some(layer as u64),
            quantity,
            term: self.largest[i].map(|r| self.parameters[r].shown()),
        }
    }

    /// The term whose θ_r F^r is largest in this step's update of a matrix.
    fn largest_term(&self, tape: &Tape<T>, step: &Step<'_>, i: usize) -> Option<usize> {
        let (which, matrix) = &self.matrices[i];
        let here = (step.state, step.trace);
        let terms = step
            .circuit
            .terms_of_step(tape, (*which, matrix), here, &self.theta);
        let size = |(r, size, _): (usize, f64, _)| {
            let size = self.theta[r].abs() * size;
            // Not a number came of infinities.
            (if size.is_nan() { f64::INFINITY } else { size }, r)
        };
        terms
            .into_iter()
            .map(size)
            .reduce(|most, next| if next.0 > most.0 { next } else { most })
            .map(|(_, r)| r)
    }
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
