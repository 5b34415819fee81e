//! What matrices start from.

use autodiff::Real;
use model::Network;
use ndarray::{Array2, ShapeBuilder};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use serde::{Deserialize, Serialize};

/// The distribution of initial weights.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Init {
    /// Uniform on ±√(6/(n_in + n_out)), the paper's.
    #[default]
    Xavier,
    /// Normal with the same variance, 2/(n_in + n_out).
    Normal,
    /// Rows, or columns if there are fewer of them, orthogonal and of length 1.
    Orthogonal,
}

/// What W starts from. B and D are always Xavier's: a gain there would do no more than
/// scale the errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Initial {
    /// The distribution.
    pub init: Init,
    /// What every weight is multiplied by.
    pub gain: f64,
}

impl Default for Initial {
    fn default() -> Self {
        Initial {
            init: Init::Xavier,
            gain: 1.0,
        }
    }
}

/// The numbers of one matrix, column by column. Drawn in f32 whatever is asked for, so
/// that runs of either precision start alike.
pub(crate) struct Numbers<'a> {
    rng: &'a mut ChaCha8Rng,
    gain: f32,
    of: Of,
}

enum Of {
    Xavier(Uniform<f32>),
    Normal(f32),
    /// All numbers, in reverse.
    Drawn(Vec<f32>),
}

impl<'a> Numbers<'a> {
    /// For a matrix of the given shape (rows, columns).
    pub(crate) fn new(initial: Initial, shape: (usize, usize), rng: &'a mut ChaCha8Rng) -> Self {
        let of = match initial.init {
            Init::Xavier => {
                let bound = Network::xavier_bound(shape) as f32;
                let range = Uniform::new_inclusive(-bound, bound);
                Of::Xavier(range.expect("the bound is positive"))
            }
            Init::Normal => Of::Normal((2.0 / (shape.0 + shape.1) as f64).sqrt() as f32),
            Init::Orthogonal => Of::Drawn(orthogonal(shape, rng)),
        };
        Numbers {
            rng,
            gain: initial.gain as f32,
            of,
        }
    }

    /// Writes the next numbers. One loop for each distribution: to tell them apart at each
    /// number takes longer than to draw it.
    pub(crate) fn fill<T: Real>(&mut self, next: &mut [T]) {
        let (rng, gain) = (&mut *self.rng, self.gain);
        match &mut self.of {
            Of::Xavier(range) => write(next, gain, || range.sample(rng)),
            Of::Normal(deviation) => write(next, gain, || {
                let x: f32 = StandardNormal.sample(rng);
                *deviation * x
            }),
            Of::Drawn(numbers) => write(next, gain, || {
                numbers.pop().expect("as many numbers as the matrix has")
            }),
        }
    }
}

#[inline(always)]
fn write<T: Real>(numbers: &mut [T], gain: f32, mut draw: impl FnMut() -> f32) {
    for number in numbers {
        *number = T::from_f64(f64::from(gain * draw()));
    }
}

/// A matrix with orthonormal rows, or columns if there are fewer, column by column in
/// reverse: normal vectors made orthogonal one after the other (Gram and Schmidt, twice,
/// since once loses digits).
fn orthogonal((rows, cols): (usize, usize), rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (few, many) = (rows.min(cols), rows.max(cols));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(few);
    for _ in 0..few {
        let mut next: Vec<f64> = (0..many).map(|_| StandardNormal.sample(rng)).collect();
        for _ in 0..2 {
            for known in &vectors {
                let along: f64 = known.iter().zip(&next).map(|(a, b)| a * b).sum();
                next.iter_mut()
                    .zip(known)
                    .for_each(|(x, a)| *x -= along * a);
            }
        }
        let length = next.iter().map(|x| x * x).sum::<f64>().sqrt();
        next.iter_mut().for_each(|x| *x /= length);
        vectors.push(next);
    }
    let entry = |i: usize, j: usize| {
        if rows <= cols {
            vectors[i][j]
        } else {
            vectors[j][i]
        }
    };
    let places = (0..cols)
        .rev()
        .flat_map(|j| (0..rows).rev().map(move |i| (i, j)));
    places.map(|(i, j)| entry(i, j) as f32).collect()
}

/// Matrices of the given shapes (rows, columns), one after the other from `rng`, each
/// column-major, as plastic matrices are kept.
pub fn draw_weights<T: Real>(
    initial: Initial,
    shapes: &[(usize, usize)],
    rng: &mut ChaCha8Rng,
) -> Vec<Array2<T>> {
    let draw = |&(rows, cols): &(usize, usize)| {
        let mut from = Numbers::new(initial, (rows, cols), rng);
        let mut numbers = vec![T::ZERO; rows * cols];
        from.fill(&mut numbers);
        Array2::from_shape_vec((rows, cols).f(), numbers).expect("rows × cols numbers")
    };
    shapes.iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, stream};

    const SHAPES: [(usize, usize); 2] = [(170, 784), (47, 70)];

    fn drawn<T: Real>(init: Init, gain: f64) -> Vec<Array2<T>> {
        let rng = &mut stream(1, 0, 0, Purpose::Weights);
        draw_weights(Initial { init, gain }, &SHAPES, rng)
    }

    #[test]
    fn weights_are_alike_in_both_precisions_and_have_the_variance_of_their_shape() {
        for (init, gain) in [
            (Init::Xavier, 1.0),
            (Init::Normal, 1.0),
            (Init::Normal, 0.3),
        ] {
            let weights = drawn::<f32>(init, gain);
            let same = drawn::<f64>(init, gain);
            for ((w, same), shape) in weights.iter().zip(&same).zip(SHAPES) {
                let bound = Network::xavier_bound(shape);
                if init == Init::Xavier {
                    assert!(w.iter().all(|x| f64::from(x.abs()) <= bound * 1.000_001));
                }
                // The variance of a uniform distribution on ±b is b²/3, that of the normal
                // one is made the same; the standard error of its estimate from n numbers
                // is at most √2 of it over √n.
                let n = w.len() as f64;
                let variance = w.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / n;
                let want = gain * gain * bound * bound / 3.0;
                assert!(
                    (variance - want).abs() < 5.0 * 1.5 * want / n.sqrt(),
                    "{variance} {want}"
                );
                assert!(w.iter().zip(same).all(|(a, b)| f64::from(*a) == *b));
            }
        }
    }

    #[test]
    fn orthogonal_weights_are() {
        for w in drawn::<f64>(Init::Orthogonal, 2.0)
            .iter()
            .chain([&drawn::<f64>(Init::Orthogonal, 2.0)[0].t().to_owned()])
        {
            let square = if w.nrows() <= w.ncols() {
                w.dot(&w.t())
            } else {
                w.t().dot(w)
            };
            for ((i, j), x) in square.indexed_iter() {
                // Kept in f32: products of unit vectors of 784 numbers with 6e-8 each.
                let want = if i == j { 4.0 } else { 0.0 };
                assert!((x - want).abs() < 1e-5, "{i} {j}: {x}");
            }
        }
    }
}
