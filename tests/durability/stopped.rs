//! A run and those who are around it: who stops it, who wants its directory, who reads it.

use std::fs;
use std::io::Read;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{files, interrupted, place, run_in, signal, start, start_and_hear, text, undisturbed};

#[test]
fn ctrl_c_saves_and_tells_how_to_go_on() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    interrupted(&place, "run", &[]);
    let before = place.read("run/metrics.csv").len();
    assert!(before > 0 && before < wanted[1].len());
    // Other settings are another run.
    let args = run_in("run", &["lambda=0.5"]);
    place.bad(
        &args,
        &["holds a run with other settings: lambda is 0.0 there and 0.5 here"],
    );
    let output = place.run(&run_in("run", &[]));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("going on after "), "{told}");
    assert_eq!(files(&place, "run"), wanted);
    // Finished, `train` refuses it and `resume` shows it again.
    place.bad(
        &run_in("run", &[]),
        &["holds this very run, finished", "--out"],
    );
    let again = place.good(&["resume", "run"]);
    assert!(
        again.contains("accuracy") && again.contains("run directory: run"),
        "{again}"
    );
    assert_eq!(files(&place, "run"), wanted);
}

#[test]
fn a_second_ctrl_c_stops_at_once() {
    let place = place();
    // One episode of this takes many seconds.
    let slow = [
        "sizes=784-2000-2000-47",
        "K=200",
        "M=40",
        "Q=9",
        "episodes=1",
    ];
    let mut args = run_in("run", &slow);
    args.retain(|arg| {
        ![
            "data=data",
            "sizes=16-8-3",
            "K=3",
            "Q=2",
            "M=3",
            "episodes=2000",
        ]
        .contains(arg)
    });
    let (mut child, _stderr) = start_and_hear(&place, &args);
    sleep(Duration::from_millis(300));
    signal(&child, "-INT");
    sleep(Duration::from_millis(300));
    assert!(
        child.try_wait().unwrap().is_none(),
        "the first lets the episode end"
    );
    // A scheduler asks more than once, and means it no more than the first time.
    signal(&child, "-TERM");
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    let second = Instant::now();
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        second.elapsed() < Duration::from_secs(5),
        "{:?}",
        second.elapsed()
    );
}

#[test]
fn a_hint_names_a_directory_as_a_shell_reads_it() {
    let place = place();
    let (mut child, mut stderr) = start_and_hear(&place, &run_in("my run", &[]));
    signal(&child, "-INT");
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.ends_with("metaplast resume 'my run'\n"), "{told}");
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let place = place();
    let args = run_in("run", &["episodes=10000000"]);
    let args: Vec<&str> = args
        .into_iter()
        .filter(|arg| *arg != "episodes=2000")
        .collect();
    let (mut child, _stderr) = start_and_hear(&place, &args);
    for other in [&args[..], &["resume", "run"]] {
        let output = place.run(other);
        let parts = [
            "run is in use by another metaplast",
            &child.id().to_string(),
        ];
        crate::support::assert_bad_input(&output, &parts);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Set METAPLAST_READS for more than CI has time for.
#[test]
fn whoever_reads_the_records_of_a_run_meanwhile_finds_whole_rows() {
    let place = place();
    let wanted = std::env::var("METAPLAST_READS").map_or(1, |n| n.parse().unwrap());
    let path = place.path().join("run/metrics.csv");
    let (mut reads, mut longest) = (0, 0);
    while reads < wanted {
        let mut child = start(&place, &run_in("run", &[]));
        while child.try_wait().unwrap().is_none() {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            assert!(text.ends_with('\n'), "read {reads} ends in half a row");
            // Rows do not come and go.
            let columns = text.lines().map(|line| line.matches(',').count());
            let mut columns = columns.collect::<Vec<_>>();
            columns.dedup();
            assert_eq!(
                columns.len(),
                1,
                "read {reads} has rows of {columns:?} commas"
            );
            reads += 1;
            longest = longest.max(text.lines().count());
        }
        fs::remove_dir_all(place.path().join("run")).unwrap();
    }
    assert!(
        reads > 100 && longest > 100,
        "{reads} reads, {longest} rows"
    );
}
