//! `metaplast merge`: parts of a run, put together.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use runs::merge;

use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::say;

const EXAMPLES: &str = "\
Examples:
  metaplast train --rule bio --shard 1/2 --out run.1    (on one machine)
  metaplast train --rule bio --shard 2/2 --out run.2    (on another)
  metaplast merge run.1 run.2 --out run
  metaplast merge results.1 results.2 --out results     (parts of reproduce)";

/// Put the parts of a run together
///
/// The parts are run directories that `train --shard` or `reproduce --shard` made. What
/// comes out is the same to the byte as one run of all trials would have written. Parts of
/// other settings or with a trial twice are refused with exit code 2; missing, unfinished
/// or damaged ones with exit code 1.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The directories of all parts, in any order
    #[arg(value_name = "DIR", required = true)]
    parts: Vec<PathBuf>,
    /// The directory of the whole: new, or empty
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let experiments = experiments(&args.parts)?;
    if experiments.is_empty() {
        let summary = one(&args.parts, &args.out)?;
        if args.json {
            return print_json(&summary);
        }
        let (parts, shown) = (args.parts.len() as u64, args.out.display());
        let parts = words::count(parts, "part");
        return Ok(writeln!(
            io::stdout(),
            "{parts} merged; run directory: {shown}"
        )?);
    }
    for name in &experiments {
        say(format_args!("{name}"));
        let parts: Vec<PathBuf> = args
            .parts
            .iter()
            .map(|part| experiment(part, name))
            .collect();
        one(&parts, &experiment(&args.out, name))?;
    }
    let (number, shown) = (experiments.len() as u64, args.out.display());
    Ok(writeln!(
        io::stdout(),
        "{} merged in {shown}; for the figures and verdicts give the reproduce command with \
         this --out and without --shard",
        words::count(number, "run"),
    )?)
}

fn one(parts: &[PathBuf], out: &Path) -> Result<meta::Summary, Failure> {
    let summary = merge(parts, out)?;
    plots::write_run_report(out)?;
    Ok(summary)
}

/// The directory of a run of a reproduction.
fn experiment(folder: &Path, name: &str) -> PathBuf {
    folder.join("runs").join(name)
}

/// The names of the runs of all parts, if they are parts of a reproduction.
fn experiments(parts: &[PathBuf]) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    for part in parts
        .iter()
        .filter(|part| !part.join("config.toml").is_file())
    {
        let folder = part.join("runs");
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let entry =
                entry.map_err(|error| Failure::Input(format!("{}: {error}", folder.display())))?;
            if entry.path().join("metrics.csv").is_file() {
                names.insert(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    Ok(names)
}
