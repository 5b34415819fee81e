//! Measures that are taken only where somebody asks for them, since they cost time.

use autodiff::{GradientOptions, Real, Shape, Tape, Var};
use model::{Circuit, Matrix, State, Trace};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::term_size::{plastic, refresh};
use crate::{Learner, Start, Step};

/// A measure that has to be asked for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
    strum::VariantNames,
)]
pub enum Measure {
    /// ‖W_l‖ after learning.
    #[serde(rename = "norm_W")]
    #[strum(serialize = "norm_W")]
    NormW,
    /// The mean over the query images of ‖y_l‖.
    #[serde(rename = "norm_y")]
    #[strum(serialize = "norm_y")]
    NormY,
    /// The mean over the query images of ‖e_l‖.
    #[serde(rename = "norm_e")]
    #[strum(serialize = "norm_e")]
    NormE,
    /// (Σλ)²/Σλ² over the eigenvalues λ of the covariance of y_l over the query images:
    /// in how many directions a layer's activity varies.
    #[serde(rename = "participation")]
    #[strum(serialize = "participation")]
    Participation,
    /// cos(W_l, B_l) after learning, both as vectors; NaN for pathways without such a B.
    #[serde(rename = "cos_WB")]
    #[strum(serialize = "cos_WB")]
    CosWB,
    /// The angle between ΔW_l and −dL/dW_l of the same image in degrees, the mean over
    /// every tenth step.
    #[serde(rename = "step_angle")]
    #[strum(serialize = "step_angle")]
    StepAngle,
    /// |θ_r| ‖F^r‖ of each term of W, over their sum, over every tenth step and all
    /// layers.
    #[serde(rename = "share")]
    #[strum(serialize = "share")]
    Share,
}

/// Steps are looked at one in so many.
const EVERY: usize = 10;

impl Measure {
    /// The names of its numbers: its own with the layer, or with the term.
    pub fn columns(self, learner: &Learner) -> Vec<String> {
        if self == Measure::Share {
            let coefficients = learner.rule.counts(learner.feedback).theta;
            let parameters = learner.parameters().into_iter().take(coefficients);
            return parameters.map(|p| format!("{self}_{}", p.name)).collect();
        }
        let layers = 1..=learner.network.layers();
        layers.map(|l| format!("{self}_{l}")).collect()
    }
}

/// What is gathered on the way through an episode.
pub(crate) struct Observer<'a, T> {
    measures: &'a [Measure],
    theta: Vec<f64>,
    /// W, and B where it is plastic, before the step; empty where no step is looked at.
    matrices: Vec<(Matrix, Array2<T>)>,
    /// By layer, the sum of angles, and how many there were.
    angles: Vec<(f64, f64)>,
    /// By θ.
    shares: Vec<f64>,
    tape: Tape<T>,
}

impl<'a, T: Real> Observer<'a, T> {
    pub(crate) fn new(measures: &'a [Measure], circuit: &Circuit, start: &impl Start<T>) -> Self {
        let by_step = [Measure::StepAngle, Measure::Share];
        let matrices = if measures.iter().any(|m| by_step.contains(m)) {
            plastic(&start.arrays(), circuit.feedback_learns())
        } else {
            Vec::new()
        };
        Observer {
            measures,
            theta: start.theta().iter().map(|x| x.to_f64()).collect(),
            matrices,
            angles: vec![(0.0, 0.0); circuit.network().layers()],
            shares: vec![0.0; circuit.counts().theta],
            tape: Tape::new(),
        }
    }

    /// Looks at a step; a step that is not one in ten costs nothing.
    pub(crate) fn look(&mut self, tape: &mut Tape<T>, step: &Step<'_>, label: usize) {
        let asked = |measure| self.measures.contains(&measure);
        let (gradient, shares) = (asked(Measure::StepAngle), asked(Measure::Share));
        if !gradient && !shares {
            return;
        }
        if step.index.is_multiple_of(EVERY) {
            if shares {
                self.add_shares(tape, step);
            }
            if gradient {
                self.add_angles(tape, step, label);
            }
        }
        if (step.index + 1).is_multiple_of(EVERY) {
            refresh(&mut self.matrices, tape, step);
        }
    }

