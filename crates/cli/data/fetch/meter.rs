//! How far a download is, on standard error.

use std::io::{self, IsTerminal};

use datasets::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::progress::{is_quiet, say};

/// A bar on a terminal; elsewhere a line at the start and one for every tenth.
#[derive(Default)]
pub(super) struct Meter {
    bar: Option<ProgressBar>,
    what: String,
    done: u64,
    total: Option<u64>,
}

impl Meter {
    fn say(&self) {
        let done = self.done as f64 / 1e6;
        let line = match self.total {
            Some(total) => format!("{}: {done:.1} of {:.1} MB", self.what, total as f64 / 1e6),
            None => format!("{}: {done:.1} MB", self.what),
        };
        say(format_args!("{line}"));
    }
}

impl Progress for Meter {
    fn begin(&mut self, what: &str, already: u64, total: Option<u64>) {
        what.clone_into(&mut self.what);
        (self.done, self.total) = (already, total);
        if is_quiet() || !io::stderr().is_terminal() {
            self.say();
            return;
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(self.what.clone());
        bar.set_position(already);
        bar.reset_eta();
        self.bar = Some(bar);
    }

    fn advance(&mut self, bytes: u64) {
        let before = self.done;
        self.done += bytes;
        match (&self.bar, self.total) {
            (Some(bar), _) => bar.set_position(self.done),
            (None, Some(total)) if total > 0 => {
                let tenth = |n: u64| n.saturating_mul(10) / total;
                if tenth(before) != tenth(self.done) {
                    self.say();
                }
            }
            (None, _) => {}
        }
    }

    fn note(&mut self, line: &str) {
        say(format_args!("{line}"));
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
