//! `metaplast verify`: does a run directory hold what its run would write?

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use runs::{Report, Sample, read_back, read_back_online, verify, verify_online};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  metaplast verify runs/bio-glyphs-1
  metaplast verify runs/bio-glyphs-1 --sample all -j 2";

/// Check a run directory, and run a sample of it again
///
/// Compares the files with the checksums that the run left, and with one another. Then
/// runs episodes again, some alone with the coefficients recorded for them, and the first
/// few of trial 0 with the outer optimiser: every number must come out to the bit. Exit
/// code 1 if anything differs; the differences are printed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The run directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// How many recorded episodes to run again, spread over the run (of an online run, the
    /// first tests of trial 0); or `all`, which takes as long as the run did
    #[arg(long, value_name = "N|all", default_value = "20", value_parser = sample)]
    sample: Sample,
    /// Where the data are now, if they were moved: any name or path of the same images
    /// [default: where they were]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    /// Worker threads for `--sample all` [default: as the run was started]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Document<'a> {
    directory: &'a Path,
    matches: bool,
    finished: bool,
    rows: u64,
    alone: u64,
    in_sequence: u64,
    differences: &'a [String],
}

fn sample(text: &str) -> Result<Sample, String> {
    match text.parse() {
        _ if text == "all" => Ok(Sample::All),
        Ok(number) => Ok(Sample::Episodes(number)),
        Err(_) => Err("is neither a whole number nor 'all'".to_owned()),
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    // Ctrl-C ends the program: nothing is written.
    let never = AtomicBool::new(false);
    let online = read_back_online(&args.dir, &args.data, &args.threads)?;
    let (what, report) = match online {
        Some((config, data)) => {
            let mut progress = Progress::new("tests", args.sample.tests(&config, &data));
            let report = verify_online(&args.dir, &config, &data, args.sample, &never, || {
                progress.advance(1);
            })?;
            progress.finish();
            ("tests", report)
        }
        None => ("episodes", of_training(&args, &never)?),
    };
    if args.json {
        print_json(&Document {
            directory: &args.dir,
            matches: report.differences.is_empty(),
            finished: report.finished,
            rows: report.rows,
            alone: report.alone,
            in_sequence: report.in_sequence,
            differences: &report.differences,
        })?;
    } else {
        print(what, &report)?;
    }
    let shown = args.dir.display();
    match report.differences.len() {
        0 if args.json => Ok(()),
        0 => Ok(writeln!(io::stdout(), "{shown}: matches to the bit")?),
        number => {
            let hint = match args.sample {
                Sample::All => "",
                Sample::Episodes(_) => "; --sample all runs every episode again and names each row",
            };
            Err(Failure::Run(format!(
                "{shown}: does not match, {number} {} found{hint}",
                if number == 1 {
                    "difference"
                } else {
                    "differences"
                }
            )))
        }
    }
}

fn of_training(args: &Args, never: &AtomicBool) -> Result<Report, Failure> {
    let (config, data) = read_back(&args.dir, args.data.clone(), args.threads.clone())?;
    let mut progress = Progress::new("episodes", args.sample.episodes(&config));
    let report = verify(&args.dir, &config, &data, args.sample, never, || {
        progress.advance(1);
    })?;
    progress.finish();
    Ok(report)
}

/// What was checked and what differs, for people.
fn print(what: &str, report: &Report) -> io::Result<()> {
    let mut out = io::stdout();
    for difference in &report.differences {
        writeln!(out, "differs: {difference}")?;
    }
    let Report {
        rows,
        alone,
        in_sequence,
        ..
    } = report;
    let files = if report.finished {
        "all files against their checksums"
    } else {
        "all records against the last checkpoint of a run that is not finished"
    };
    writeln!(
        out,
        "checked: {files}; of {rows} recorded {what}, {alone} run again alone and {in_sequence} in sequence"
    )
}
