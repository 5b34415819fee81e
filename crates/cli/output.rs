//! Results on standard output: text for people, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Prints a result as one JSON document on one line.
pub(crate) fn print_json(result: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(result).expect("a result is plain data");
    Ok(writeln!(io::stdout(), "{text}")?)
}
