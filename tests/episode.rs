//! `metaplast episode` as a user meets it: the golden cases through the command, and bad
//! case files.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::Place;

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 18, "the golden cases are there");
    files
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn flatten(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, numbers)),
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
fn a_bad_case_file_is_one_line_that_names_the_field() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let read = |name: &str| parse(&std::fs::read_to_string(folder.join(name)).unwrap());
    let (fixed, direct) = (read("bio.json"), read("pool_direct.json"));
    let set = |case: &Value, pointer: &str, value: Value| {
        let mut case = case.clone();
        *case.pointer_mut(pointer).unwrap() = value;
        case.to_string()
    };
    let without = |case: &Value, key: &str| {
        let mut case = case.clone();
        case.as_object_mut().unwrap().remove(key).unwrap();
        case.to_string()
    };
    // Numbers that a JSON library would not write.
    let raw = |number: &str| set(&fixed, "/theta/0", json!("HERE")).replace("\"HERE\"", number);
    let cases: Vec<(String, &[&str])> = vec![
        ("{ not JSON".into(), &["line 1"]),
        (String::new(), &["EOF", "line 1"]),
        ("[1, 2]".into(), &["line 1"]),
        (without(&fixed, "W"), &["missing field `W`", "README"]),
        (
            set(&fixed, "/W/0/0", json!([0.0])),
            &["W[0]: needs rows of 9 numbers, one has 1"],
        ),
        (
            set(&fixed, "/W/1", json!([[0.0]])),
            &["W[1]: needs 7 rows of 8 numbers, got 1"],
        ),
        (
            set(&fixed, "/W", json!([])),
            &["W: needs 4 matrices, got 0"],
        ),
        (
            set(&fixed, "/theta", json!([0.1, 0.2])),
            &["theta: needs ten numbers, got 2"],
        ),
        (raw("NaN"), &["line 1"]),
        (raw("1e999"), &["number out of range"]),
        (raw("-1e999"), &["number out of range"]),
        (raw("null"), &["invalid type: null"]),
        (
            set(&fixed, "/train/label/0", json!(5)),
            &["train.label: 5 has no output; labels are 0 to 4"],
        ),
        (
            set(&fixed, "/query/label/0", json!(-1)),
            &["invalid value: integer `-1`"],
        ),
        (
            set(&fixed, "/query", json!({"x": [], "label": []})),
            &["query: needs at least one image"],
        ),
        (
            set(&fixed, "/query/x/0", json!([1.0])),
            &["query.x: needs images of 9 numbers, one has 1"],
        ),
        (
            set(&fixed, "/train/label", json!([0])),
            &["train: has 8 images and 1 labels"],
        ),
        (
            set(&fixed, "/feedback", json!("none")),
            &["feedback: 'none' is not one of fixed, direct"],
        ),
        (
            set(&fixed, "/activation/kind", json!("relu")),
            &["activation: 'relu' is not softplus"],
        ),
        (
            set(&fixed, "/activation/beta", json!(0)),
            &["activation: beta 0 is not a number above 0"],
        ),
        (
            set(&fixed, "/lambda", json!(-1)),
            &["lambda: -1 is not a number of at least 0"],
        ),
        (
            set(&fixed, "/sizes", json!([9])),
            &["sizes: needs at least two layers"],
        ),
        (
            set(&fixed, "/sizes/1", json!(0)),
            &["sizes: ", "at least one unit"],
        ),
        (without(&fixed, "B"), &["B: is needed for fixed feedback"]),
        (without(&direct, "B"), &["B: is needed for direct feedback"]),
        (
            set(&direct, "/B/1", json!([[0.0]])),
            &["B[1]: needs 5 rows of 8 numbers, got 1"],
        ),
        (
            set(&fixed, "/terms", json!([0, 10])),
            &["terms: 10 is not a term; the paper's are 0 to 9"],
        ),
        (
            set(&fixed, "/terms", json!([0, -1])),
            &["terms: needs a list of indices 0 to 9"],
        ),
        (
            set(&fixed, "/terms", json!("F0")),
            &["terms: needs a list of indices 0 to 9"],
        ),
        (set(&fixed, "/terms", json!([])), &["terms: lists no terms"]),
        (
            set(&fixed, "/terms", json!([2, 2])),
            &["terms: lists a term twice"],
        ),
        (
            set(&fixed, "/terms", json!([[0], [2]])),
            &["terms: lists 2 layers, sizes has 4"],
        ),
    ];
    for (text, parts) in cases {
        let place = Place::new();
        place.write("case.json", text);
        let parts = [&["case.json: "], parts].concat();
        place.bad(&["episode", "case.json"], &parts);
    }
    let place = Place::new();
    place.bad(&["episode", "no.json"], &["no.json: "]);
    place.bad(&["episode"], &["<CASE>"]);
    place.write("case.json", fixed.to_string());
    place.bad(
        &["episode", "case.json", "--precision", "f16"],
        &["f16", "f64, f32"],
    );
}
