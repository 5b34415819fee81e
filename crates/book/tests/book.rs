//! The book builds.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// What stands between `open` and `close`, each time.
fn between<'a>(text: &'a str, open: &str, close: char) -> Vec<&'a str> {
    let parts = text.split(open).skip(1);
    parts.filter_map(|rest| rest.split(close).next()).collect()
}

#[test]
fn the_book_builds_with_all_its_pages() {
    let built = tempfile::tempdir().unwrap();
    let mut book = MDBook::load(docs()).unwrap();
    book.config.build.build_dir = built.path().to_owned();
    book::build(&book).unwrap();
    let page = |name: &str| fs::read_to_string(built.path().join(name)).unwrap();
    assert!(page("introduction.html").contains("meta-gradient"));
    assert!(page("mathematics.html").contains("<math display=\"block\">"));
    assert!(page("lessons/9.html").contains("Unrolled::new"));
    assert!(page("add-an-operation.html").contains("impl Operation for Scale"));
    assert!(page("playground.html").contains("A playground for learning rules"));
    let summary = fs::read_to_string(docs().join("src/SUMMARY.md")).unwrap();
    for link in between(&summary, "](", ')') {
        let html = link.replace(".md", ".html");
        assert!(built.path().join(&html).is_file(), "{html} was not built");
    }
}
