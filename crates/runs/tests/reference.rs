//! The book's page of keys is made from the table of keys.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;

/// After a change of the table, `METAPLAST_MESSAGES=write cargo test -p metaplast-runs`
/// writes the page anew.
#[test]
fn the_page_of_keys_is_that_of_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference");
    // A package from a registry has no book.
    if !folder.is_dir() {
        return;
    }
    let page = folder.join("keys.md");
    let wanted = runs::reference_of_keys();
    if std::env::var_os("METAPLAST_MESSAGES").is_some() {
        fs::write(&page, &wanted).unwrap();
    }
    assert_eq!(fs::read_to_string(&page).unwrap(), wanted);
}
