//! How far a run has come: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether only errors are told: a wish of the user for the whole process.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From here on no progress and no notes are shown.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// A line on standard error, unless the user wants none. If nobody reads that any more, as in `2>&1 | head -1`, there
/// is nobody left to tell.
pub(crate) fn say(line: Arguments<'_>) {
    if !is_quiet() {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Tells where a run is, what is to be known of it, and how it stands: `finished`, or
/// `done` of `total` things, such as episodes.
pub(crate) fn say_standing(
    path: &Path,
    notes: &[String],
    finished: bool,
    (done, total): (u64, u64),
    thing: &str,
) {
    say(format_args!("run directory: {}", path.display()));
    for note in notes {
        say(format_args!("note: {note}"));
    }
    if finished {
        say(format_args!("finished before; nothing is left to run"));
    } else if done > 0 {
        let total = words::count(total, thing);
        say(format_args!("going on after {done} of {total}"));
    }
}

/// Progress on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    unit: Unit,
    start: Instant,
    /// What was done before the start.
    before: u64,
    next_line: Instant,
}

/// What is counted.
enum Unit {
    /// Things with a name.
    Things(&'static str),
    /// Work of unlike pieces, shown as a percentage, with what is being done.
    Work(&'static str),
}

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

impl Progress {
    /// Of `total` things called `what`.
    pub(crate) fn new(what: &'static str, total: u64) -> Self {
        let template = "{bar:40} {pos}/{len} {msg}, {elapsed} elapsed, {eta} left";
        Progress::with(Unit::Things(what), what, total, template)
    }

    /// Of `total` units of work.
    pub(crate) fn of_work(total: u64) -> Self {
        let template = "{bar:40} {percent:>3} % {msg}, {elapsed} elapsed, {eta} left";
        Progress::with(Unit::Work(""), "", total, template)
    }

    fn with(unit: Unit, message: &'static str, total: u64, template: &str) -> Self {
        let target = match is_quiet() {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(message);
        let start = Instant::now();
        Progress {
            bar,
            unit,
            start,
            before: 0,
            next_line: start + PAUSE,
        }
    }

    /// So much work was done on something.
    pub(crate) fn work_on(&mut self, what: &'static str, by: u64) {
        if !matches!(self.unit, Unit::Work(before) if before == what) {
            self.unit = Unit::Work(what);
            self.bar.set_message(what);
        }
        self.advance(by);
    }

    /// Counts `done` as done before.
    pub(crate) fn start_at(&mut self, done: u64) {
        if done > 0 {
            self.before += done;
            self.bar.inc(done);
            self.bar.reset_eta();
        }
    }

    /// A line that does not disturb the bar.
    pub(crate) fn say(&self, line: Arguments<'_>) {
        self.bar.suspend(|| say(line));
    }

    pub(crate) fn advance(&mut self, by: u64) {
        self.bar.inc(by);
        if self.bar.is_hidden() && Instant::now() >= self.next_line {
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let left = self.start.elapsed().as_secs_f64() / (done - self.before) as f64
                * total.saturating_sub(done) as f64;
            let left = words::duration(left);
            match self.unit {
                Unit::Things(what) => {
                    say(format_args!("{done}/{total} {what}, about {left} left"));
                }
                Unit::Work(what) => say(format_args!(
                    "{} %, {what}, about {left} left",
                    100 * done / total.max(1)
                )),
            }
            self.next_line = Instant::now() + PAUSE;
        }
    }

    /// Ends the bar and tells how long it took.
    pub(crate) fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.start.elapsed()
    }
}
