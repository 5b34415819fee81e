//! The links and includes of the book and of the README lead somewhere, and the book's pictures
//! are current. That it builds is tested with its builder, in `crates/book`.

use std::fs;
use std::path::{Path, PathBuf};

use autodiff::{Outer, Tape};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Every page with its folder, and the two that lead to them. Measured results have tables and
/// pictures of their own.
fn pages() -> Vec<(PathBuf, String)> {
    let mut left = vec![docs().join("src")];
    let mut found = Vec::new();
    for folder in [docs(), docs().join("..")] {
        let text = fs::read_to_string(folder.join("README.md")).unwrap();
        found.push((folder, text));
    }
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
fn includes_and_links_of_the_book_and_the_readme_lead_to_files() {
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
