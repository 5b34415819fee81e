//! `metaplast data`: list, check and fetch data sets.

mod check;
mod list;
mod meter;

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::PathBuf,
};

use datasets::{DataError, Roots, Source, default_target, emnist_sets_in, fetch, known_names};

use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;

/// List, check and fetch data sets.
///
/// Sets are looked for in $METAPLAST_DATA, then ./data, then your data directory, then
/// /usr/share/datasets: in emnist/, mnist/ and fashion-mnist/ inside. `glyphs` is built in.
#[derive(clap::Args)]
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
    Fetch {
        /// emnist (its balanced split), emnist-SPLIT, emnist-all, emnist-bymerge400, mnist,
        /// fashion-mnist or kmnist
        name: String,
        /// Download from here instead of the publisher: the address of the folder with the files
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Put it here instead of $METAPLAST_DATA or, if that is not set, your data directory
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

/// Runs `metaplast data`.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.action.unwrap_or(Action::List) {
        Action::List => list::list(&Roots::from_env()?, args.json),
        Action::Check { names } => check::check(&Roots::from_env()?, names, args.json),
        Action::Fetch { name, from, into } => fetch_set(&name, from.as_deref(), into, args.json),
    }
}

/// Known names, then unpublished EMNIST sets that were found.
fn names_in(roots: &Roots) -> Result<Vec<String>, DataError> {
    let mut names = known_names();
    let found = emnist_sets_in(roots)?;
    names.extend(found.into_iter().collect::<BTreeSet<_>>());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

/// What a download left behind.
#[derive(Default, Serialize)]
struct Document {
    name: String,
    folder: String,
    written: Vec<PathBuf>,
    present: Vec<PathBuf>,
}

fn fetch_set(
    name: &str,
    from: Option<&str>,
    into: Option<PathBuf>,
    json: bool,
) -> Result<(), Failure> {
    let mut out = io::stdout();
    if name == "glyphs" {
        if json {
            return print_json(&Document {
                name: name.to_owned(),
                ..Document::default()
            });
        }
        return Ok(writeln!(out, "glyphs: built in, nothing to fetch")?);
    }
    let mut source = Source::published(name)?;
    if let Some(base) = from {
        source = source.from_base(base)?;
    }
    let into = into.unwrap_or_else(default_target);
    let fetched = fetch(&source, &into, &mut meter::Meter::default())?;
    if json {
        return print_json(&Document {
            name: name.to_owned(),
            folder: into.display().to_string(),
            written: fetched.written,
            present: fetched.present,
        });
    }
    for path in &fetched.present {
        writeln!(out, "present  {}", path.display())?;
    }
    for path in &fetched.written {
        writeln!(out, "fetched  {}", path.display())?;
    }
    if fetched.written.is_empty() {
        writeln!(out, "{name}: already there and whole, nothing to do")?;
    } else {
        writeln!(out, "{name}: whole, in {}", into.display())?;
    }
    // A set that later commands would not find is half the work.
    if !Roots::from_env()?.folders().contains(&into) {
        writeln!(out, "to use it, set METAPLAST_DATA={}", into.display())?;
    }
    Ok(())
}
