//! `metaplast card`: one page about a rule.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use card::{Ask, Plan, named_or_found};
use meta::Threads;
use paper::FRESH_TASKS;
use runs::{RunError, write_whole};

use crate::count::count;
use crate::failure::Failure;
use crate::progress::{Progress, say};
use crate::signals;

/// Write one page about the rule of a finished run
///
/// Its text and formula, what a synapse has to know for it, the coefficients, what each term
/// contributes when it is removed, accuracy by data set and K, angles, cost, and how to
/// repeat it: card.html, which opens offline, and card.md. For most of that the rule is
/// tried on fresh tasks, its coefficients frozen. A run in parts is merged first.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  metaplast card runs/bio-glyphs-1\n  metaplast card runs/mine --data glyphs --trials 4 --out cards/mine"
)]
pub(crate) struct Args {
    /// The directory of a finished run
    #[arg(value_name = "RUN_DIR")]
    run: PathBuf,
    /// A data set's name or path to try the rule on besides the run's own; may be given again
    /// [default: all that are found]
    #[arg(long, value_name = "NAME|PATH")]
    data: Vec<String>,
    /// Independent trials of each test [default: the run's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trials: Option<String>,
    /// Fresh tasks of each trial
    #[arg(long, value_name = "N", default_value_t = FRESH_TASKS, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    fresh: u64,
    /// Worker threads; never changes a result [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
    /// Where card.html and card.md go [default: the run directory]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = count("threads", args.threads)?.map_or(cores, |n| n as usize);
    let threads = Threads::new(threads)?;
    let ask = Ask {
        run: args.run.clone(),
        trials: count("trials", args.trials)?,
        tasks: args.fresh,
    };
    let plan = Plan::open(ask, |split| named_or_found(&args.data, split))?;
    let stop = signals::stop_on_request()?;
    for note in plan.notes() {
        say(format_args!("note: {note}"));
    }
    say(format_args!("{plan}"));
    let progress = Mutex::new(Progress::new("trials", plan.work()));
    let watch = || {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.advance(1);
    };
    let card = plan.measure(&threads, &stop, watch);
    let card = card.map_err(|error| match error {
        RunError::Stopped(_) => Failure::Stopped("stopped; nothing is kept of a card".to_owned()),
        other => other.into(),
    })?;
    progress
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .finish();
    let out = args.out.unwrap_or(args.run);
    std::fs::create_dir_all(&out).map_err(|error| {
        Failure::Input(format!(
            "{}: {error}; name a folder with --out",
            out.display()
        ))
    })?;
    let (page, text) = (out.join("card.html"), out.join("card.md"));
    write_whole(&page, card.to_html().as_bytes())?;
    write_whole(&text, card.to_markdown().as_bytes())?;
    Ok(writeln!(
        io::stdout(),
        "card: {} and {}",
        page.display(),
        text.display()
    )?)
}
