//! Long work: without the interpreter's lock, with progress, and stopped by Ctrl-C.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;

use crate::failure::message;

/// Between two looks at how far the work is, and whether somebody wants it to end.
const PAUSE: Duration = Duration::from_millis(50);

/// Where work and the thread that waits for it leave each other word.
#[derive(Default)]
pub(crate) struct Desk {
    /// Set when the work is to end soon.
    pub(crate) stop: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    news: Mutex<Vec<String>>,
    ended: Mutex<bool>,
    end: Condvar,
}

/// Whatever a thread left when it panicked is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// There are so many pieces of work, of which some are done.
    pub(crate) fn begin(&self, done: u64, total: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many more are done.
    pub(crate) fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
    }

    /// A line for the user.
    pub(crate) fn say(&self, line: String) {
        lock(&self.news).push(line);
    }

    /// Waits a moment, or until the work has ended, and says whether it has.
    fn wait(&self) -> bool {
        let ended = lock(&self.ended);
        let waited = self.end.wait_timeout_while(ended, PAUSE, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Tells how far the work is and what is new; nothing before it has begun.
    fn report(&self, tell: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let news = std::mem::take(&mut *lock(&self.news));
        let total = self.total.load(Ordering::Relaxed);
        match tell {
            Some(tell) if total > 0 => {
                let done = self.done.load(Ordering::Relaxed);
                tell.call1((done, total, news)).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// Says that the work has ended, however it did.
struct Ending<'a>(&'a Desk);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        *lock(&self.0.ended) = true;
        self.0.end.notify_all();
    }
}

/// Runs `work` in a thread of its own while this one calls `tell(done, total, lines)` now
/// and then. When the user presses Ctrl-C, or `tell` raises, the work is asked to end, and
/// that exception is raised once it has.
pub(crate) fn watched<R: Send>(
    py: Python<'_>,
    tell: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Desk) -> PyResult<R> + Send,
) -> PyResult<R> {
    let desk = Desk::default();
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _ending = Ending(&desk);
            work(&desk)
        });
        let mut raised = None;
        loop {
            let ended = py.detach(|| desk.wait());
            if raised.is_none() {
                let looked = py.check_signals().and_then(|()| desk.report(tell));
                if let Err(error) = looked {
                    desk.stop.store(true, Ordering::Relaxed);
                    raised = Some(error);
                }
            }
            if ended {
                break;
            }
        }
        let result = py.detach(|| worker.join());
        let interrupted = |error: &PyErr| error.is_instance_of::<PyKeyboardInterrupt>(py);
        match (raised, result) {
            // Both are for the same Ctrl-C; that of the work says how it goes on.
            (Some(error), Ok(Err(stopped))) if interrupted(&error) && interrupted(&stopped) => {
                Err(stopped)
            }
            (Some(error), _) => Err(error),
            (None, Ok(result)) => result,
            (None, Err(panic)) => {
                let text = format!("internal error: {}", message(&*panic));
                Err(PyRuntimeError::new_err(text))
            }
        }
    })
}
