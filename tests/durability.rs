//! Runs that are killed, stopped, cut off from their disk or tampered with.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::support::{IMAGES, LABELS, Place, idx};

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
    data(&place);
    place
}

/// Thirty images of 4 × 4 pixels in three classes: small, to be read in no time.
fn data(place: &Place) {
    let pixels: Vec<u8> = (0..30 * 16_u32).map(|i| (i * i * 37 % 251) as u8).collect();
    let labels: Vec<u8> = (0..30).map(|i| i % 3).collect();
    place.write(&format!("data/{IMAGES}"), idx(&[2051, 30, 4, 4], &pixels));
    place.write(&format!("data/{LABELS}"), idx(&[2049, 30], &labels));
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
    paths.retain(|path| path.file_name().unwrap() != "lock");
    let number = |path: &Path| -> u32 {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.rsplit('-').next().unwrap().parse().unwrap()
    };
    paths.sort_by_key(|path| std::cmp::Reverse(number(path)));
    paths
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Set METAPLAST_KILLS for more kills than CI has time for.
#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_bytes() {
    let kills = std::env::var("METAPLAST_KILLS").map_or(40_usize, |n| n.parse().unwrap());
    kill(kills, &[]);
}

#[test]
fn whatever_learns_the_rule_a_run_that_is_killed_ends_with_the_same_bytes() {
    for optimiser in ["adam", "guarded", "es", "cma", "newton"] {
        let optimiser = format!("optimiser={optimiser}");
        kill(6, &[&optimiser, "batch=3", "population=4", "episodes=700"]);
    }
}

