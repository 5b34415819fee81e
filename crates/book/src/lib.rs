//! How the book is built.

use mdbook_driver::MDBook;
use mdbook_driver::errors::Result;

/// Writes the pages, and beside them the playground that one of them holds.
///
/// # Errors
/// If a page is broken, or cannot be written.
pub fn build(book: &MDBook) -> Result<()> {
    book.build()?;
    let folder = book.root.join(&book.config.build.build_dir);
    std::fs::write(folder.join("playground.html"), playground::page())?;
    Ok(())
}
