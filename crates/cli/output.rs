//! Results on standard output: text for people, or one JSON document.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::failure::Failure;

/// Prints a result as one JSON document on one line.
pub(crate) fn print_json(result: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(result).expect("a result is plain data");
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// That a page can be written to the file that was asked for, before it is made.
pub(crate) fn check_file(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if path.is_dir() {
        let what = format!("{shown}: is a folder; name a file with --out");
        return Err(Failure::Input(what));
    }
    match path
        .parent()
        .filter(|folder| folder.is_file() || !folder.exists())
    {
        Some(folder) if folder != Path::new("") => Err(Failure::Input(format!(
            "{shown}: there is no folder {}; make it, or name another file with --out",
            folder.display()
        ))),
        _ => Ok(()),
    }
}
