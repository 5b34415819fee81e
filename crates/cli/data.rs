//! `metaplast data`: list, check and fetch data sets.

mod check;
#[cfg(feature = "fetch")]
mod fetch;
mod list;

use datasets::Roots;

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  metaplast data
  metaplast data check emnist-balanced
  metaplast data fetch emnist";

/// List, check and fetch data sets
///
/// Sets are looked for in $METAPLAST_DATA, then ./data, then your data directory, then
/// /usr/share/datasets: in emnist/, mnist/ and so on inside, as torchvision, Keras or Kaggle
/// lay them out. The set glyphs is built in.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show every known set: whether and where it is found, images and classes (the default)
    List,
    /// Read sets in full and print counts, density and checksums; fails on a damaged one
    Check {
        /// Names or paths; all that are found if none is given
        #[arg(value_name = "NAME|PATH")]
        names: Vec<String>,
    },
    /// Download a set; a broken download is resumed, and nothing unverified is kept
    #[cfg(feature = "fetch")]
    Fetch(fetch::Args),
}

/// Runs `metaplast data`.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.action.unwrap_or(Action::List) {
        Action::List => list::list(&Roots::from_env()?, args.json),
        Action::Check { names } => check::check(&Roots::from_env()?, names, args.json),
        #[cfg(feature = "fetch")]
        Action::Fetch(fetch) => fetch::run(&fetch, args.json),
    }
}
