//! Episodes whose numbers an independent program computed in float64.

// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use runs::{Case, CaseResult};
use serde_json::Value;

/// The cases of the paper, and those of what goes beyond it.
fn files() -> Vec<(String, String)> {
    [("golden", 18), ("golden-beyond", 12)]
        .into_iter()
        .flat_map(|(folder, least)| files_in(folder, least))
        .collect()
}

fn files_in(folder: &str, least: usize) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() >= least, "the golden cases are there");
    files
}

fn flatten(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, numbers)),
        Value::Object(items) => items.values().for_each(|item| flatten(item, numbers)),
        number => numbers.push(number.as_f64().unwrap()),
    }
}

/// Largest difference of two lists of numbers over the largest expected one.
fn relative(found: &Value, expected: &Value) -> f64 {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    flatten(found, &mut a);
    flatten(expected, &mut b);
    assert_eq!(a.len(), b.len());
    let size = b
        .iter()
        .fold(0.0_f64, |m, x| m.max(x.abs()))
        .max(f64::MIN_POSITIVE);
    a.iter()
        .zip(&b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0_f64, f64::max)
        / size
}

fn compare(name: &str, found: &CaseResult, expected: &Value, tolerance: impl Fn(&str) -> f64) {
    let found = serde_json::to_value(found).unwrap();
    let expected = expected.as_object().unwrap();
    for (key, want) in expected {
        let got = found
            .get(key)
            .unwrap_or_else(|| panic!("{name}: no {key} in the output"));
        let error = if key == "angles_deg" {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            flatten(got, &mut a);
            flatten(want, &mut b);
            assert_eq!(a.len(), b.len());
            a.iter()
                .zip(&b)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0_f64, f64::max)
        } else {
            relative(got, want)
        };
        assert!(error <= tolerance(key), "{name}: {key} is off by {error:e}");
    }
    let measured = ["orthonormality", "angles_deg"];
    let extra = found.as_object().unwrap().keys();
    let mut extra = extra.filter(|key| !measured.contains(&key.as_str()));
    let extra = extra.find(|key| !expected.contains_key(*key));
    assert_eq!(extra, None, "{name}");
}

#[test]
fn every_number_of_every_case_is_right_in_f64() {
    for (name, json) in files() {
        let case = Case::from_json(&json).unwrap();
        let expected: Value = serde_json::from_str(&json).unwrap();
        // Two programs that sum in different orders; arccos is steep near 1.
        compare(&name, &case.run::<f64>(), &expected["expect"], |key| {
            if key == "angles_deg" { 1e-5 } else { 1e-9 }
        });
    }
}

#[test]
fn the_gradient_of_every_case_is_right_in_f32() {
    for (name, json) in files() {
        let case = Case::from_json(&json).unwrap();
        let expected: Value = serde_json::from_str(&json).unwrap();
        let found = serde_json::to_value(case.run::<f32>()).unwrap();
        for (key, want) in expected["expect"].as_object().unwrap() {
            if key.starts_with("gradient") {
                let error = relative(&found[key], want);
                // 8 steps of f32 with ε = 1.2e-7, amplified by the episode's curvature.
                assert!(error < 1e-3, "{name}: the {key} is off by {error:e}");
            }
        }
    }
}
