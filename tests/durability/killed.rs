//! Killed at any moment, a run comes to the same end.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Instant;

use super::{
    checkpoints, files, interrupted, kill_at_any_moment, place, run_in, start, text, undisturbed,
};
use crate::support::Place;

/// Set METAPLAST_KILLS for more kills than CI has time for.
#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_bytes() {
    let kills = std::env::var("METAPLAST_KILLS").map_or(15_usize, |n| n.parse().unwrap());
    kill(kills, &[]);
}

#[test]
fn whatever_learns_the_rule_a_run_that_is_killed_ends_with_the_same_bytes() {
    for optimiser in ["adam", "guarded", "es", "cma", "newton"] {
        let optimiser = format!("optimiser={optimiser}");
        kill(3, &[&optimiser, "batch=2", "population=4", "episodes=200"]);
    }
}

/// Kills a run again and again, and compares what it ends with.
fn kill(kills: usize, more: &[&str]) {
    let place = place();
    let wanted = undisturbed(&place, more);
    let start_time = Instant::now();
    place.good(&run_in("timed", more));
    let again = |killed: usize| {
        // How the run goes on changes from kill to kill, its bytes must not.
        let mut args = run_in("run", more);
        args.retain(|arg| !arg.starts_with("threads="));
        args.push(["threads=1", "threads=2", "threads=3"][killed % 3]);
        args.into_iter().map(str::to_owned).collect()
    };
    kill_at_any_moment(&place, kills, start_time.elapsed(), again, || {
        assert_eq!(config_without_threads(&place), without_threads(&wanted[0]));
        assert_eq!(files(&place, "run")[1..3], wanted[1..3]);
    });
}

/// A run that is killed before its configuration is written starts with that of the next
/// attempt, threads included.
fn config_without_threads(place: &Place) -> String {
    without_threads(&place.read("run/config.toml"))
}

fn without_threads(config: &str) -> String {
    let lines = config
        .lines()
        .filter(|line| !line.starts_with("threads = "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before_it_and_is_named() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    type Damage = fn(&Path);
    let cut: Damage = |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    let flip: Damage = |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(path, bytes).unwrap();
    };
    let empty: Damage = |path| fs::write(path, "").unwrap();
    for (name, damage, reason) in [
        ("cut", cut, "is cut off"),
        ("flip", flip, "is damaged: its checksum is wrong"),
        ("empty", empty, "is no checkpoint"),
    ] {
        interrupted(&place, name, &[]);
        let found = checkpoints(&place, name);
        let [newest, before] = found.as_slice() else {
            panic!("two are kept: {found:?}");
        };
        damage(newest);
        let output = place.run(&["resume", name]);
        let told = text(&output);
        assert_eq!(output.status.code(), Some(0), "{told}");
        let (newest, before) = (newest.file_name().unwrap(), before.file_name().unwrap());
        let note = format!("note: checkpoints/{} {reason}", newest.to_str().unwrap());
        let instead = format!(
            "; going on from checkpoints/{} instead",
            before.to_str().unwrap()
        );
        assert!(told.contains(&note) && told.contains(&instead), "{told}");
        assert_eq!(files(&place, name), wanted);
    }
    // Without any that can be used nothing is begun anew in silence.
    interrupted(&place, "both", &[]);
    checkpoints(&place, "both")
        .iter()
        .for_each(|path| flip(path));
    let output = place.run(&["resume", "both"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    assert!(told.contains("no checkpoint can be used"), "{told}");
    assert!(
        told.contains("metaplast train both/config.toml --out NEW"),
        "{told}"
    );
}

#[test]
fn a_reproduction_that_is_killed_ends_with_the_same_files() {
    let args = [
        "reproduce",
        "fig3",
        "--data",
        "glyphs",
        "--trials",
        "2",
        "--episodes",
        "6",
        "K=5",
        "Q=2",
        "--threads",
        "2",
        "--out",
        "results",
    ];
    let undisturbed = Place::new();
    let start_time = Instant::now();
    undisturbed.good(&args);
    let longest = start_time.elapsed();
    let place = Place::new();
    for part in 1..=5 {
        let mut child = start(&place, &args);
        sleep(longest * part / 8);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    place.good(&args);
    let contents = |place: &Place| -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let inside = |path: PathBuf| path.strip_prefix(place.path()).unwrap().to_owned();
        let all = place.everything().into_iter();
        all.map(|(path, bytes)| (inside(path), bytes)).collect()
    };
    let (wanted, found) = (contents(&undisturbed), contents(&place));
    assert!(wanted.len() > 10, "runs, figures and a report");
    for (wanted, found) in wanted.iter().zip(&found) {
        assert_eq!(wanted.0, found.0);
        assert!(wanted == found, "{} differs", wanted.0.display());
    }
    assert_eq!(wanted.len(), found.len());
}
