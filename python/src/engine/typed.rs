//! A tape of either number type, with NumPy's arrays for its values.

use metaplast::autodiff::{GradientOptions, Outer, Plastic, Real, Rewind, Shape, Tape, Var};
use ndarray::Array2;
use numpy::{Element, IntoPyArray, PyArray2, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::ops;

/// Arrays as Python has them.
pub(super) type Arrays<'py> = Vec<Bound<'py, PyAny>>;

/// A term of an update.
pub(super) type Term = Outer<Var>;

/// What a tape does, whatever its number type. All of it panics as the engine does.
pub(super) trait Typed: Send + Sync {
    fn count(&self) -> usize;
    fn memory(&self) -> usize;
    fn forget(&mut self);
    fn shape(&self, x: Var) -> Shape;
    fn input(&mut self, values: &Bound<'_, PyAny>, variable: bool) -> PyResult<Var>;
    fn apply(
        &mut self,
        name: &str,
        inputs: &[Var],
        numbers: &[f64],
        counts: &[usize],
    ) -> PyResult<Var>;
    fn numbers<'py>(&self, py: Python<'py>, x: Var) -> Bound<'py, PyAny>;
    fn declare(
        &mut self,
        values: &Bound<'_, PyAny>,
        plastic: bool,
    ) -> PyResult<(Plastic, (usize, usize))>;
    fn declare_from(&mut self, start: Var) -> Plastic;
    fn entries<'py>(&self, py: Python<'py>, w: &Plastic) -> Bound<'py, PyAny>;
    fn product(&mut self, w: &Plastic, y: Var, transposed: bool) -> Var;
    fn change(&mut self, w: &mut Plastic, scale: Option<Var>, terms: &[Term]);
    fn slopes<'py>(
        &mut self,
        py: Python<'py>,
        loss: Var,
        wrt: &[Var],
        initial: &[&Plastic],
        rewind: Rewind,
    ) -> (Arrays<'py>, Arrays<'py>, f64, bool);
    fn recorded_slopes(&mut self, loss: Var, wrt: &[Var], rewind: Rewind) -> Vec<Var>;
    fn curvature<'py>(
        &mut self,
        py: Python<'py>,
        loss: Var,
        wrt: &[Var],
        directions: &[Bound<'py, PyAny>],
    ) -> PyResult<Arrays<'py>>;
    fn forward<'py>(
        &mut self,
        py: Python<'py>,
        of: &[Var],
        along: &[(Var, Bound<'py, PyAny>)],
    ) -> PyResult<Arrays<'py>>;
    fn jacobians<'py>(&mut self, py: Python<'py>, y: Var, wrt: &[Var]) -> Arrays<'py>;
    fn second_derivatives<'py>(
        &mut self,
        py: Python<'py>,
        loss: Var,
        wrt: &[Var],
    ) -> Bound<'py, PyAny>;
}

/// An array of the tape's number type and at most two dimensions.
fn read<T: Real + Element>(values: &Bound<'_, PyAny>) -> PyResult<Array2<T>> {
    let array: PyReadonlyArrayDyn<'_, T> = values.extract()?;
    let shape = match *array.shape() {
        [] => (1, 1),
        [n] => (1, n),
        [rows, cols] => (rows, cols),
        _ => {
            return Err(PyValueError::new_err(format!(
                "a value of a tape has at most two dimensions, got shape {:?}",
                array.shape()
            )));
        }
    };
    let numbers = array.as_array().iter().copied().collect();
    Ok(Array2::from_shape_vec(shape, numbers).expect("an array has as many numbers as it says"))
}

