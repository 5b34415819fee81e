//! `metaplast episode`: one episode from explicit inputs.

use std::path::PathBuf;

use clap::ValueEnum;
use runs::Case;

use crate::failure::Failure;
use crate::output::print_json;

const FORMAT: &str = "\
A case file has
  sizes       units of each layer, as in [9, 8, 5]
  activation  {\"kind\": \"softplus\", \"beta\": 10}; or tanh, or sigmoid
  feedback    fixed, direct, symmetric (B = W, detached), symmetric-exact, mixed or sign
  lambda      the penalty on the sum of |theta|
  terms       indices 0 to 9 of the paper's terms, as in [0, 2, 9], or texts, as in
              [\"-e ⊗ y-\", \"-e ⊗ (e- - b)\"]; or one such list a layer
  theta       ten numbers, one a term; for texts, one a text
  params      {\"b\": 0.1}: the learned constants of the texts
  back        {\"terms\": [texts], \"theta\": [numbers]}: terms that act on B
  gains       [g0, g1] of mixed feedback; not given, 1 and 0
  populations shares of groups of units, as in [0.8, 0.2]; theta has then, for each term,
              one number for each pair of groups (post, pre)
  W           a matrix a layer, row = post-synaptic unit
  B           likewise; for direct, B[l] has as many rows as there are outputs and as many
              columns as layer l has units; not needed for the symmetric pathways
  D           for mixed, what B is for direct
  train       {\"x\": [[...], ...], \"label\": [...]}, learned from one after the other
  query       likewise, to be scored on
Printed are meta_loss, query_cross_entropy, accuracy, gradient (as theta was given, 0 for
unused terms), gradient_params, gradient_back and gradient_gains, W and B (after learning),
orthonormality and, but for the symmetric pathways, angles_deg.

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

#[derive(Clone, Copy, ValueEnum)]
enum Precision {
    F64,
    F32,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let case = Case::read(&args.case)?;
    let result = match args.precision {
        Precision::F64 => case.run::<f64>(),
        Precision::F32 => case.run::<f32>(),
    };
    print_json(&result)
}
