//! `metaplast data` as a user meets it: the built binary, on good and on damaged files.

use std::fs;
use std::path::Path;

use crate::support::{IMAGES, LABELS, Place, assert_bad_input, idx};

/// A root with an MNIST test split of two images of 2 × 2, then the given files over it.
fn set_with(files: &[(&str, Vec<u8>)]) -> Place {
    let place = Place::new();
    let images = idx(&[2051, 2, 2, 2], &[0, 9, 0, 255, 1, 0, 0, 0]);
    place.write(&format!("root/mnist/{IMAGES}"), images);
    place.write(&format!("root/mnist/{LABELS}"), idx(&[2049, 2], &[0, 1]));
    for (name, bytes) in files {
        place.write(&format!("root/mnist/{name}"), bytes);
    }
    place
}

#[test]
fn a_good_set_is_described() {
    let dir = set_with(&[]);
    let output = dir.run(&["data", "check", "mnist"]);
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
        let output = dir.run(args);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0));
        let line = |start: &str| stdout.lines().find(|l| l.starts_with(start)).unwrap();
        assert!(line("glyphs").contains("synthetic"), "{stdout}");
        assert!(line("mnist").contains("real"), "{stdout}");
        assert!(line("emnist-balanced").ends_with("metaplast data fetch emnist-balanced"));
    }
}

#[test]
fn every_line_of_the_list_has_its_columns_where_the_head_has_them() {
    let dir = set_with(&[("t10k-labels-idx1-ubyte", vec![0, 1])]);
    let shown = dir.good(&["data", "list"]);
    let mut lines = shown.lines();
    let head = lines.next().unwrap();
    let columns: Vec<usize> = ["images", "classes"]
        .iter()
        .map(|title| head.find(title).unwrap() + title.len())
        .collect();
    let start = head.find("where").unwrap();
    for line in lines {
        for end in &columns {
            let cell: Vec<char> = line.chars().collect();
            assert!(cell[end - 1] != ' ' && cell[*end] == ' ', "{line}");
        }
        assert!(
            line.as_bytes()[start - 1] == b' ' && line.as_bytes()[start] != b' ',
            "{line}"
        );
    }
}

#[test]
fn a_metaplast_data_that_names_no_folder_is_an_error_whatever_is_asked_for() {
    let dir = Place::new();
    dir.write("file", "");
    for folder in ["gone", "file"] {
        let path = dir.path().join(folder);
        for args in [
            &["train", "--data", "glyphs", "sizes=784-4-47", "trials=1"][..],
            &["train"],
            &["explain", "--data", "glyphs"],
            &["data"],
            &["data", "check"],
        ] {
            let run = dir.command(args).env("METAPLAST_DATA", &path).output();
            let name = path.to_str().unwrap();
            assert_bad_input(&run.unwrap(), &["METAPLAST_DATA: there is no folder", name]);
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    // Fetching makes the folder, and an empty value is none.
    let fetched = ["data", "fetch", "mnist", "--from", "http://127.0.0.1:9"];
    let gone = dir.path().join("gone");
    let run = dir.command(&fetched).env("METAPLAST_DATA", gone).output();
    assert_eq!(run.unwrap().status.code(), Some(1));
    let run = dir.command(&["data"]).env("METAPLAST_DATA", "").output();
    assert_eq!(run.unwrap().status.code(), Some(0));
}

#[test]
fn a_folder_that_bears_a_known_name_is_found_here_where_no_root_has_the_set() {
    let dir = Place::new();
    let images = idx(&[2051, 2, 2, 2], &[0, 9, 0, 255, 1, 0, 0, 0]);
    dir.write(&format!("mnist/{IMAGES}"), images);
    dir.write(&format!("mnist/{LABELS}"), idx(&[2049, 2], &[0, 1]));
    let shown = dir.good(&["data", "check", "mnist"]);
    assert!(shown.contains("mnist test: 2 images"), "{shown}");
    let file = Path::new("mnist").join(IMAGES);
    assert!(shown.contains(&file.display().to_string()), "{shown}");
}

#[test]
fn a_run_on_an_images_file_records_the_half_that_the_file_is() {
    let dir = Place::new();
    let pixels = [7; 12 * 4];
    let labels: Vec<u8> = (0..12).map(|i| i % 2).collect();
    dir.write("s/train-images-idx3-ubyte", idx(&[2051, 12, 2, 2], &pixels));
    dir.write("s/train-labels-idx1-ubyte", idx(&[2049, 12], &labels));
    let small = ["sizes=4-3-2", "M=2", "K=2", "Q=1", "episodes=1", "trials=1"];
    let data = [
        "train",
        "--data",
        "s/train-images-idx3-ubyte",
        "--out",
        "run",
    ];
    dir.good(&[&data[..], &small].concat());
    let config: toml::Table = dir.read("run/config.toml").parse().unwrap();
    assert_eq!(config["split"].as_str(), Some("train"));
    dir.good(&["verify", "run"]);
}

#[test]
fn a_proxy_or_certificates_of_the_environment_are_used_or_named() {
    let dir = Place::new();
    let fetch = ["data", "fetch", "mnist", "--from", "http://127.0.0.1:9"];
    // Nobody listens at the proxy either, but it is what the connection is tried with.
    let run = dir
        .command(&fetch)
        .env("all_proxy", "socks5://127.0.0.1:9")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{stderr}");
    let said = "by way of the proxy socks5://127.0.0.1:9 (all_proxy)";
    assert!(stderr.starts_with(said), "{stderr}");
    let run = dir
        .command(&fetch)
        .env("SSL_CERT_FILE", "gone.pem")
        .output();
    assert_bad_input(&run.unwrap(), &["SSL_CERT_FILE: gone.pem: "]);
}

#[test]
fn missing_data_says_where_it_looked_and_what_to_do() {
    let dir = Place::new();
    let output = dir.run(&["data", "check", "emnist-balanced"]);
    assert_bad_input(
        &output,
        &["data (absent)", "metaplast data fetch emnist-balanced"],
    );
    let output = dir.run(&["data", "check", "emnist-balancd"]);
    assert_bad_input(&output, &["did you mean 'emnist-balanced'?"]);
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
            assert_bad_input(&dir.run(args), parts);
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
    let dir = Place::new();
    assert_bad_input(&dir.run(&["dta"]), &["'dta'", "did you mean 'data'?"]);
    assert_bad_input(&dir.run(&["data", "check", "--nope"]), &["--nope"]);
    assert_bad_input(&dir.run(&["data", "fetch"]), &["NAME"]);
    assert_bad_input(
        &dir.run(&["data", "fetch", "minst"]),
        &["did you mean 'mnist'?"],
    );
    let from = ["data", "fetch", "mnist", "--from", "somewhere"];
    assert_bad_input(&dir.run(&from), &["'somewhere'", "http://"]);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing is written"
    );
}

#[test]
fn a_failed_download_is_one_error_line_and_exit_code_1() {
    let dir = Place::new();
    // Port 9 discards what it gets, and on nearly every machine nobody listens there.
    let from = ["data", "fetch", "mnist", "--from", "http://127.0.0.1:9"];
    let output = dir.run(&from);
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
    let mut child = dir
        .command(&["data", "check"])
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
    let dir = Place::new();
    let output = dir
        .command(&["data", "check"])
        .env("METAPLAST_DATA", folder)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
