//! Runs that are killed, stopped, cut off from their disk or tampered with.

#![cfg(unix)]

mod disks;
mod kept;
mod killed;
mod online;
mod stopped;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::Place;

/// A run of a second or so, of many short episodes on [`data`].
const RUN: [&str; 10] = [
    "train",
    "data=data",
    "sizes=16-8-3",
    "K=3",
    "Q=2",
    "M=3",
    "episodes=2000",
    "trials=3",
    "seed=7",
    "threads=2",
];

fn place() -> Place {
    let place = Place::new();
    place.small_data();
    place
}

/// What must not depend on interruptions.
const FILES: [&str; 4] = ["config.toml", "metrics.csv", "summary.json", "SHA256SUMS"];

fn run_in<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], &["--out", out], more].concat()
}

/// The files of a run that nothing interrupted.
fn undisturbed(place: &Place, more: &[&str]) -> Vec<String> {
    place.good(&run_in("undisturbed", more));
    files(place, "undisturbed")
}

fn files(place: &Place, run: &str) -> Vec<String> {
    FILES
        .map(|file| place.read(&format!("{run}/{file}")))
        .into()
}

fn start(place: &Place, args: &[&str]) -> Child {
    place
        .command(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills what writes the directory `run` `kills` times, each time at a random moment of the
/// `longest` it takes, and lets the last attempt end. `again(n)` says how to begin or go on
/// after `n` kills; `ended` looks at what each attempt left that was not killed.
fn kill_at_any_moment(
    place: &Place,
    kills: usize,
    longest: Duration,
    again: impl Fn(usize) -> Vec<String>,
    ended: impl Fn(),
) {
    let run = place.path().join("run");
    let attempt = |killed| {
        // Killed when all was written already.
        if run.join("SHA256SUMS").exists() {
            return start(place, &["resume", "run"]);
        }
        let args = again(killed);
        start(place, &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (mut killed, mut runs, mut random) = (0, 0, 1_u64);
    loop {
        let mut child = attempt(killed);
        if killed < kills {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            sleep(Duration::from_micros(
                (random >> 33) % longest.as_micros() as u64,
            ));
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        if output.status.signal() == Some(9) {
            killed += 1;
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        ended();
        assert!(!run.join("checkpoints").exists());
        runs += 1;
        if killed == kills {
            break;
        }
        fs::remove_dir_all(&run).unwrap();
    }
    eprintln!("{killed} kills over {runs} runs, 0 differing bytes");
}

/// Starts the command and waits for its first line, after which it listens for signals.
fn start_and_hear(place: &Place, args: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let mut child = start(place, args);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains(" trials of "), "{line}");
    (child, stderr)
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status().unwrap();
    assert!(sent.success());
}

/// Starts a run and stops it by Ctrl-C once it has saved its first checkpoint. Stopping
/// adds another.
fn interrupted(place: &Place, out: &str, more: &[&str]) {
    let (mut child, mut stderr) = start_and_hear(place, &run_in(out, more));
    let run = place.path().join(out);
    let wanted = run.join("checkpoints/checkpoint-1");
    while !wanted.exists() {
        assert!(child.try_wait().unwrap().is_none(), "finished too early");
        sleep(Duration::from_millis(1));
    }
    signal(&child, "-INT");
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    let hint = format!("stopped; to continue: metaplast resume {out}\n");
    assert!(text.ends_with(&hint), "{text}");
}

/// The checkpoints of a run, the newest first.
fn checkpoints(place: &Place, run: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.path().join(run).join("checkpoints")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let number = |path: &Path| -> Option<u32> {
        let name = path.file_name().unwrap().to_str().unwrap();
        Some(name.strip_prefix("checkpoint-")?.parse().unwrap())
    };
    paths.retain(|path| number(path).is_some());
    paths.sort_by_key(|path| std::cmp::Reverse(number(path)));
    paths
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
