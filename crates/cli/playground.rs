//! `metaplast playground`: the engine in a browser, as one page.

use std::io::{self, Write};
use std::path::PathBuf;

use runs::write_whole;

use crate::failure::Failure;
use crate::output::check_file;

/// Write a page on which a network learns by a rule you set, coefficient by coefficient
///
/// The page is one file that opens offline in a browser and holds the engine itself: move
/// a coefficient, type a term, change the feedback, and watch what learning makes of it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  metaplast playground\n  metaplast playground -o lesson.html")]
pub(crate) struct Args {
    /// The page
    #[arg(short, long, value_name = "FILE", default_value = "playground.html")]
    out: PathBuf,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    check_file(&args.out)?;
    let page = ::playground::page();
    write_whole(&args.out, page.as_bytes())?;
    let megabytes = page.len() as f64 / 1e6;
    let out = args.out.display();
    Ok(writeln!(io::stdout(), "page: {out} ({megabytes:.1} MB)")?)
}
