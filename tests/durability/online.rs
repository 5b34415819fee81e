//! Online runs are kept as trainings are: killed, stopped and tampered with.

use std::fs;
use std::io::Read;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{checkpoints, kill_at_any_moment, signal, start};
use crate::support::{Place, idx};

/// A rule with all that can change: W, B and traces.
const RULE: &str = "terms = ['F0', '-e ⊗ trace(y-, 0.8)']\nback = ['-e ⊗ y-', '-W']\n";

/// A run of a second or so.
const RUN: [&str; 14] = [
    "online",
    "rule.toml",
    "sizes=16-8-3",
    "--data",
    "data",
    "--theta",
    "0.05,0.01,0.01,0.01",
    "--every",
    "4",
    "--tests",
    "30",
    "--trials",
    "3",
    "-j2",
];

/// Three thousand images of 4 × 4 pixels in three classes to learn from, sixty for tests.
fn place() -> Place {
    let place = Place::new();
    place.write("rule.toml", RULE);
    for (half, images) in [("train", 3000_u32), ("t10k", 60)] {
        let pixels = (0..images * 16).map(|i| (i.wrapping_mul(i) / 7 % 251) as u8);
        let pixels: Vec<u8> = pixels.collect();
        let labels: Vec<u8> = (0..images).map(|i| (i % 3) as u8).collect();
        let name = |kind| format!("data/{half}-{kind}-ubyte");
        place.write(&name("images-idx3"), idx(&[2051, images, 4, 4], &pixels));
        place.write(&name("labels-idx1"), idx(&[2049, images], &labels));
    }
    place
}

fn run_in<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], &["--out", out], more].concat()
}

/// What must not depend on interruptions, nor on threads.
fn files(place: &Place, run: &str) -> [String; 2] {
    ["online.csv", "summary.json"].map(|file| place.read(&format!("{run}/{file}")))
}

#[test]
fn an_online_run_killed_at_any_moment_ends_with_the_same_bytes() {
    let place = place();
    let start_time = Instant::now();
    place.good(&run_in("undisturbed", &[]));
    let longest = start_time.elapsed();
    let wanted = files(&place, "undisturbed");
    // Before the first image and after every fourth of 3000, in three trials.
    assert_eq!(wanted[0].lines().count(), 1 + 3 * 751);
    let again = |killed: usize| {
        let mut args = run_in("run", &[]);
        args.retain(|arg| *arg != "-j2");
        args.push(["-j1", "-j2", "-j3"][killed % 3]);
        // What stands there has all that it takes.
        if place.path().join("run/checkpoints/checkpoint-1").exists() {
            args = vec!["resume", "run"];
        }
        args.into_iter().map(str::to_owned).collect()
    };
    kill_at_any_moment(&place, 8, longest, again, || {
        assert_eq!(files(&place, "run"), wanted);
    });
}

#[test]
fn an_online_run_is_stopped_gone_on_with_and_verified_as_a_training_is() {
    let place = place();
    place.good(&run_in("undisturbed", &[]));
    let wanted = files(&place, "undisturbed");
    let mut child = start(&place, &run_in("run", &[]));
    while !place.path().join("run/checkpoints/checkpoint-1").exists() {
        assert!(child.try_wait().unwrap().is_none(), "finished too early");
        sleep(Duration::from_millis(1));
    }
    let output = place.run(&run_in("run", &[]));
    crate::support::assert_bad_input(&output, &["run is in use by another metaplast"]);
    signal(&child, "-INT");
    let mut told = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(
        told.ends_with("to continue: metaplast resume run\n"),
        "{told}"
    );
    let so_far = place.read("run/online.csv");
    assert!(wanted[0].starts_with(&so_far) && so_far.lines().count() > 1);
    assert!(!checkpoints(&place, "run").is_empty());
    let tests = so_far.lines().skip(1).filter(|row| row.starts_with("0,"));
    let told = place.good(&["verify", "run", "--sample", "5"]);
    let sampled = format!("{} in sequence", tests.count().min(5));
    assert!(told.contains(&sampled), "{told}");
    // The rule stands in the directory; another θ is another run.
    fs::remove_file(place.path().join("rule.toml")).unwrap();
    place.write("rule.toml", RULE);
    let mut other = run_in("run", &[]);
    other[6] = "0.05,0.01,0.01,0.02";
    place.bad(&other, &["holds a run with other settings: online"]);
    place.good(&["resume", "run", "-j", "1"]);
    assert_eq!(files(&place, "run"), wanted);
    place.bad(&run_in("run", &[]), &["holds this very run, finished"]);
    let told = place.good(&["verify", "run", "--sample", "all"]);
    assert!(
        told.contains("of 2253 recorded tests, 0 run again alone and 2253 in"),
        "{told}"
    );
    place.write("run/online.csv", wanted[0].replacen("ok,1", "ok,2", 1));
    let output = place.run(&["verify", "run"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    for part in [
        "differs: online.csv: is not what the run wrote",
        "differs: online.csv: line 2 (trial 0, 0 images): cross_entropy is 2.",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn what_cannot_be_learned_online_is_refused_in_one_line() {
    let place = place();
    let with = |more: &[&str]| -> Vec<String> {
        let args = run_in("run", more);
        args.into_iter().map(str::to_owned).collect()
    };
    let bad = |args: Vec<String>, parts: &[&str]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        place.bad(&args, parts);
    };
    bad(with(&["sizes=15-8-3"]), &["the first layer has 15 units"]);
    let mut args = with(&[]);
    args[6] = "0.05".to_owned();
    bad(args, &["--theta: 1 number, but rule 'rule' has the terms"]);
    let mut args = with(&[]);
    args[4] = "data/t10k-images-idx3-ubyte".to_owned();
    bad(args, &["is one half of a data set"]);
    let mut args = with(&[]);
    args[8] = "0".to_owned();
    bad(args, &["--every", "not a whole number from 1"]);
    place.bad(&["online", "bio"], &["mnist"]);
}
