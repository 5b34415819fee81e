//! What is measured on the query images after an episode (PAPER, "Measures").

use autodiff::{Plastic, Real, Tape, Var};
use model::{Circuit, Feedback, State, Trace};

/// The share of rows of `logits` whose largest entry is at their label; the first of
/// equal entries counts.
pub(crate) fn accuracy<T: Real>(logits: &[T], labels: &[usize]) -> f64 {
    let outputs = logits.len() / labels.len();
    let right = logits
        .chunks_exact(outputs)
        .zip(labels)
        .filter(|(row, label)| {
            let mut best = 0;
            for (i, z) in row.iter().enumerate() {
                if *z > row[best] {
                    best = i;
                }
            }
            best == **label
        });
    right.count() as f64 / labels.len() as f64
}

/// α_0..α_L in degrees: the angle between the mean over the query images of e_l as the
/// rule's pathway feeds it back, and that of its backpropagated analogue. 0 throughout
/// for symmetric pathways, NaN where one of the means is zero.
pub(crate) fn angles<T: Real>(
    tape: &mut Tape<T>,
    (circuit, state): (&Circuit, &State),
    target: Var,
    trace: &mut Trace,
) -> Vec<f64> {
    let (feedback, layers) = (circuit.feedback(), circuit.network().layers());
    if feedback.is_symmetric() {
        return vec![0.0; layers + 1];
    }
    let mut means_with = |feedback| {
        tape.aside(|tape| {
            circuit.feed_back(tape, state, feedback, target, trace);
            means(tape, trace)
        })
    };
    let (own, backpropagated) = (means_with(feedback), means_with(Feedback::Symmetric));
    let mut angles: Vec<f64> = own
        .iter()
        .zip(&backpropagated)
        .map(|(a, b)| angle_degrees(a, b))
        .collect();
    // The output error is the same on both ways; arccos would make 1e-6° of rounding.
    angles[layers] = 0.0;
    angles
}

/// The mean over rows of each e_l.
fn means<T: Real>(tape: &Tape<T>, trace: &Trace) -> Vec<Vec<f64>> {
    let errors = trace.e.iter().map(|e| e.expect("all errors were fed back"));
    errors
        .map(|e| {
            let shape = tape.shape_of(e);
            let mut mean = vec![0.0; shape.cols];
            for row in tape.value(e).chunks_exact(shape.cols) {
                for (mean, e) in mean.iter_mut().zip(row) {
                    *mean += e.to_f64();
                }
            }
            mean.iter_mut().for_each(|mean| *mean /= shape.rows as f64);
            mean
        })
        .collect()
}

fn angle_degrees(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees()
}

/// E_1..E_L, E_l = ‖y_{l−1} W_lᵀ − y_l W_l W_lᵀ‖²_F over the query images in rows
/// (PAPER Eqs. 11, 12): 0 if the rows of W_l that are active are orthonormal.
pub(crate) fn orthonormality<T: Real>(
    tape: &mut Tape<T>,
    w: &[Plastic],
    trace: &Trace,
) -> Vec<f64> {
    let mut result = Vec::with_capacity(w.len());
    for (l, w) in w.iter().enumerate() {
        result.push(tape.aside(|tape| {
            let back = tape.matvec_t(w, trace.y[l + 1]);
            let again = tape.matvec(w, back);
            let difference = tape.sub(trace.z[l], again);
            let norm = tape.dot(difference, difference);
            tape.scalar(norm).to_f64()
        }));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_counts_rows_whose_largest_entry_is_at_the_label() {
        let logits = [0.1_f32, 0.9, 0.0, 2.0, 1.0, 2.0];
        assert_eq!(accuracy(&logits, &[1, 0]), 1.0);
        assert_eq!(accuracy(&logits, &[0, 2]), 0.0);
        assert_eq!(accuracy(&logits, &[1, 2]), 0.5);
    }

    #[test]
    fn angles_are_those_of_school() {
        assert!((angle_degrees(&[1.0, 0.0], &[0.0, 2.0]) - 90.0).abs() < 1e-12);
        assert!((angle_degrees(&[1.0, 1.0], &[3.0, 0.0]) - 45.0).abs() < 1e-12);
        assert_eq!(angle_degrees(&[1.0, 2.0], &[-2.0, -4.0]), 180.0);
        assert!(angle_degrees(&[0.0], &[1.0]).is_nan());
    }
}
