use autodiff::Real;
use model::Network;
use ndarray::{Array2, ShapeBuilder};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Uniform};

/// Xavier's uniform distribution on ±√(6/(n_in + n_out)) for a matrix of the given shape
/// (rows, columns). Drawn in f32 whatever `T` is, so that runs of either precision start
/// alike.
pub(crate) fn xavier<T: Real>(
    shape: (usize, usize),
    rng: &mut ChaCha8Rng,
) -> impl FnMut() -> T + use<'_, T> {
    let bound = Network::xavier_bound(shape) as f32;
    let range = Uniform::new_inclusive(-bound, bound).expect("the bound is positive");
    move || T::from_f64(f64::from(range.sample(rng)))
}

/// Matrices of the given shapes (rows, columns) with Xavier's uniform distribution on
/// ±√(6/(n_in + n_out)), one after the other from `rng`, each column-major, as plastic
/// matrices are kept.
pub fn draw_weights<T: Real>(shapes: &[(usize, usize)], rng: &mut ChaCha8Rng) -> Vec<Array2<T>> {
    let draw = |&(rows, cols): &(usize, usize)| {
        let mut number = xavier((rows, cols), rng);
        let numbers = (0..rows * cols).map(|_| number()).collect();
        Array2::from_shape_vec((rows, cols).f(), numbers).expect("rows × cols numbers")
    };
    shapes.iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, stream};

    #[test]
    fn weights_fill_xaviers_range_evenly_and_are_alike_in_both_precisions() {
        let shapes = [(170, 784), (47, 70)];
        let of_f32 = draw_weights::<f32>(&shapes, &mut stream(1, 0, 0, Purpose::Weights));
        let of_f64 = draw_weights::<f64>(&shapes, &mut stream(1, 0, 0, Purpose::Weights));
        for ((w, same), shape) in of_f32.iter().zip(&of_f64).zip(shapes) {
            let bound = Network::xavier_bound(shape);
            assert!(w.iter().all(|x| f64::from(x.abs()) <= bound * 1.000_001));
            // The variance of a uniform distribution on ±b is b²/3; the standard error
            // of its estimate from n numbers is about 0.9·b²/3/√n.
            let n = w.len() as f64;
            let variance = w.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / n;
            let want = bound * bound / 3.0;
            assert!(
                (variance - want).abs() < 5.0 * want / n.sqrt(),
                "{variance} {want}"
            );
            assert!(w.iter().zip(same).all(|(a, b)| f64::from(*a) == *b));
        }
    }
}
