//! `metaplast resume`: go on with a run that was interrupted.

use std::path::PathBuf;
use std::sync::Arc;

use meta::Threads;
use runs::{OnlineRun, Run, read_back, read_back_online};

use crate::failure::Failure;
use crate::{online, train};

/// Go on with an interrupted run
///
/// From its last checkpoint. What it ends with is the same to the byte as if it had never
/// been interrupted.
#[derive(clap::Args)]
#[command(after_help = "Example: metaplast resume runs/bio-glyphs-1")]
pub(crate) struct Args {
    /// The run directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Where the data are now, if they were moved: any name or path of the same images
    /// [default: where they were]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    /// Print the summary as JSON, with the run directory
    #[arg(long)]
    json: bool,
    /// Worker threads; never changes a result [default: as the run was started]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    if let Some((config, data)) = read_back_online(&args.dir, &args.data, &args.threads)? {
        let threads = Threads::new(config.threads())?;
        let run = OnlineRun::open(&config, data, &args.dir, &threads)?;
        return online::carry_out(run, &config, args.json);
    }
    let (config, data) = read_back(&args.dir, args.data, args.threads)?;
    let threads = Threads::new(config.threads)?;
    let run = Run::open(&config, Arc::clone(&data), &args.dir, &threads)?;
    train::carry_out(run, &config, &data, &threads, args.json)
}
