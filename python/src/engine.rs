//! The engine, for the class `Tape` of the package. What the engine refuses by a panic
//! raises ValueError here.

mod ops;
mod typed;

use std::sync::{Mutex, MutexGuard, TryLockError};

use metaplast::autodiff::{Plastic, Rewind, Tape, Var};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::failure::contract;
use typed::{Arrays, Term, Typed};

/// A value on a tape.
#[pyclass(frozen, module = "metaplast._native")]
pub(crate) struct Handle {
    var: Var,
    /// Rows and columns.
    #[pyo3(get)]
    shape: (usize, usize),
}

/// A plastic matrix on a tape.
#[pyclass(module = "metaplast._native")]
pub(crate) struct Matrix {
    handle: Plastic,
    /// Rows and columns.
    #[pyo3(get)]
    shape: (usize, usize),
}

/// A tape of either number type. Sweeps run without the interpreter's lock, so that another
/// thread may come meanwhile.
#[pyclass(frozen, module = "metaplast._native")]
pub(crate) struct Engine(Mutex<State>);

struct State {
    tape: Box<dyn Typed>,
    /// Whether an operation was refused half-way, which none is meant to be.
    broken: bool,
}

fn vars(handles: &[PyRef<'_, Handle>]) -> Vec<Var> {
    handles.iter().map(|handle| handle.var).collect()
}

/// The way back in time of a name.
fn rewind(name: &str) -> PyResult<Rewind> {
    match name {
        "auto" => Ok(Rewind::Auto),
        "undo" => Ok(Rewind::Undo),
        "replay" => Ok(Rewind::Replay),
        _ => Err(PyValueError::new_err(format!(
            "rewind: '{name}' is not auto, undo or replay"
        ))),
    }
}

impl Engine {
    /// The state, unless another thread is at work on it.
    fn state(&self) -> PyResult<MutexGuard<'_, State>> {
        match self.0.try_lock() {
            Ok(state) => Ok(state),
            Err(TryLockError::Poisoned(state)) => Ok(state.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(
                "another thread is at work on this tape; a tape is for one at a time",
            )),
        }
    }

    /// Runs what the engine may refuse.
    fn ask<R>(&self, f: impl FnOnce(&mut dyn Typed) -> PyResult<R>) -> PyResult<R> {
        let state = &mut *self.state()?;
        if state.broken {
            return Err(PyRuntimeError::new_err(
                "an earlier error left this tape half-way; clear it",
            ));
        }
        let before = state.tape.count();
        contract(|| f(&mut *state.tape)).unwrap_or_else(|message| {
            state.broken = state.tape.count() != before;
            Err(PyValueError::new_err(message))
        })
    }

    /// Runs what gives a value.
    fn value_of(&self, f: impl FnOnce(&mut dyn Typed) -> PyResult<Var>) -> PyResult<Handle> {
        self.ask(|tape| {
            let var = f(tape)?;
            let shape = tape.shape(var);
            Ok(Handle {
                var,
                shape: (shape.rows, shape.cols),
            })
        })
    }
}