    fn add_shares(&mut self, tape: &Tape<T>, step: &Step<'_>) {
        let here = (step.state, step.trace);
        for (which, matrix) in &self.matrices {
            if let Matrix::Weights(_) = which {
                let terms = step
                    .circuit
                    .terms_of_step(tape, (*which, matrix), here, &self.theta);
                for (r, size, _) in terms {
                    self.shares[r] += self.theta[r].abs() * size;
                }
            }
        }
    }

    /// dL/dW of the image by the tape itself, from W before the step.
    fn add_angles(&mut self, tape: &mut Tape<T>, step: &Step<'_>, label: usize) {
        let own = &mut self.tape;
        own.clear();
        let layers = step.state.w.len();
        let before = self.matrices.iter().take(layers);
        let w: Vec<_> = before.map(|(_, w)| own.plastic(w.view())).collect();
        let x = own.constant_vector(tape.value(step.trace.y[0]));
        let mut trace = Trace::default();
        step.circuit.network().forward(own, &w, x, &mut trace);
        let outputs = step.circuit.network().sizes[layers];
        let one_hot = |i| if i == label { T::ONE } else { T::ZERO };
        let target = own.constant_with(Shape::vector(outputs), one_hot);
        let loss = own.cross_entropy(trace.z[layers - 1], target);
        let options = GradientOptions {
            initial: &w.iter().collect::<Vec<_>>(),
            ..GradientOptions::default()
        };
        let gradient = own.gradient_with(loss, &[], &options);
        for (l, sum) in self.angles.iter_mut().enumerate() {
            let change = &tape.matrix(&step.state.w[l]) - &self.matrices[l].1;
            let cosine = -cosine(&change, gradient.initial(l));
            if cosine.is_finite() {
                *sum = (sum.0 + angle(cosine), sum.1 + 1.0);
            }
        }
    }

    /// All numbers that were asked for, in the order of their columns; `trace` is of the
    /// query images, whose target is `target`.
    pub(crate) fn finish(
        mut self,
        tape: &mut Tape<T>,
        (circuit, state): (&Circuit, &State),
        target: Var,
        trace: &mut Trace,
    ) -> Vec<f64> {
        let layers = circuit.network().layers();
        let mut found = Vec::new();
        for measure in std::mem::take(&mut self.measures) {
            match measure {
                Measure::NormW => found.extend(state.w.iter().map(|w| {
                    let squares = tape.matrix(w).mapv(|x| x.to_f64().powi(2));
                    squares.sum().sqrt()
                })),
                Measure::NormY => {
                    found.extend((1..=layers).map(|l| mean_norm(tape, trace.y[l])));
                }
                Measure::NormE => found.extend(tape.aside(|tape| {
                    circuit.feed_back(tape, state, circuit.feedback(), target, trace);
                    let errors = trace.e[1..].iter().flatten();
                    errors.map(|e| mean_norm(tape, *e)).collect::<Vec<_>>()
                })),
                Measure::Participation => {
                    found.extend((1..=layers).map(|l| participation(tape, trace.y[l])));
                }
                Measure::CosWB => found.extend((0..layers).map(|l| {
                    let w = tape.matrix(&state.w[l]);
                    let b = state.b.get(l).map(|b| tape.matrix(b));
                    let b = b.filter(|b| b.dim() == w.dim());
                    b.map_or(f64::NAN, |b| cosine(&w, &b))
                })),
                Measure::StepAngle => {
                    found.extend(self.angles.iter().map(|(sum, count)| sum / count));
                }
                Measure::Share => {
                    let whole: f64 = self.shares.iter().sum();
                    found.extend(self.shares.iter().map(|share| share / whole));
                }
            }
        }
        found
    }
}

