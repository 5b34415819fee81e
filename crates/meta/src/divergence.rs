use std::fmt;

use autodiff::{Real, Tape, Var};
use model::Rule;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::term_size::Seen;
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
}

impl Quantity {
    const ALL: [Quantity; 6] = [
        Quantity::Input,
        Quantity::Activity,
        Quantity::Error,
        Quantity::Weights,
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
        rule: &Rule,
        gradient: &[f64],
    ) -> Divergence {
        let w = start.w();
        let mut search = Search {
            rule,
            theta: start.theta().iter().map(|theta| theta.to_f64()).collect(),
            largest: vec![None; w.len()],
            w,
            found: None,
        };
        let recorded = episode.record_watched(tape, start, |tape, step| search.look(tape, step));
        if let Some(found) = search.found {
            return found;
        }
        let (quantity, term) = if tape.scalar(recorded.meta_loss).to_f64().is_finite() {
            let first = gradient.iter().position(|g| !g.is_finite());
            (
                Quantity::Gradient,
                first.map(|r| rule.terms[r].name.clone()),
            )
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
    rule: &'a Rule,
    theta: Vec<f64>,
    /// W_1..W_L before the step.
    w: Vec<Array2<T>>,
    /// For each layer, the term with the largest part in its last update.
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
        for l in 0..self.w.len() {
            self.largest[l] = self.largest_term(tape, step, l);
        }
        for (l, w) in step.w.iter().enumerate() {
            self.w[l] = tape.matrix(w);
        }
        let out = |w: &Array2<T>| !w.iter().all(|x| within(x.to_f64()));
        self.found = self
            .w
            .iter()
            .position(out)
            .map(|l| self.at(step, l, Quantity::Weights));
    }

    /// In the order in which the numbers were computed: forward, then the errors back.
    fn look_at_trace(&self, tape: &Tape<T>, step: &Step<'_>) -> Option<Divergence> {
        let out = |x: Var| !tape.value(x).iter().all(|x| within(x.to_f64()));
        let trace = step.trace;
        for l in 0..self.w.len() {
            if out(trace.z[l]) {
                return Some(self.at(step, l, Quantity::Input));
            }
            if out(trace.y[l + 1]) {
                return Some(self.at(step, l, Quantity::Activity));
            }
        }
        let known = |l: usize| trace.e[l].filter(|e| out(*e));
        let l = (0..=self.w.len()).rev().find(|l| known(*l).is_some())?;
        Some(Divergence {
            layer: Some(l as u64),
            ..self.at(step, l.saturating_sub(1), Quantity::Error)
        })
    }

    /// In the synapses `l`, those of layer l + 1.
    fn at(&self, step: &Step<'_>, l: usize, quantity: Quantity) -> Divergence {
        Divergence {
            step: Some(step.index as u64),
            layer: Some(l as u64 + 1),
            quantity,
            term: self.largest[l].map(|r| self.rule.terms[r].name.clone()),
        }
    }

    /// The term whose θ_r F^r is largest in this step's update of the synapses `l`.
    fn largest_term(&self, tape: &Tape<T>, step: &Step<'_>, l: usize) -> Option<usize> {
        let seen = Seen::new(tape, step.trace, l, &self.w[l]);
        let size = |r: &usize| {
            let size = self.theta[*r].abs() * seen.size(&self.rule.terms[*r]);
            // Not a number came of infinities.
            if size.is_nan() { f64::INFINITY } else { size }
        };
        let on_layer = self.rule.on_layer(l).into_iter();
        on_layer
            .map(|r| (size(&r), r))
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
