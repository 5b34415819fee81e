//! `metaplast sweep`: a grid of settings as runs in directories of their own.

mod page;
mod slurm;
mod work;

use std::io::{self, Write};
use std::path::PathBuf;

use runs::{Job, Kind, Shard, Sweep, table, write_whole};

use crate::count::count;
use crate::failure::Failure;
use crate::progress::say;

const FORMAT: &str = "\
SWEEP.toml has
  out = \"sweeps/lambda\"       where the runs go [default: sweeps/ and the file's name]
  parts = 4                   each run in so many parts, put together at the end [default: 1]
  [settings]                  keys with one value, for all runs
  [zip]                       keys with lists of the same length, in step
  [cross]                     keys with lists, every value with every other
The keys are those of `metaplast train --help`; a rule file is looked for beside SWEEP.toml.

Examples:
  metaplast sweep lambda.toml                           all runs, here
  metaplast sweep lambda.toml --list | parallel -j 4    by GNU parallel
  metaplast sweep lambda.toml --shard 2/5               a fifth of the runs, on one of five machines
  metaplast sweep lambda.toml --collect                 afterwards: puts all together
  metaplast sweep lambda.toml --slurm > lambda.sh       as a job array of Slurm, and
  bash lambda.sh                                        submits it, and a job that collects";

/// Run a grid of settings, and collect what came out in one table
///
/// Each run goes into a directory of its own, named by the values that vary. What is
/// finished is not run again, what was begun goes on. Then table.csv has a row for each
/// finished run, and sweep.html shows them, as a heat map if two keys vary besides the seed.
#[derive(clap::Args)]
#[command(after_help = FORMAT)]
pub(crate) struct Args {
    /// The grid
    #[arg(value_name = "SWEEP.toml")]
    sweep: PathBuf,
    /// Print the command of each run that is not finished, one a line, and run nothing
    #[arg(long, conflicts_with_all = ["slurm", "collect", "shard"])]
    list: bool,
    /// Print a script that has a task of a Slurm job array for each run that is not finished,
    /// and run nothing
    #[arg(long, conflicts_with_all = ["collect", "shard"])]
    slurm: bool,
    /// With --slurm: the most tasks, which share the runs [default: 1000]
    #[arg(
        long,
        value_name = "N",
        requires = "slurm",
        allow_negative_numbers = true
    )]
    tasks: Option<String>,
    /// Only a share: of N, the I-th has the runs (or parts) k with k mod N = I - 1. Nothing is
    /// collected
    #[arg(long, value_name = "I/N|slurm", conflicts_with = "collect")]
    shard: Option<String>,
    /// Only put together and collect what is finished, and name what is not, with exit code 1
    #[arg(long)]
    collect: bool,
    /// Threads of all runs together, which go side by side if they take fewer each; never
    /// changes a result [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let sweep = Sweep::read(&args.sweep).map_err(|error| Failure::Input(error.to_string()))?;
    let share = args.shard.as_deref().map(share).transpose()?;
    let threads = count("threads", args.threads)?;
    let tasks = args.tasks.as_deref().map(tasks).transpose()?;
    if args.list {
        let mut out = io::stdout().lock();
        for job in sweep.jobs().filter(|job| !job.is_finished()) {
            writeln!(out, "{}", job.command())?;
        }
        return Ok(());
    }
    if args.slurm {
        let script = slurm::script(&sweep, &args.sweep, tasks.unwrap_or(slurm::TASKS))?;
        return Ok(io::stdout().write_all(script.as_bytes())?);
    }
    let mut failures = Failures::default();
    if !args.collect {
        let jobs: Vec<Job<'_>> = sweep.jobs().collect();
        let own = share.unwrap_or(Shard::WHOLE).trials(jobs.len() as u64);
        let own: Vec<Job<'_>> = own.map(|k| jobs[k as usize].clone()).collect();
        failures = work::carry_out(&sweep, &own, threads)?;
    }
    if share.is_none() {
        collect(&sweep, &mut failures)?;
    }
    if args.collect && failures.is_empty() {
        all_finished(&sweep, &args.sweep)?;
    }
    failures.into_result()
}

