//! `metaplast data` as a user meets it: the built binary, on good and on damaged files.

// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The command, away from the data of whoever runs the tests.
fn metaplast(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metaplast"));
    command
        .current_dir(folder)
        .env("METAPLAST_DATA", folder.join("root"))
        .env("HOME", folder)
        .env_remove("XDG_DATA_HOME");
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    metaplast(folder).args(args).output().unwrap()
}

fn idx(words: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
    bytes.extend(data);
    bytes
}

/// A root with an MNIST test split of two images of 2 × 2, then the given files over it.
fn set_with(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("root/mnist");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join(IMAGES),
        idx(&[2051, 2, 2, 2], &[0, 9, 0, 255, 1, 0, 0, 0]),
    )
    .unwrap();
    fs::write(folder.join(LABELS), idx(&[2049, 2], &[0, 1])).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    dir
}

const IMAGES: &str = "t10k-images-idx3-ubyte";
const LABELS: &str = "t10k-labels-idx1-ubyte";

/// Asserts exit code 2 and a single `error: …` line that holds all of `parts`.
fn assert_bad_input(output: &Output, parts: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "`{part}` not in: {stderr}");
    }
}

#[test]
fn a_good_set_is_described() {
    let dir = set_with(&[]);
    let output = run(dir.path(), &["data", "check", "mnist"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout.contains("mnist test: 2 images of 2 x 2, 2 classes, real"),
        "{stdout}"
    );
    assert!(stdout.contains("a class: 1 each"), "{stdout}");
    assert!(stdout.contains("37.5 % above 0"), "{stdout}");
    assert!(output.stderr.is_empty());
}

#[test]
fn the_list_shows_what_is_found_and_how_to_get_the_rest() {
    let dir = set_with(&[]);
    for args in [&["data", "list"][..], &["data"]] {
        let output = run(dir.path(), args);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0));
        let line = |start: &str| stdout.lines().find(|l| l.starts_with(start)).unwrap();
        assert!(line("glyphs").contains("synthetic"), "{stdout}");
        assert!(line("mnist").contains("real"), "{stdout}");
        assert!(line("emnist-balanced").ends_with("metaplast data fetch emnist-balanced"));
    }
}

#[test]
fn missing_data_says_where_it_looked_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["data", "check", "emnist-balanced"]);
    assert_bad_input(
        &output,
        &["root (absent)", "metaplast data fetch emnist-balanced"],
    );
    let output = run(dir.path(), &["data", "check", "emnist-balancd"]);
    assert_bad_input(&output, &["did you mean `emnist-balanced`?"]);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing is written"
    );
}

#[test]
fn damaged_sets_end_with_one_line_and_exit_code_2() {
    let cases: [(&str, Vec<u8>, &[&str]); 6] = [
        (
            IMAGES,
            idx(&[2051, 2, 2, 2], &[0; 5]),
            &[IMAGES, "truncated: 5 bytes", "should be 8"],
        ),
        (
            IMAGES,
            idx(&[2049, 2, 2, 2], &[0; 8]),
            &[IMAGES, "magic number is 2049, should be 2051"],
        ),
        (
            LABELS,
            idx(&[2049, 3], &[0; 3]),
            &[LABELS, "3 labels, should be 2"],
        ),
        (
            IMAGES,
            idx(&[2051, u32::MAX, 28, 28], &[0; 4]),
            &[IMAGES, "header claims 3367254359280 bytes"],
        ),
        (
            IMAGES,
            idx(&[2051, 2, 70_000, 2], &[0; 8]),
            &[IMAGES, "70000 x 2 pixels, should be 1 to 1024"],
        ),
        (LABELS, vec![0x1f, 0x8b, 8, 0], &[LABELS]),
    ];
    for (file, bytes, parts) in cases {
        let dir = set_with(&[(file, bytes)]);
        for args in [
            &["data", "check"][..],
            &["data", "check", "mnist"],
            &["data", "check", "root/mnist"],
        ] {
            assert_bad_input(&run(dir.path(), args), parts);
        }
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing is written"
        );
    }
}

#[test]
fn bad_usage_is_one_line_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    assert_bad_input(&run(dir.path(), &[]), &["subcommand"]);
    assert_bad_input(&run(dir.path(), &["dta"]), &["dta", "data"]);
    assert_bad_input(&run(dir.path(), &["data", "check", "--nope"]), &["--nope"]);
    assert_bad_input(&run(dir.path(), &["data", "fetch"]), &["NAME"]);
    assert_bad_input(
        &run(dir.path(), &["data", "fetch", "minst"]),
        &["did you mean `mnist`?"],
    );
    let from = ["data", "fetch", "mnist", "--from", "somewhere"];
    assert_bad_input(&run(dir.path(), &from), &["`somewhere`", "http://"]);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing is written"
    );
}

#[test]
fn a_failed_download_is_one_error_line_and_exit_code_1() {
    let dir = tempfile::tempdir().unwrap();
    // Port 9 discards what it gets, and on nearly every machine nobody listens there.
    let from = ["data", "fetch", "mnist", "--from", "http://127.0.0.1:9"];
    let output = run(dir.path(), &from);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.starts_with("error: http://127.0.0.1:9/train-images"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_closed_standard_output_is_no_panic() {
    let dir = set_with(&[]);
    let mut child = metaplast(dir.path())
        .args(["data", "check"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn real_data_passes_its_check() {
    let Some(folder) = std::env::var_os("METAPLAST_DATA") else {
        eprintln!("SKIPPED: METAPLAST_DATA is not set, so no real data is checked");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut command = metaplast(dir.path());
    let output = command
        .env("METAPLAST_DATA", folder)
        .args(["data", "check"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
