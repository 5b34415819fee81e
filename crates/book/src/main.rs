//! Builds the book: `cargo run --manifest-path crates/book/Cargo.toml` writes it to target/book.

use std::path::Path;
use std::process::ExitCode;

use book::build;
use mdbook_driver::MDBook;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    match MDBook::load(root).and_then(|book| build(&book)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
