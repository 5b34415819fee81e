//! Runs the numbered examples of a crate and compares what each prints with what its
//! first comment says it prints.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

/// What a lesson says that it prints: the ```text block of its first comment.
fn promised(source: &str) -> String {
    let comment = source.lines().map_while(|line| line.strip_prefix("//!"));
    let block = comment.skip_while(|line| line.trim() != "```text").skip(1);
    let lines = block.take_while(|line| line.trim() != "```");
    lines
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect()
}

/// Runs every example of the crate at `root`, of which there must be `count`.
pub(crate) fn run(root: &str, count: usize) {
    let built = std::env::current_exe().unwrap();
    let built = built.ancestors().nth(2).unwrap().join("examples");
    let mut sources: Vec<_> = fs::read_dir(Path::new(root).join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    sources.sort();
    assert_eq!(sources.len(), count);
    for source in sources {
        let name = source.file_stem().unwrap();
        let text = fs::read_to_string(&source).unwrap();
        assert!(
            text.lines().count() < 80,
            "{name:?} is longer than a lesson"
        );
        let program = built.join(name);
        let output = Command::new(&program).output().unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `cargo build --examples`",
                program.display()
            )
        });
        let printed = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name:?}: {errors}");
        assert_eq!(printed, promised(&text), "{name:?} prints\n{printed}");
    }
}
