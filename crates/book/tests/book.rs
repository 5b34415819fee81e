//! The book builds, its links and includes lead somewhere, and its pictures are current.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use autodiff::{Outer, Tape};
use mdbook_driver::MDBook;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Every page with its folder. Measured results have tables and pictures of their own.
fn pages() -> Vec<(PathBuf, String)> {
    let mut left = vec![docs().join("src")];
    let mut found = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.parent().unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 15);
    found
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
    book.build().unwrap();
    let page = |name: &str| fs::read_to_string(built.path().join(name)).unwrap();
    assert!(page("introduction.html").contains("meta-gradient"));
    assert!(page("mathematics.html").contains("<math display=\"block\">"));
    assert!(page("lessons/9.html").contains("Unrolled::new"));
    assert!(page("add-an-operation.html").contains("impl Operation for Scale"));
    let summary = fs::read_to_string(docs().join("src/SUMMARY.md")).unwrap();
    for link in between(&summary, "](", ')') {
        let html = link.replace(".md", ".html");
        assert!(built.path().join(&html).is_file(), "{html} was not built");
    }
}

#[test]
fn includes_and_links_of_the_book_lead_to_files() {
    for (folder, text) in pages() {
        for include in between(&text, "{{#include ", '}') {
            let path = include.split(':').next().unwrap().trim();
            assert!(
                folder.join(path).is_file(),
                "{path} is included in {folder:?}"
            );
        }
        for link in between(&text, "](", ')') {
            let path = link.split('#').next().unwrap();
            let outside = link.contains("://") || path.is_empty();
            assert!(
                outside || folder.join(path).exists(),
                "{link} in {folder:?}"
            );
        }
    }
}

/// The tape that the chapter on the engine draws: one update, and a loss after it.
fn picture() -> String {
    let mut tape = Tape::<f64>::new();
    let rate = tape.variable_scalar(0.1);
    let mut w = tape.plastic(ndarray::array![[0.5, -0.2], [0.3, 0.4]].view());
    let x = tape.constant_vector(&[1.0, 2.0]);
    let z = tape.matvec(&w, x);
    tape.update(&mut w, None, &[Outer::scaled(rate, z, x)]);
    let after = tape.matvec(&w, x);
    let loss = tape.dot(after, after);
    let names = [
        (rate, "rate"),
        (x, "x"),
        (z, "z"),
        (after, "z after"),
        (loss, "L"),
    ];
    tape.to_dot(loss, &names)
}

#[test]
fn the_picture_of_a_tape_is_what_the_engine_draws() {
    let dot = picture();
    let kept = fs::read_to_string(docs().join("src/update.dot")).unwrap();
    assert_eq!(
        kept, dot,
        "write this to docs/src/update.dot, and render it:\n{dot}"
    );
    // Graphviz rendered the kept text: dot -Tsvg update.dot > update.svg
    let svg = fs::read_to_string(docs().join("src/update.svg")).unwrap();
    for label in between(&dot, "label=\"", '"') {
        for line in label.split("\\n") {
            assert!(svg.contains(line), "{line} is not in update.svg");
        }
    }
}