/// An array for Python, without a copy.
fn give<T: Element>(py: Python<'_>, values: Array2<T>) -> Bound<'_, PyAny> {
    let array: Bound<'_, PyArray2<T>> = values.into_pyarray(py);
    array.into_any()
}

/// The numbers of an array that was just read, row by row.
fn row_by_row<T>(values: &Array2<T>) -> &[T] {
    values.as_slice().expect("it was made row by row")
}

impl<T: Real + Element> Typed for Tape<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn memory(&self) -> usize {
        self.footprint()
    }

    fn forget(&mut self) {
        self.clear();
    }

    fn shape(&self, x: Var) -> Shape {
        self.shape_of(x)
    }

    fn input(&mut self, values: &Bound<'_, PyAny>, variable: bool) -> PyResult<Var> {
        let values = read(values)?;
        Ok(if variable {
            self.variable_array(values.view())
        } else {
            self.constant_array(values.view())
        })
    }

    fn apply(
        &mut self,
        name: &str,
        inputs: &[Var],
        numbers: &[f64],
        counts: &[usize],
    ) -> PyResult<Var> {
        let unknown = || PyValueError::new_err(format!("there is no operation '{name}'"));
        ops::apply(self, name, inputs, numbers, counts).ok_or_else(unknown)
    }

    fn numbers<'py>(&self, py: Python<'py>, x: Var) -> Bound<'py, PyAny> {
        give(py, self.array(x))
    }

    fn declare(
        &mut self,
        values: &Bound<'_, PyAny>,
        plastic: bool,
    ) -> PyResult<(Plastic, (usize, usize))> {
        let values = read(values)?;
        let handle = if plastic {
            self.plastic(values.view())
        } else {
            self.fixed(values.view())
        };
        Ok((handle, values.dim()))
    }

    fn declare_from(&mut self, start: Var) -> Plastic {
        self.plastic_from(start)
    }

    fn entries<'py>(&self, py: Python<'py>, w: &Plastic) -> Bound<'py, PyAny> {
        give(py, self.matrix(w))
    }

    fn product(&mut self, w: &Plastic, y: Var, transposed: bool) -> Var {
        if transposed {
            self.matvec_t(w, y)
        } else {
            self.matvec(w, y)
        }
    }

    fn change(&mut self, w: &mut Plastic, scale: Option<Var>, terms: &[Term]) {
        self.update(w, scale, terms);
    }

    fn slopes<'py>(
        &mut self,
        py: Python<'py>,
        loss: Var,
        wrt: &[Var],
        initial: &[&Plastic],
        rewind: Rewind,
    ) -> (Arrays<'py>, Arrays<'py>, f64, bool) {
        let gradient = py.detach(|| {
            let options = GradientOptions {
                rewind,
                initial,
                spend: false,
            };
            self.gradient_with(loss, wrt, &options)
        });
        let by_values = (0..wrt.len()).map(|i| give(py, gradient.array(i)));
        let by_initial = (0..initial.len()).map(|i| give(py, gradient.initial(i).clone()));
        (
            by_values.collect(),
            by_initial.collect(),
            gradient.residual.to_f64(),
            gradient.rewind == Rewind::Replay,
        )
    }

    fn recorded_slopes(&mut self, loss: Var, wrt: &[Var], rewind: Rewind) -> Vec<Var> {
        self.gradient_taped_with(loss, wrt, rewind).vars
    }

    fn curvature<'py>(
        &mut self,
        py: Python<'py>,
        loss: Var,
        wrt: &[Var],
        directions: &[Bound<'py, PyAny>],
    ) -> PyResult<Arrays<'py>> {
        let directions: PyResult<Vec<Array2<T>>> = directions.iter().map(read).collect();
        let directions = directions?;
        // Before the engine records the gradient that it is to differentiate.
        for (x, direction) in wrt.iter().zip(&directions) {
            let shape = self.shape_of(*x);
            let (rows, cols) = direction.dim();
            let given = Shape::matrix(rows, cols);
            assert!(
                shape == given,
                "a direction for a value of shape {shape} has shape {given}"
            );
        }
        let slices: Vec<&[T]> = directions.iter().map(row_by_row).collect();
        let product = py.detach(|| self.hessian_vector(loss, wrt, &slices));
        Ok((0..wrt.len()).map(|i| give(py, product.array(i))).collect())
    }

    fn forward<'py>(
        &mut self,
        py: Python<'py>,
        of: &[Var],
        along: &[(Var, Bound<'py, PyAny>)],
    ) -> PyResult<Arrays<'py>> {
        let read = |(x, d): &(Var, Bound<'py, PyAny>)| Ok((*x, read(d)?));
        let along: PyResult<Vec<(Var, Array2<T>)>> = along.iter().map(read).collect();
        let along = along?;
        let along: Vec<(Var, &[T])> = along.iter().map(|(x, d)| (*x, row_by_row(d))).collect();
        let tangents = py.detach(|| self.tangent(of, &along));
        let shaped = of.iter().zip(tangents).map(|(y, tangent)| {
            let Shape { rows, cols } = self.shape_of(*y);
            let tangent = Array2::from_shape_vec((rows, cols), tangent);
            give(py, tangent.expect("a tangent has the shape of its value"))
        });
        Ok(shaped.collect())
    }

    fn jacobians<'py>(&mut self, py: Python<'py>, y: Var, wrt: &[Var]) -> Arrays<'py> {
        let matrices = py.detach(|| self.jacobian(y, wrt));
        matrices.into_iter().map(|m| give(py, m)).collect()
    }

    fn second_derivatives<'py>(
        &mut self,
        py: Python<'py>,
        loss: Var,
        wrt: &[Var],
    ) -> Bound<'py, PyAny> {
        give(py, py.detach(|| self.hessian(loss, wrt)))
    }
}
