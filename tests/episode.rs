//! `metaplast episode` as a user meets it: the golden cases through the command.

use std::path::{Path, PathBuf};

use crate::support::Place;
use serde_json::Value;

fn golden() -> Vec<PathBuf> {
    let folders = [("tests/golden", 18), ("tests/golden-beyond", 12)];
    folders
        .into_iter()
        .flat_map(|(folder, least)| files(folder, least))
        .collect()
}

fn files(folder: &str, least: usize) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= least, "the golden cases are there");
    files
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn flatten(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, numbers)),
        Value::Object(items) => items.values().for_each(|item| flatten(item, numbers)),
        number => numbers.push(number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// The largest difference, over the largest expected number but for angles.
fn error(key: &str, found: &Value, expected: &Value) -> f64 {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    flatten(found, &mut a);
    flatten(expected, &mut b);
    assert_eq!(a.len(), b.len(), "{key}");
    assert!(a.iter().all(|x| x.is_finite()), "{key}: {a:?}");
    let largest = b.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
    let size = if key == "angles_deg" { 1.0 } else { largest };
    let differences = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / size);
    differences.fold(0.0, f64::max)
}

#[test]
fn every_golden_case_comes_out_of_the_command_as_expected() {
    let place = Place::new();
    for path in golden() {
        let shown = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case = parse(&std::fs::read_to_string(&path).unwrap());
        let expected = case["expect"].as_object().unwrap();
        // Two programs that sum in different orders; arccos is steep near 1. In f32, the
        // rounding of 6e-8 of a few steps is amplified by the episode's curvature.
        for (precision, numbers, degrees) in [("f64", 1e-9, 1e-5), ("f32", 1e-3, 0.05)] {
            let path = path.to_str().unwrap();
            let text = place.good(&["episode", path, "--precision", precision]);
            assert_eq!(text.lines().count(), 1);
            let found = parse(&text);
            let found = found.as_object().unwrap();
            let keys = |m: &serde_json::Map<String, Value>| {
                let mut keys: Vec<_> = m.keys().cloned().collect();
                // What is measured beside, some of the cases do not list.
                keys.retain(|key| !["angles_deg", "orthonormality"].contains(&key.as_str()));
                keys.sort();
                keys
            };
            assert_eq!(keys(found), keys(expected), "{shown}");
            for (key, want) in expected {
                let tolerance = if key == "angles_deg" {
                    degrees
                } else {
                    numbers
                };
                let off = error(key, &found[key], want);
                assert!(
                    off <= tolerance,
                    "{shown} in {precision}: {key} is off by {off:e}"
                );
            }
        }
        let plain = place.good(&["episode", path.to_str().unwrap()]);
        let f64 = place.good(&["episode", path.to_str().unwrap(), "--precision", "f64"]);
        assert_eq!(plain, f64, "f64 is the default");
    }
}

#[test]
fn a_byte_order_mark_before_a_case_or_a_configuration_is_passed_over() {
    let place = Place::new();
    let case = std::fs::read(&golden()[0]).unwrap();
    place.write("plain.json", &case);
    place.write("marked.json", [b"\xef\xbb\xbf", &case[..]].concat());
    let plain = place.good(&["episode", "plain.json"]);
    assert_eq!(place.good(&["episode", "marked.json"]), plain);
    place.write(
        "marked.toml",
        "\u{feff}data = 'glyphs'\nsizes = '784-4-47'\nM = 2\nK = 1\nQ = 1\n",
    );
    let run = [
        "train",
        "marked.toml",
        "episodes=1",
        "trials=1",
        "--out",
        "run",
    ];
    place.good(&run);
}
