//! Derivatives of values that are no scalars, and whole matrices of derivatives.

use ndarray::{Array2, Slice, s};

use crate::program::Action;
use crate::{Gradient, Real, Tape, Var};

/// # Jacobians and Hessians
impl<T: Real> Tape<T> {
    /// Σₖ cₖ dyₖ/dx for each x of `wrt`: the reverse sweep from a value of any shape with
    /// the cotangent c, which has a number for each of y, row by row. What is recorded
    /// stays as it was.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0]);
    /// let y = tape.square(x);
    /// assert_eq!(tape.vjp(y, &[10.0, 100.0], &[x])[x], [20.0, 400.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`], and if `cotangent` does not fit `y`.
    #[track_caller]
    pub fn vjp(&mut self, y: Var, cotangent: &[T], wrt: &[Var]) -> Gradient<T> {
        let shape = self.shape_of(y);
        assert!(
            cotangent.len() == shape.len(),
            "a cotangent of a value of shape {shape} needs {} numbers, got {}",
            shape.len(),
            cotangent.len()
        );
        self.aside(|tape| {
            // A variable, so that its zeros are not taken as structural.
            let c = tape.variable(shape, cotangent);
            let projected = tape.dot(y, c);
            tape.gradient(projected, wrt)
        })
    }

    /// dy/dx for each x of `wrt`: a matrix with a row for each number of `y` and a column
    /// for each of `x`, both row by row. One sweep for each number of `y`, back, or for
    /// each of the variables, forward, whichever are fewer.
    ///
    /// ```
    /// use ndarray::array;
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[2.0, 3.0]);
    /// let square = tape.square(x);
    /// let total = tape.sum(x);
    /// let y = tape.concat_cols(&[square, total]);
    /// assert_eq!(tape.jacobian(y, &[x])[0], array![[4.0, 0.0], [0.0, 6.0], [1.0, 1.0]]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`], but for `y` of any shape.
    #[track_caller]
    pub fn jacobian(&mut self, y: Var, wrt: &[Var]) -> Vec<Array2<T>> {
        let rows = self.shape_of(y).len();
        let cols: Vec<usize> = wrt.iter().map(|x| self.shape_of(*x).len()).collect();
        let mut result: Vec<_> = cols.iter().map(|n| Array2::zeros((rows, *n))).collect();
        // Forward mode starts from variables, not from what was computed of them.
        let variables = wrt.iter().all(|x| {
            let node = self.program.nodes[x.index()];
            node.action == Action::Input && node.active
        });
        if variables && cols.iter().sum::<usize>() < rows {
            for ((x, n), matrix) in wrt.iter().zip(cols).zip(&mut result) {
                for j in 0..n {
                    let column = &self.tangent(&[y], &[(*x, &unit(n, j))])[0];
                    matrix.column_mut(j).assign(&ndarray::aview1(column));
                }
            }
        } else {
            for i in 0..rows {
                let gradient = self.vjp(y, &unit(rows, i), wrt);
                for (k, matrix) in result.iter_mut().enumerate() {
                    let row = gradient.of(k);
                    matrix.row_mut(i).assign(&ndarray::aview1(row));
                }
            }
        }
        result
    }

    /// The matrix of second derivatives ∂²L/∂xᵢ∂xⱼ of the scalar `loss`, with a row and a
    /// column for each number of the variables in `wrt`, in their order and row by row. One
    /// sweep over the recorded gradient a row: for more than some dozen numbers, ask for
    /// [products with vectors](Tape::hessian_vector) instead.
    ///
    /// ```
    /// use ndarray::array;
    /// // L = a² b at a = 2, b = 3.
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let (a, b) = (tape.variable_scalar(2.0), tape.variable_scalar(3.0));
    /// let square = tape.square(a);
    /// let loss = tape.mul(square, b);
    /// assert_eq!(tape.hessian(loss, &[a, b]), array![[6.0, 4.0], [4.0, 0.0]]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`].
    #[track_caller]
    pub fn hessian(&mut self, loss: Var, wrt: &[Var]) -> Array2<T> {
        let mut parts = Vec::with_capacity(wrt.len());
        let mut n = 0;
        for x in wrt {
            let start = n;
            n += self.shape_of(*x).len();
            parts.push(Slice::from(start..n));
        }
        let mut result = Array2::zeros((n, n));
        self.aside(|tape| {
            let slopes = tape.gradient_taped(loss, wrt);
            for (slope, rows) in slopes.iter().zip(&parts) {
                for (block, cols) in tape.jacobian(*slope, wrt).iter().zip(&parts) {
                    result.slice_mut(s![*rows, *cols]).assign(block);
                }
            }
        });
        result
    }
}

/// The `i`-th of the unit vectors of `n` numbers.
fn unit<T: Real>(n: usize, i: usize) -> Vec<T> {
    let mut unit = vec![T::ZERO; n];
    unit[i] = T::ONE;
    unit
}
