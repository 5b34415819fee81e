//! Eigenvalues of small symmetric matrices.

/// A symmetric matrix as Q diag(λ) Qᵀ.
#[derive(Clone, Debug)]
pub(super) struct Eigen {
    /// λ, in no order.
    pub(super) values: Vec<f64>,
    /// Q row by row: its columns are the eigenvectors.
    vectors: Vec<f64>,
}

/// Sweeps over all pairs of rows; convergence is quadratic, and seldom takes ten.
const SWEEPS: usize = 60;

impl Eigen {
    /// Of an n × n matrix, given row by row; only its symmetric part is seen. By cyclic
    /// Jacobi rotations (Golub & Van Loan, Matrix Computations, 4th ed., Algorithms 8.5.1
    /// and 8.5.3). They take nothing but + − × ÷ and √, so that the bits are the same on
    /// every machine, which those of a library with vector instructions are not.
    ///
    /// # Panics
    /// If there are not n² numbers.
    pub(super) fn of(matrix: &[f64], n: usize) -> Self {
        assert!(matrix.len() == n * n, "{n}² numbers");
        let mut a: Vec<f64> = (0..n * n)
            .map(|i| 0.5 * (matrix[i] + matrix[i % n * n + i / n]))
            .collect();
        let mut q = vec![0.0; n * n];
        (0..n).for_each(|i| q[i * n + i] = 1.0);
        let size: f64 = a.iter().map(|x| x * x).sum();
        for _ in 0..SWEEPS {
            let off: f64 = (0..n * n)
                .filter(|i| i / n != i % n)
                .map(|i| a[i] * a[i])
                .sum();
            // Below the rounding of what is on the diagonal; not so of what is not finite.
            if off <= size * f64::EPSILON * f64::EPSILON {
                break;
            }
            for i in 0..n {
                for j in i + 1..n {
                    rotate(&mut a, &mut q, n, (i, j));
                }
            }
        }
        Eigen {
            values: (0..n).map(|i| a[i * n + i]).collect(),
            vectors: q,
        }
    }

    /// Q diag(f(λ)) Qᵀ x.
    pub(super) fn apply(&self, f: impl Fn(f64) -> f64, x: &[f64]) -> Vec<f64> {
        let scaled: Vec<f64> = self
            .coordinates(x)
            .iter()
            .zip(&self.values)
            .map(|(x, value)| f(*value) * x)
            .collect();
        let n = self.values.len();
        let row = |i: usize| &self.vectors[i * n..][..n];
        (0..n)
            .map(|i| row(i).iter().zip(&scaled).map(|(q, x)| q * x).sum())
            .collect()
    }

    /// Qᵀx: what x is along the eigenvectors.
    pub(super) fn coordinates(&self, x: &[f64]) -> Vec<f64> {
        let n = self.values.len();
        (0..n)
            .map(|j| (0..n).map(|i| self.vectors[i * n + j] * x[i]).sum())
            .collect()
    }
}

/// Turns rows and columns i and j so that a_ij becomes 0.
fn rotate(a: &mut [f64], q: &mut [f64], n: usize, (i, j): (usize, usize)) {
    let off = a[i * n + j];
    if off == 0.0 {
        return;
    }
    let tau = (a[j * n + j] - a[i * n + i]) / (2.0 * off);
    // The smaller of the two angles that do it.
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + i], a[k * n + j]);
        a[k * n + i] = c * x - s * y;
        a[k * n + j] = s * x + c * y;
    }
    for k in 0..n {
        let (x, y) = (a[i * n + k], a[j * n + k]);
        a[i * n + k] = c * x - s * y;
        a[j * n + k] = s * x + c * y;
        let (x, y) = (q[k * n + i], q[k * n + j]);
        q[k * n + i] = c * x - s * y;
        q[k * n + j] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_matrix_is_what_its_eigenvalues_and_vectors_say(
            n in 1..8_usize,
            numbers in proptest::collection::vec(-3.0..3.0_f64, 49),
            scale in -60..60_i32,
        ) {
            let scale = 2.0_f64.powi(scale);
            let matrix: Vec<f64> = (0..n * n)
                .map(|i| scale * (numbers[i] + numbers[i % n * n + i / n]))
                .collect();
            let eigen = Eigen::of(&matrix, n);
            for column in 0..n {
                let unit: Vec<f64> = (0..n).map(|i| f64::from(i == column)).collect();
                for (row, found) in eigen.apply(|value| value, &unit).into_iter().enumerate() {
                    // Numbers of up to 6 · scale, each from a few dozen roundings.
                    let off = (found - matrix[row * n + column]).abs();
                    prop_assert!(off < 1e-13 * scale, "{off:e}");
                }
                for (row, found) in eigen.apply(|_| 1.0, &unit).into_iter().enumerate() {
                    prop_assert!((found - unit[row]).abs() < 1e-14, "Q is orthogonal");
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_comes_to_an_end() {
        let eigen = Eigen::of(&[1.0, f64::NAN, f64::NAN, 2.0], 2);
        assert!(eigen.values.iter().any(|value| value.is_nan()));
    }
}
