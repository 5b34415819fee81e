//! `metaplast episode`: one episode from explicit inputs.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use meta::Case;

use crate::failure::Failure;

/// Run one episode from a case file and print what came out as JSON.
///
/// A case file has `sizes`, `activation` {kind, beta}, `feedback` (fixed, direct,
/// symmetric or symmetric-exact), `lambda`, `terms` (indices 0-9, or one list a layer),
/// `theta` (ten numbers), `W` and `B` (per layer, row = post-synaptic unit), `train` and
/// `query` {x, label}.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The case file (JSON)
    case: PathBuf,
    /// The number type of the episode
    #[arg(long, value_enum, default_value = "f64")]
    precision: Precision,
}

#[derive(Clone, Copy, ValueEnum)]
enum Precision {
    F64,
    F32,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let shown = args.case.display();
    let json = std::fs::read_to_string(&args.case)
        .map_err(|error| Failure::Input(format!("{shown}: {error}")))?;
    let case =
        Case::from_json(&json).map_err(|error| Failure::Input(format!("{shown}: {error}")))?;
    let result = match args.precision {
        Precision::F64 => case.run::<f64>(),
        Precision::F32 => case.run::<f32>(),
    };
    let text = serde_json::to_string(&result).expect("a result is plain data");
    Ok(writeln!(io::stdout(), "{text}")?)
}