/// How many tasks a job array may have.
fn tasks(text: &str) -> Result<u64, Failure> {
    let kind = Kind::Count { most: 1_000_000 };
    let number = kind.read(text).ok().and_then(|value| value.as_integer());
    let number = number.and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| Failure::Input(format!("--tasks: '{text}' is not {}", kind.wanted())))
}

/// A share of what is to be done.
fn share(text: &str) -> Result<Shard, Failure> {
    if text == "slurm" {
        return Shard::of_slurm()
            .map_err(|error| Failure::Input(format!("shard: '{text}' is not {error}")));
    }
    text.parse().map_err(|()| {
        Failure::Input(format!(
            "shard: '{text}' is not I/N with I from 1 to N, or slurm"
        ))
    })
}

/// Runs that failed while others went on.
#[derive(Default)]
struct Failures(Vec<(String, Failure)>);

impl Failures {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, name: &str, failure: Failure) {
        self.0.push((name.to_owned(), failure));
    }

    /// One line for all of them.
    fn into_result(self) -> Result<(), Failure> {
        let number = self.0.len() as u64;
        let Some((name, first)) = self.0.into_iter().next() else {
            return Ok(());
        };
        let told = match number {
            1 => format!("{name}: {first}"),
            _ => format!("{number} runs failed, the first {name}: {first}"),
        };
        Err(match first {
            Failure::Input(_) => Failure::Input(told),
            _ => Failure::Run(told),
        })
    }
}

/// Puts parts together, and writes the table and the page of the runs that are finished.
fn collect(sweep: &Sweep, failures: &mut Failures) -> Result<(), Failure> {
    for point in &sweep.points {
        match sweep.put_together(point) {
            Ok(true) => say(format_args!("put together: {}", point.name)),
            Ok(false) => {}
            Err(error) => {
                let failure = Failure::from(error);
                say(format_args!("{}: {failure}", point.name));
                failures.add(&point.name, failure);
                continue;
            }
        }
        // Also of a run that was stopped before it got one.
        if point.is_finished() && !point.directory.join("report.html").is_file() {
            plots::write_run_report(&point.directory)?;
        }
    }
    let outcomes = sweep.outcomes()?;
    runs::make_folder(&sweep.out)?;
    let csv = sweep.out.join("table.csv");
    write_whole(&csv, &table(sweep, &outcomes))?;
    let shown = sweep.out.join("sweep.html");
    write_whole(&shown, page::page(sweep, &outcomes).as_bytes())?;
    let finished = outcomes.iter().filter(|o| o.summary.is_some()).count();
    let all = words::count(sweep.points.len() as u64, "run");
    let (csv, shown) = (csv.display(), shown.display());
    Ok(writeln!(
        io::stdout(),
        "{finished} of {all} finished\ntable: {csv}\npage: {shown}"
    )?)
}

/// How many runs that are not finished are named.
const NAMED: usize = 5;

/// Checks that nothing is left to run, and names what is.
fn all_finished(sweep: &Sweep, file: &std::path::Path) -> Result<(), Failure> {
    let left: Vec<Job<'_>> = sweep.jobs().filter(|job| !job.is_finished()).collect();
    if left.is_empty() {
        return Ok(());
    }
    let mut named = Vec::new();
    for job in left.iter().take(NAMED) {
        let mut name = job.name();
        if !job.shard.is_whole() {
            let config = job.config()?;
            let trials = config.trials();
            let listed: Vec<String> = trials.clone().take(10).map(|t| t.to_string()).collect();
            let more = if trials.len() > 10 { ", …" } else { "" };
            let what = if trials.len() == 1 { "trial" } else { "trials" };
            name += &format!(" ({what} {}{more})", listed.join(", "));
        }
        named.push(name);
    }
    let number = left.len() as u64;
    let what = if sweep.parts == 1 { "run" } else { "part" };
    Err(Failure::Run(format!(
        "{} not finished: {}{}; to do what is left: {}",
        words::count(number, what),
        named.join("; "),
        if left.len() > NAMED { "; …" } else { "" },
        words::command(["metaplast", "sweep", &file.to_string_lossy()])
    )))
}
