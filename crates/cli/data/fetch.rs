//! `metaplast data fetch`: published sets, downloaded and verified.

mod meter;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use datasets::{Roots, Source, default_target, fetch};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;
use meter::Meter;

#[derive(clap::Args)]
pub(super) struct Args {
    /// emnist (its balanced split), emnist-SPLIT, emnist-all, emnist-bymerge400, mnist,
    /// fashion-mnist or kmnist
    name: String,
    /// Download from here instead of the publisher: the address of the folder with the files
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Put it here instead of $METAPLAST_DATA or, if that is not set, your data directory
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// What a download left behind.
#[derive(Default, Serialize)]
struct Document {
    name: String,
    folder: String,
    written: Vec<PathBuf>,
    present: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let mut out = io::stdout();
    let name = args.name.as_str();
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
    if let Some(base) = &args.from {
        source = source.from_base(base)?;
    }
    let into = args.into.clone().unwrap_or_else(default_target);
    let fetched = fetch(&source, &into, &mut Meter::default())?;
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
