//! `metaplast resume`: go on with a run that was interrupted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasets::Dataset;
use meta::Threads;
use runs::{Config, Run};

use crate::failure::Failure;
use crate::train;

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
    let (config, data) = read(&args.dir, args.data, args.threads)?;
    let threads = Threads::new(config.threads)?;
    let run = Run::open(&config, Arc::clone(&data), &args.dir, &threads)?;
    train::carry_out(run, &config, &data, &threads, args.json)
}

/// What the run in a directory was asked to do, and its data.
pub(crate) fn read(
    dir: &Path,
    data: Option<String>,
    threads: Option<String>,
) -> Result<(Config, Arc<Dataset>), Failure> {
    let shown = dir.display();
    let file = dir.join("config.toml");
    if !file.is_file() {
        let what = match (dir.is_dir(), dir.exists()) {
            (true, _) => "is no run directory: it has no config.toml",
            (false, true) => "is no directory",
            (false, false) => "there is no such directory",
        };
        return Err(Failure::Input(format!("{shown}: {what}")));
    }
    let moved = data.is_some();
    let options = vec![("data", data), ("threads", threads)];
    let config = Config::new(Some(&file), options, &[])?;
    let Some(name) = &config.data else {
        return Err(Failure::Input(format!(
            "{}: names no data; that of a run does",
            file.display()
        )));
    };
    let data = datasets::open(name, config.split).map_err(|error| {
        let failure = Failure::from(error);
        match failure {
            Failure::Input(reason) if !moved => Failure::Input(format!(
                "{reason}; if the data of {shown} were moved, say where to with --data"
            )),
            other => other,
        }
    })?;
    Ok((config, Arc::new(data)))
}
