//! `metaplast sweep`: a grid of settings as runs in directories of their own.

mod page;
mod slurm;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use datasets::Dataset;
use meta::Threads;
use runs::{Config, Point, Run, RunError, Sweep, write_whole};

use crate::failure::Failure;
use crate::progress::{Progress, say};
use crate::signals;

const FORMAT: &str = "\
SWEEP.toml has
  out = \"sweeps/lambda\"       where the runs go [default: sweeps/ and the file's name]
  [settings]                  keys with one value, for all runs
  [zip]                       keys with lists of the same length, in step
  [cross]                     keys with lists, every value with every other
The keys are those of `metaplast train --help`; a rule file is looked for beside SWEEP.toml.

Examples:
  metaplast sweep lambda.toml                           all runs, here
  metaplast sweep lambda.toml --list | parallel -j 4    by GNU parallel
  metaplast sweep lambda.toml --slurm > lambda.sh       as a job array of Slurm
  metaplast sweep lambda.toml                           afterwards: collects, runs what is left";

/// Run a grid of settings, and collect what came out in one table
///
/// Each run goes into a directory of its own, named by the values that vary. What is
/// finished is not run again, what was begun goes on. Then table.csv has a row for each
/// finished run, and sweep.html shows them, as a heat map if two keys vary.
#[derive(clap::Args)]
#[command(after_help = FORMAT)]
pub(crate) struct Args {
    /// The grid
    #[arg(value_name = "SWEEP.toml")]
    sweep: PathBuf,
    /// Print the command of each run that is not finished, one a line, and run nothing
    #[arg(long, conflicts_with = "slurm")]
    list: bool,
    /// Print a script for sbatch that has a task for each run, and run nothing
    #[arg(long)]
    slurm: bool,
    /// Worker threads; never changes a result [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N")]
    threads: Option<String>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let sweep = Sweep::read(&args.sweep).map_err(|error| Failure::Input(error.to_string()))?;
    let left: Vec<&Point> = sweep.points.iter().filter(|p| !p.is_finished()).collect();
    if args.list {
        let mut out = io::stdout().lock();
        for point in left {
            writeln!(out, "{}", point.command())?;
        }
        return Ok(());
    }
    if args.slurm {
        let script = slurm::script(&sweep, &args.sweep)?;
        return Ok(io::stdout().write_all(script.as_bytes())?);
    }
    carry_out(&sweep, &left, args.threads.as_deref())?;
    collect(&sweep)
}

/// Runs what is left, one run after the other, each with all threads.
fn carry_out(sweep: &Sweep, left: &[&Point], threads: Option<&str>) -> Result<(), Failure> {
    let stop = signals::stop_on_request()?;
    let (all, done) = (sweep.points.len() as u64, sweep.points.len() - left.len());
    say(format_args!(
        "{} in {}, {done} finished before",
        words::count(all, "run"),
        sweep.out.display()
    ));
    let mut opened: Option<(String, Arc<Dataset>)> = None;
    for (number, point) in left.iter().enumerate() {
        let mut assignments = point.assignments.clone();
        assignments.extend(threads.map(|n| format!("threads={n}")));
        let config = Config::new(None, Vec::new(), &assignments)?;
        let data = open(&config, &mut opened)?;
        config.check(&data)?;
        let threads = Threads::new(config.threads)?;
        let mut run = Run::open(&config, data, &point.directory, &threads)?;
        say(format_args!(
            "{} of {all}: {}",
            done + number + 1,
            point.name
        ));
        for note in run.notes() {
            say(format_args!("note: {note}"));
        }
        let mut progress = Progress::new("episodes", run.total());
        progress.start_at(run.done());
        let finished = run.finish(&stop, |_| progress.advance(1));
        progress.finish();
        finished.map_err(|error| match error {
            // Any of its runs may have been stopped; it is the whole that is to go on.
            RunError::Stopped(_) => {
                Failure::Stopped("stopped; to continue, give the same command again".to_owned())
            }
            other => other.into(),
        })?;
        plots::write_run_report(run.path())?;
    }
    Ok(())
}

/// The data of a run; runs one after the other mostly have the same.
fn open(
    config: &Config,
    opened: &mut Option<(String, Arc<Dataset>)>,
) -> Result<Arc<Dataset>, Failure> {
    let key = format!("{:?} {}", config.data, config.split);
    if let Some((before, data)) = opened
        && *before == key
    {
        return Ok(Arc::clone(data));
    }
    let data = Arc::new(match &config.data {
        Some(name) => datasets::open(name, config.split)?,
        None => datasets::open_default(config.split)?,
    });
    *opened = Some((key, Arc::clone(&data)));
    Ok(data)
}

/// Writes the table and the page of the runs that are finished.
fn collect(sweep: &Sweep) -> Result<(), Failure> {
    let table = sweep.out.join("table.csv");
    write_whole(&table, &sweep.table()?)?;
    let shown = sweep.out.join("sweep.html");
    let found = sweep.collect()?;
    write_whole(&shown, page::page(sweep, &found).as_bytes())?;
    let (finished, all) = (found.len(), words::count(sweep.points.len() as u64, "run"));
    let (table, shown) = (table.display(), shown.display());
    Ok(writeln!(
        io::stdout(),
        "{finished} of {all} finished\ntable: {table}\npage: {shown}"
    )?)
}
