//! Published data sets, downloaded.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use metaplast::datasets::{Progress, Roots, Source, default_target};
use pyo3::prelude::*;

use crate::failure::raise;
use crate::watch::{Desk, watched};

/// Fetches a data set into a folder, by default the user's own, and returns the folder, the
/// files that were written, and whether the folder is one that data are looked for in.
#[pyfunction]
pub(crate) fn fetch(
    py: Python<'_>,
    name: String,
    base: Option<String>,
    into: Option<PathBuf>,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<(PathBuf, Vec<PathBuf>, bool)> {
    let mut source = Source::published(&name).map_err(raise)?;
    if let Some(base) = &base {
        source = source.from_base(base).map_err(raise)?;
    }
    let into = into.unwrap_or_else(default_target);
    watched(py, tell, |desk| {
        let fetched = metaplast::datasets::fetch(&source, &into, &mut Meter(desk));
        let written = fetched.map_err(raise)?.written;
        let found = Roots::from_env().map_err(raise)?.folders().contains(&into);
        Ok((into, written, found))
    })
}

/// Tells a desk how far a download is.
struct Meter<'a>(&'a Desk);

impl Progress for Meter<'_> {
    fn begin(&mut self, what: &str, already: u64, total: Option<u64>) {
        self.0.say(format!("fetching {what}"));
        self.0.begin(already, total.unwrap_or(0));
    }

    fn advance(&mut self, bytes: u64) {
        self.0.advance(bytes);
        if self.0.stop.load(Ordering::Relaxed) {
            // A download is left in no other way; what has come of it stays, to go on from.
            std::panic::resume_unwind(Box::new("stopped"));
        }
    }

    fn note(&mut self, line: &str) {
        self.0.say(line.to_owned());
    }

    fn end(&mut self) {}
}
