//! `metaplast test` as a whole, in a size that takes seconds.

use serde_json::Value;

use crate::support::Place;

/// A small network that learns from a few glyphs.
const TINY: [&str; 5] = ["--data", "glyphs", "sizes=784-6-47", "K=2", "Q=2"];

fn args<'a>(start: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [start, &TINY, rest].concat()
}

#[test]
fn a_run_is_tested_with_its_own_rule_and_the_coefficients_of_each_of_its_trials() {
    let place = Place::new();
    let train = [
        "--rule",
        "ehebb",
        "--trials",
        "3",
        "--episodes",
        "6",
        "--out",
        "run",
    ];
    place.good(&args(&["train"], &train));
    let test = |threads| {
        let rest = ["--fresh", "2", "--json", "--threads", threads];
        place.good(&[&["test", "run"], &rest[..]].concat())
    };
    let printed = test("1");
    assert_eq!(printed, test("2"), "threads change nothing");
    let found: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(found["rule"], "ehebb");
    assert_eq!(found["theta"].as_array().unwrap().len(), 3);
    // The last of six episodes is their last sixth.
    let metrics = place.read("run/metrics.csv");
    let last = metrics
        .lines()
        .find(|line| line.starts_with("2,5,"))
        .unwrap();
    let theta: f64 = last.split(',').nth(6).unwrap().parse().unwrap();
    assert_eq!(found["theta"][2][0].as_f64(), Some(theta));
    let data = &found["data"][0];
    assert_eq!(
        (&data["data"], &data["synthetic"]),
        (&"glyphs".into(), &true.into())
    );
    let accuracy = &data["accuracy"];
    assert!(accuracy["lower"].as_f64() <= accuracy["mean"].as_f64());
    assert_eq!(accuracy["trials"], 3);
}

#[test]
fn a_rule_is_tested_with_given_coefficients_on_any_number_of_data_sets() {
    let place = Place::new();
    let start = [
        "test", "fa", "--theta", "0.01", "--trials", "1", "--fresh", "1",
    ];
    let printed = place.good(&args(&start, &["--data", "glyphs"]));
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert!(
        printed.starts_with("glyphs (synthetic): accuracy "),
        "{printed}"
    );
    assert!(
        printed.contains("over 1 trial\n") && !printed.contains('['),
        "{printed}"
    );
}

#[test]
fn what_cannot_be_tested_is_refused_in_one_line() {
    let place = Place::new();
    place.bad(
        &args(&["test", "fa"], &["--theta", "1,2"]),
        &["--theta: 2 numbers"],
    );
    place.bad(
        &args(&["test", "nonsense"], &[]),
        &["unknown rule 'nonsense'"],
    );
    place.bad(
        &["test", "fa", "bio"],
        &["one rule or run directory", "got 2"],
    );
    place.bad(&["test", "."], &["is no run directory"]);
    let train = ["--trials", "1", "--episodes", "1", "--out", "run"];
    place.good(&args(&["train"], &train));
    place.bad(
        &["test", "run", "--trials", "2"],
        &["--trials: 2 are asked for", "has 1"],
    );
}
