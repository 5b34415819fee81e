//! `metaplast data`: list, check and fetch data sets.

mod check;
mod meter;

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::PathBuf,
};

use datasets::{
    DataError, Located, Roots, Source, Split, default_target, emnist_sets_in, fetch, find, glyphs,
    known_names, summary,
};

use crate::failure::Failure;

/// List, check and fetch data sets.
///
/// Sets are looked for in $METAPLAST_DATA, then ./data, then your data directory, then
/// /usr/share/datasets: in emnist/, mnist/ and fashion-mnist/ inside. `glyphs` is built in.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
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
        Action::List => list(&Roots::from_env()?),
        Action::Check { names } => check::check(&Roots::from_env()?, names),
        Action::Fetch { name, from, into } => fetch_set(&name, from.as_deref(), into),
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

fn list(roots: &Roots) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let row = |out: &mut io::StdoutLock<'_>, name, split, images, classes, note: &str| {
        writeln!(
            out,
            "{name:<18} {split:<6} {images:>7} {classes:>8}  {note}"
        )
    };
    row(&mut out, "set", "split", "images", "classes", "where")?;
    for name in names_in(roots)? {
        if name == "glyphs" {
            for split in Split::ALL {
                let set = glyphs(split, 0);
                let (images, classes) = (set.len().to_string(), set.classes().to_string());
                let split = split.to_string();
                row(
                    &mut out,
                    &name,
                    &split,
                    &images,
                    &classes,
                    "built in, synthetic",
                )?;
            }
            continue;
        }
        let mut found = false;
        for split in Split::ALL {
            // A damaged set must not hide the others; `data check` fails on it.
            let size = find(&name, split, roots)
                .and_then(|found| found.map(|found| Ok((summary(&found)?, found))).transpose());
            let split = split.to_string();
            match size {
                Ok(None) => continue,
                Ok(Some((size, located))) => {
                    let (images, classes) = (size.images.to_string(), size.classes.to_string());
                    row(&mut out, &name, &split, &images, &classes, &place(&located))?;
                }
                Err(error) => {
                    let note = format!("damaged: {error}");
                    row(&mut out, &name, &split, "-", "-", &note)?;
                }
            }
            found = true;
        }
        if !found {
            let how = format!("not found; metaplast data fetch {name}");
            row(&mut out, &name, "-", "-", "-", &how)?;
        }
    }
    Ok(out.flush()?)
}

/// The folder of a pair of files, or the one file that has both splits.
fn place(located: &Located) -> String {
    match located.files()[..] {
        [file] => format!("{}, real", file.display()),
        [images, ..] => format!("{}, real", images.parent().unwrap_or(images).display()),
        [] => String::new(),
    }
}

fn fetch_set(name: &str, from: Option<&str>, into: Option<PathBuf>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if name == "glyphs" {
        writeln!(out, "glyphs: built in, nothing to fetch")?;
        return Ok(());
    }
    let mut source = Source::published(name)?;
    if let Some(base) = from {
        source = source.from_base(base)?;
    }
    let into = into.unwrap_or_else(default_target);
    let fetched = fetch(&source, &into, &mut meter::Meter::default())?;
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
    Ok(out.flush()?)
}
