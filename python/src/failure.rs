//! From errors of the library to exceptions.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use metaplast::runs::{Fault, RunError};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// Bad input is a ValueError, a failed run a RuntimeError, both with the command's line.
pub(crate) fn raise(error: impl Into<RunError>) -> PyErr {
    let error = error.into();
    exception(error.fault(), error.line())
}

/// As [`raise`], of a line and whose fault it is.
pub(crate) fn exception(fault: Fault, line: String) -> PyErr {
    match fault {
        Fault::Input => PyValueError::new_err(line),
        Fault::Run => PyRuntimeError::new_err(line),
        Fault::Stopped => PyKeyboardInterrupt::new_err(line),
    }
}

thread_local! {
    /// Whether a panic is going to be caught by [`contract`].
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Panics that become exceptions print nothing. The hook is this extension's alone.
pub(crate) fn keep_contracts_quiet() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !CAUGHT.get() {
            print(panic);
        }
    }));
}

/// Runs what the engine refuses by a panic, such as shapes that do not go together, and
/// returns its message instead.
pub(crate) fn contract<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    let before = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    CAUGHT.set(before);
    result.map_err(|panic| message(&*panic))
}

/// What a panic says.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let made = || panic.downcast_ref::<String>().cloned();
    literal.or_else(made).unwrap_or_default()
}