#[pymethods]
impl Engine {
    #[new]
    fn new(dtype: &str) -> PyResult<Engine> {
        let tape: Box<dyn Typed> = match dtype {
            "float64" => Box::new(Tape::<f64>::new()),
            "float32" => Box::new(Tape::<f32>::new()),
            _ => {
                return Err(PyValueError::new_err(format!(
                    "dtype: '{dtype}' is not float64 or float32"
                )));
            }
        };
        let broken = false;
        Ok(Engine(Mutex::new(State { tape, broken })))
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.state()?.tape.count())
    }

    fn bytes(&self) -> PyResult<usize> {
        Ok(self.state()?.tape.memory())
    }

    fn clear(&self) -> PyResult<()> {
        let mut state = self.state()?;
        state.tape.forget();
        state.broken = false;
        Ok(())
    }

    fn input(&self, values: &Bound<'_, PyAny>, variable: bool) -> PyResult<Handle> {
        self.value_of(|tape| tape.input(values, variable))
    }

    fn apply(
        &self,
        name: &str,
        inputs: Vec<PyRef<'_, Handle>>,
        numbers: Vec<f64>,
        counts: Vec<usize>,
    ) -> PyResult<Handle> {
        let inputs = vars(&inputs);
        self.value_of(|tape| tape.apply(name, &inputs, &numbers, &counts))
    }

    fn value<'py>(&self, py: Python<'py>, x: &Handle) -> PyResult<Bound<'py, PyAny>> {
        self.ask(|tape| Ok(tape.numbers(py, x.var)))
    }

    fn declare(&self, values: &Bound<'_, PyAny>, plastic: bool) -> PyResult<Matrix> {
        self.ask(|tape| {
            let (handle, shape) = tape.declare(values, plastic)?;
            Ok(Matrix { handle, shape })
        })
    }

    fn declare_from(&self, start: &Handle) -> PyResult<Matrix> {
        self.ask(|tape| {
            Ok(Matrix {
                handle: tape.declare_from(start.var),
                shape: start.shape,
            })
        })
    }

    fn matrix<'py>(&self, py: Python<'py>, w: &Matrix) -> PyResult<Bound<'py, PyAny>> {
        self.ask(|tape| Ok(tape.entries(py, &w.handle)))
    }

    fn matvec(&self, w: &Matrix, y: &Handle, transposed: bool) -> PyResult<Handle> {
        self.value_of(|tape| Ok(tape.product(&w.handle, y.var, transposed)))
    }

    fn update(
        &self,
        w: &mut Matrix,
        scale: Option<PyRef<'_, Handle>>,
        terms: Vec<(
            Option<PyRef<'_, Handle>>,
            PyRef<'_, Handle>,
            PyRef<'_, Handle>,
        )>,
    ) -> PyResult<()> {
        let terms: Vec<Term> = terms
            .iter()
            .map(|(scale, post, pre)| Term {
                scale: scale.as_ref().map(|scale| scale.var),
                post: post.var,
                pre: pre.var,
            })
            .collect();
        let scale = scale.map(|scale| scale.var);
        self.ask(|tape| {
            tape.change(&mut w.handle, scale, &terms);
            Ok(())
        })
    }

    fn gradient<'py>(
        &self,
        py: Python<'py>,
        loss: &Handle,
        wrt: Vec<PyRef<'py, Handle>>,
        initial: Vec<PyRef<'py, Matrix>>,
        way: &str,
    ) -> PyResult<(Arrays<'py>, Arrays<'py>, f64, bool)> {
        let (wrt, rewind) = (vars(&wrt), rewind(way)?);
        let initial: Vec<&Plastic> = initial.iter().map(|w| &w.handle).collect();
        self.ask(|tape| Ok(tape.slopes(py, loss.var, &wrt, &initial, rewind)))
    }

    fn gradient_taped(
        &self,
        loss: &Handle,
        wrt: Vec<PyRef<'_, Handle>>,
        way: &str,
    ) -> PyResult<Vec<Handle>> {
        let (vars, rewind) = (vars(&wrt), rewind(way)?);
        let shapes = wrt.iter().map(|x| x.shape);
        let slopes = self.ask(|tape| Ok(tape.recorded_slopes(loss.var, &vars, rewind)))?;
        let slopes = slopes.into_iter().zip(shapes);
        Ok(slopes.map(|(var, shape)| Handle { var, shape }).collect())
    }

    fn hessian_vector<'py>(
        &self,
        py: Python<'py>,
        loss: &Handle,
        wrt: Vec<PyRef<'py, Handle>>,
        directions: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Arrays<'py>> {
        let wrt = vars(&wrt);
        self.ask(|tape| tape.curvature(py, loss.var, &wrt, &directions))
    }

    fn tangent<'py>(
        &self,
        py: Python<'py>,
        of: Vec<PyRef<'py, Handle>>,
        along: Vec<(PyRef<'py, Handle>, Bound<'py, PyAny>)>,
    ) -> PyResult<Arrays<'py>> {
        let of = vars(&of);
        let along: Vec<_> = along.into_iter().map(|(x, d)| (x.var, d)).collect();
        self.ask(|tape| tape.forward(py, &of, &along))
    }

    fn jacobian<'py>(
        &self,
        py: Python<'py>,
        y: &Handle,
        wrt: Vec<PyRef<'py, Handle>>,
    ) -> PyResult<Arrays<'py>> {
        let wrt = vars(&wrt);
        self.ask(|tape| Ok(tape.jacobians(py, y.var, &wrt)))
    }

    fn hessian<'py>(
        &self,
        py: Python<'py>,
        loss: &Handle,
        wrt: Vec<PyRef<'py, Handle>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wrt = vars(&wrt);
        self.ask(|tape| Ok(tape.second_derivatives(py, loss.var, &wrt)))
    }
}