/// Kills a run again and again, and compares what it ends with.
fn kill(kills: usize, more: &[&str]) {
    let place = place();
    let wanted = undisturbed(&place, more);
    let start_time = Instant::now();
    place.good(&run_in("timed", more));
    let longest = start_time.elapsed().as_micros() as u64;
    let (mut killed, mut runs, mut random) = (0, 0, 1_u64);
    let mut args = run_in("run", more);
    while killed < kills {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mut child = start(&place, &args);
        sleep(Duration::from_micros((random >> 33) % longest));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if output.status.signal() == Some(9) {
            killed += 1;
            // Killed when all was written already.
            if place.path().join("run/SHA256SUMS").exists() {
                args = vec!["resume", "run"];
                continue;
            }
            // How the run goes on changes from kill to kill, its bytes must not.
            args = run_in("run", more);
            args.retain(|arg| !arg.starts_with("threads="));
            args.push(["threads=1", "threads=2", "threads=3"][killed % 3]);
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(config_without_threads(&place), without_threads(&wanted[0]));
        assert_eq!(
            files(&place, "run")[1..3],
            wanted[1..3],
            "after {killed} kills"
        );
        assert!(!place.path().join("run/checkpoints").exists());
        fs::remove_dir_all(place.path().join("run")).unwrap();
        args = run_in("run", more);
        runs += 1;
    }
    // What the last kill left behind must come to the same end.
    let output = place.run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(files(&place, "run")[1..3], wanted[1..3]);
    eprintln!("{killed} kills over {} runs, 0 differing bytes", runs + 1);
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
    let second = Instant::now();
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        second.elapsed() < Duration::from_secs(5),
        "{:?}",
        second.elapsed()
    );
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

/// A small file system of its own.
struct Disk(PathBuf);

impl Disk {
    /// None where mounting is not allowed.
    fn mount(path: &Path, options: &str) -> Option<Disk> {
        fs::create_dir(path).unwrap();
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(path);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("SKIPPED: mounting a file system is not allowed here");
        }
        mounted.then(|| Disk(path.to_owned()))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_a_run_clearly_and_loses_nothing() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    let Some(disk) = Disk::mount(&place.path().join("disk"), "size=60k") else {
        return;
    };
    let output = place.run(&run_in("disk/run", &[]));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let error = told.lines().last().unwrap();
    for part in [
        "error: disk/run/",
        "No space left on device",
        "go on with: metaplast resume disk/run",
    ] {
        assert!(error.contains(part), "{part}: {told}");
    }
    // Still full, it still says so, and still loses nothing.
    assert_eq!(place.run(&["resume", "disk/run"]).status.code(), Some(1));
    disk.remount("size=4m");
    let output = place.run(&["resume", "disk/run"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("going on after "),
        "it went on from a checkpoint: {told}"
    );
    assert_eq!(files(&place, "disk/run"), wanted);
    // With no room for even the first file.
    let Some(_tiny) = Disk::mount(&place.path().join("tiny"), "nr_inodes=2") else {
        return;
    };
    let output = place.run(&run_in("tiny/run", &[]));
    let told = text(&output);
    assert!(
        !output.status.success() && told.contains("No space left"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_read_only_directory_is_an_error_and_its_run_goes_on_later() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    let Some(disk) = Disk::mount(&place.path().join("disk"), "size=4m") else {
        return;
    };
    interrupted(&place, "disk/run", &[]);
    disk.remount("ro");
    let read_only = "Read-only file system";
    place.bad(
        &run_in("disk/new", &[]),
        &["disk/new: ", read_only, "--out"],
    );
    place.bad(&["resume", "disk/run"], &["disk/run: ", read_only]);
    disk.remount("rw");
    place.good(&["resume", "disk/run"]);
    assert_eq!(files(&place, "disk/run"), wanted);
    // A finished run can be looked at and verified where nothing can be written.
    disk.remount("ro");
    place.good(&["resume", "disk/run"]);
    place.good(&["verify", "disk/run"]);
}

#[test]
fn verify_finds_a_changed_digit_wherever_it_stands() {
    let place = place();
    let short = ["episodes=20"];
    let mut args = run_in("run", &short);
    args.retain(|arg| *arg != "episodes=2000");
    place.good(&args);
    let told = place.good(&["verify", "run", "--sample", "7"]);
    assert!(
        told.contains("of 60 recorded episodes, 7 run again alone and 8 in sequence"),
        "{told}"
    );
    assert!(told.ends_with("run: matches to the bit\n"), "{told}");
    let told = place.good(&["verify", "run", "--sample", "all"]);
    assert!(told.contains("60 in sequence"), "{told}");

    let good = place.read("run/metrics.csv");
    let digits: Vec<usize> = good
        .match_indices(|c: char| c.is_ascii_digit())
        .map(|(i, _)| i)
        .collect();
    for at in digits.iter().step_by(digits.len() / 25) {
        let mut bad = good.clone().into_bytes();
        bad[*at] = if bad[*at] == b'9' { b'8' } else { bad[*at] + 1 };
        place.write("run/metrics.csv", &bad);
        let output = place.run(&["verify", "run", "--sample", "1"]);
        assert_eq!(
            output.status.code(),
            Some(1),
            "digit {at}: {}",
            text(&output)
        );
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(
            told.contains("differs: metrics.csv: is not what the run wrote"),
            "{told}"
        );
    }
    // Nor does it help to mend the checksum. The last digit of a row is of ortho_2.
    let row = good.lines().nth(41).unwrap();
    let changed = {
        let cell = row.rsplit(',').nth(4).unwrap();
        let last = cell.chars().last().unwrap();
        let other = if last == '9' { '8' } else { '9' };
        row.replacen(cell, &format!("{}{other}", &cell[..cell.len() - 1]), 1)
    };
    place.write("run/metrics.csv", good.replace(row, &changed));
    // As `sha256sum` writes it.
    let sums = ["config.toml", "metrics.csv", "summary.json"].map(|file| {
        let sum = Sha256::digest(fs::read(place.path().join("run").join(file)).unwrap());
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}  {file}\n")
    });
    place.write("run/SHA256SUMS", sums.concat());
    let output = place.run(&["verify", "run", "--sample", "all"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("differs: metrics.csv: line 42 (trial 1, episode 13): ortho_2 is "),
        "{told}"
    );
}

#[test]
fn a_run_in_progress_can_be_verified_up_to_its_last_checkpoint() {
    let place = place();
    interrupted(&place, "run", &[]);
    let told = place.good(&["verify", "run"]);
    assert!(told.contains("against the last checkpoint"), "{told}");
    let mut bytes = place.read("run/metrics.csv").into_bytes();
    let at = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
    bytes[at] ^= 1;
    place.write("run/metrics.csv", &bytes);
    assert_eq!(place.run(&["verify", "run"]).status.code(), Some(1));
}

#[test]
fn a_run_keeps_its_rule_and_a_changed_rule_file_is_another_run() {
    let place = place();
    let rule = place.write("rule.toml", "terms = ['F0', 'F2']\n");
    let wanted = undisturbed(&place, &["rule=rule.toml"]);
    interrupted(&place, "run", &["rule=rule.toml"]);
    place.write("rule.toml", "terms = ['F0', 'F9']\n");
    place.bad(
        &run_in("run", &["rule=rule.toml"]),
        &["cannot go on here: rule_sha256 is"],
    );
    fs::remove_file(rule).unwrap();
    place.good(&["resume", "run"]);
    assert_eq!(files(&place, "run"), wanted);
    assert_eq!(place.read("run/rule/rule.toml"), "terms = ['F0', 'F2']\n");
    place.good(&["verify", "run"]);
    place.good(&["train", "run/config.toml", "--out", "again"]);
    assert_eq!(files(&place, "again"), wanted);
    // The rule that it keeps is among what a run is known by.
    place.write("run/rule/rule.toml", "terms = ['F0', 'F9']\n");
    let output = place.run(&["verify", "run"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("differs: rule/rule.toml: is not what"),
        "{told}"
    );
    assert!(
        told.contains("differs: config.toml: rule_sha256 is"),
        "{told}"
    );
}

#[test]
fn a_run_goes_on_wherever_its_rule_file_was_moved() {
    let place = place();
    place.write("rule.toml", "terms = ['F0', 'F2']\n");
    interrupted(&place, "run", &["rule=rule.toml"]);
    place.write("elsewhere.toml", "terms = ['F0', 'F2']\n");
    let output = place.run(&run_in("run", &["rule=elsewhere.toml"]));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("going on after "), "{told}");
}

#[test]
fn a_run_goes_on_wherever_its_data_were_moved() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    interrupted(&place, "one", &[]);
    interrupted(&place, "two", &[]);
    fs::rename(place.path().join("data"), place.path().join("moved")).unwrap();
    place.bad(
        &["resume", "one"],
        &["data: ", "were moved, say where to with --data"],
    );
    place.good(&["resume", "one", "--data", "moved"]);
    assert_eq!(files(&place, "one"), wanted);
    let mut args = run_in("two", &[]);
    args.retain(|arg| *arg != "data=data");
    args.push("data=moved");
    place.good(&args);
    assert_eq!(files(&place, "two"), wanted);
    place.good(&["verify", "two", "--data", "moved"]);
    // Other images under the old name are other data.
    data(&place);
    let images = place.path().join("data").join(IMAGES);
    let mut bytes = fs::read(&images).unwrap();
    bytes[20] ^= 1;
    fs::write(&images, bytes).unwrap();
    let output = place.run(&["verify", "two"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("differs: config.toml: data_sha256 is"),
        "{told}"
    );
}

/// A file system may show a reader the first pages of one write before the rest, so this
/// does not hold yet: seen once in 4963 reads.
#[test]
#[ignore = "a write of several pages can be seen half done; to hold, records must be published whole"]
fn whoever_reads_the_records_of_a_run_meanwhile_finds_whole_rows() {
    let place = place();
    let mut child = start(&place, &run_in("run", &[]));
    let path = place.path().join("run/metrics.csv");
    let (mut reads, mut longest) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "read {reads} ends in half a row"
        );
        reads += 1;
        longest = longest.max(text.lines().count());
    }
    assert!(
        reads > 100 && longest > 100,
        "{reads} reads, {longest} rows"
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
fn a_reproduction_that_is_killed_ends_with_the_same_files() {
    let args = [
        "reproduce",
        "fig3",
        "--data",
        "glyphs",
        "--trials",
        "1",
        "--episodes",
        "12",
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
