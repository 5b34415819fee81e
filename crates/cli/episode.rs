//! `metaplast episode`: one episode from explicit inputs.

use std::path::PathBuf;

use clap::ValueEnum;
use meta::Case;

use crate::failure::Failure;
use crate::output::print_json;

const FORMAT: &str = "\
A case file has
  sizes       units of each layer, as in [9, 8, 5]
  activation  {\"kind\": \"softplus\", \"beta\": 10}; or tanh, or sigmoid
  feedback    fixed, direct, symmetric (B = W, detached) or symmetric-exact
  lambda      the penalty on the sum of |theta|
  terms       indices 0 to 9 of terms, as in [0, 2, 9], or one such list a layer
  theta       ten numbers, one a term
  W           a matrix a layer, row = post-synaptic unit
  B           likewise; for direct, B[l] has as many rows as there are outputs and as many
              columns as layer l has units; not needed for the symmetric pathways
  train       {\"x\": [[...], ...], \"label\": [...]}, learned from one after the other
  query       likewise, to be scored on
Printed are meta_loss, query_cross_entropy, accuracy, gradient (ten numbers, 0 for unused
terms), W (after learning), orthonormality and, for fixed and direct, angles_deg.

Example: metaplast episode tests/golden/bio.json";

/// Run one episode from a case file and print what came out as JSON
#[derive(clap::Args)]
#[command(after_help = FORMAT)]
pub(crate) struct Args {
    /// The case file (JSON)
    case: PathBuf,
    /// The number type of the episode
    #[arg(long, value_enum, default_value = "f64")]
    precision: Precision,
}

/// A hundred times a case of the paper's size.
const LARGEST: u64 = 1 << 30;

#[derive(Clone, Copy, ValueEnum)]
enum Precision {
    F64,
    F32,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let shown = args.case.display();
    let json = runs::read_text(&args.case, LARGEST)
        .map_err(|reason| Failure::Input(format!("{shown}: {reason}")))?;
    let case =
        Case::from_json(&json).map_err(|error| Failure::Input(format!("{shown}: {error}")))?;
    let result = match args.precision {
        Precision::F64 => case.run::<f64>(),
        Precision::F32 => case.run::<f32>(),
    };
    print_json(&result)
}