fn rows<T: Real>(tape: &Tape<T>, x: Var) -> Vec<Vec<f64>> {
    let cols = tape.shape_of(x).cols;
    let rows = tape.value(x).chunks_exact(cols);
    rows.map(|row| row.iter().map(|x| x.to_f64()).collect())
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean over rows of their length.
fn mean_norm<T: Real>(tape: &Tape<T>, x: Var) -> f64 {
    let rows = rows(tape, x);
    rows.iter().map(|row| dot(row, row).sqrt()).sum::<f64>() / rows.len() as f64
}

/// (tr C)²/‖C‖² of the rows' covariance C, by the products of centred rows: they have the
/// same eigenvalues.
fn participation<T: Real>(tape: &Tape<T>, x: Var) -> f64 {
    let mut rows = rows(tape, x);
    let n = rows.len() as f64;
    for j in 0..rows[0].len() {
        let mean = rows.iter().map(|row| row[j]).sum::<f64>() / n;
        rows.iter_mut().for_each(|row| row[j] -= mean);
    }
    let trace: f64 = rows.iter().map(|row| dot(row, row)).sum();
    let pairs = rows
        .iter()
        .flat_map(|a| rows.iter().map(move |b| dot(a, b)));
    trace * trace / pairs.map(|x| x * x).sum::<f64>()
}

/// The cosine of the angle between two matrices as long vectors.
pub(crate) fn cosine<A: Real, B: Real>(a: &Array2<A>, b: &Array2<B>) -> f64 {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    // Both in the same order, whatever that of their memory.
    for (a, b) in a.iter().zip(b.iter()) {
        let (a, b) = (a.to_f64(), b.to_f64());
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    dot / (aa * bb).sqrt()
}

fn angle(cosine: f64) -> f64 {
    libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Episode, Settings, draw_setting};
    use model::{Feedback, Rule};
    use strum::VariantArray;

    fn measured(rule: &str, feedback: Feedback, theta: &[f64]) -> Vec<(String, f64)> {
        let data = datasets::glyphs(datasets::Split::Test, 0);
        let mut settings = Settings::of(Rule::built_in(rule).unwrap());
        settings.learner.feedback = feedback;
        settings.learner.network.sizes = vec![784, 20, 15, 47];
        settings.tasks.shots = 8;
        let setting = draw_setting::<f64>(&settings, &data, 0, 0, theta);
        let mut episode = Episode::of(&settings).unwrap();
        let tape = &mut Tape::new();
        let (outcome, numbers) = episode.run_measured(tape, &setting, Measure::VARIANTS);
        assert_eq!(
            outcome,
            episode.run(tape, &setting),
            "looking changes nothing"
        );
        let columns = Measure::VARIANTS
            .iter()
            .flat_map(|m| m.columns(&settings.learner));
        let columns: Vec<String> = columns.collect();
        assert_eq!(columns.len(), numbers.len());
        columns.into_iter().zip(numbers).collect()
    }

    fn number(measured: &[(String, f64)], name: &str) -> f64 {
        let found = measured.iter().find(|(column, _)| column == name);
        found.unwrap_or_else(|| panic!("{name}")).1
    }

    #[test]
    fn backpropagation_changes_weights_along_the_gradient_and_fixed_feedback_does_not() {
        let exact = measured("bp", Feedback::Symmetric, &[0.01]);
        for l in 1..=3 {
            // −e y⁻ᵀ is the gradient; what is left is rounding, which arccos makes 1e-6 of.
            let angle = number(&exact, &format!("step_angle_{l}"));
            assert!(angle < 1e-4, "{l}: {angle}");
            assert!(number(&exact, &format!("cos_WB_{l}")).is_nan());
        }
        let fixed = measured("fa", Feedback::Fixed, &[0.01]);
        assert!(number(&fixed, "step_angle_1") > 45.0);
        assert!(number(&fixed, "step_angle_3") < 1e-4);
        // B and W are drawn apart: a cosine of about 0 with 15,680 numbers.
        assert!(number(&fixed, "cos_WB_1").abs() < 0.1);
    }

    #[test]
    fn shares_add_up_and_participation_lies_between_one_and_all() {
        let found = measured("bio", Feedback::Fixed, &[0.01, -0.02, 0.002]);
        let shares: f64 = ["F0", "F2", "F9"]
            .map(|name| number(&found, &format!("share_{name}")))
            .iter()
            .sum();
        assert!((shares - 1.0).abs() < 1e-12, "{shares}");
        for (l, units) in [(1, 20.0), (2, 15.0), (3, 47.0)] {
            let ratio = number(&found, &format!("participation_{l}"));
            assert!((1.0..=units).contains(&ratio), "{l}: {ratio}");
            assert!(number(&found, &format!("norm_W_{l}")) > 0.0);
        }
    }
}
