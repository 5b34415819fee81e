//! Runs in parts, and parts put together.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{IMAGES, Place, assert_bad_input};

/// A folder with small data and a rule.
fn place() -> Place {
    let place = Place::new();
    place.small_data();
    place.write("mine.toml", "terms = ['F0', 'F2']\n");
    place
}

/// A run of seven trials that takes no time.
const RUN: [&str; 10] = [
    "train",
    "data=data",
    "rule=mine.toml",
    "sizes=16-8-3",
    "K=3",
    "Q=2",
    "M=3",
    "episodes=12",
    "trials=7",
    "threads=2",
];

fn run<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], &["--out", out], more].concat()
}

fn part(place: &Place, shard: &str, out: &str) {
    place.good(&run(out, &["--shard", shard]));
}

const FILES: [&str; 5] = [
    "config.toml",
    "metrics.csv",
    "summary.json",
    "SHA256SUMS",
    "rule/mine.toml",
];

#[test]
fn any_number_of_parts_comes_to_the_bytes_of_one_run() {
    let place = place();
    place.good(&run("whole", &[]));
    for of in [2, 3, 7] {
        // Given in any order.
        let outs: Vec<String> = (1..=of).rev().map(|i| format!("{of}.{i}")).collect();
        for (i, out) in (1..=of).rev().zip(&outs) {
            part(&place, &format!("{i}/{of}"), out);
            place.good(&["verify", out, "--sample", "all"]);
        }
        let merged = format!("merged-{of}");
        let mut args = vec!["merge", "--out", &merged];
        args.extend(outs.iter().map(String::as_str));
        place.good(&args);
        for file in FILES {
            assert_eq!(
                place.read(&format!("{merged}/{file}")),
                place.read(&format!("whole/{file}")),
                "{of} parts: {file}"
            );
        }
        place.good(&["verify", &merged]);
        assert!(place.path().join(&merged).join("report.html").is_file());
    }
}

#[test]
fn a_part_has_its_trials_and_is_a_run_like_any_other() {
    let place = place();
    part(&place, "2/3", "part");
    let metrics = place.read("part/metrics.csv");
    let trials = metrics.lines().skip(1).take(4).map(|line| &line[..4]);
    assert_eq!(trials.collect::<Vec<_>>(), ["1,0,", "4,0,", "1,1,", "4,1,"]);
    assert!(place.read("part/summary.json").contains("\"trials\": 2"));
    place.good(&["resume", "part"]);
    place.good(&["train", "part/config.toml", "--out", "again"]);
    assert_eq!(place.read("again/metrics.csv"), metrics);
    place.bad(
        &run("other", &["--shard", "8/9"]),
        &["shard: 8/9 of 7 trials has none"],
    );
    place.bad(
        &run("other", &["--shard", "slurm"]),
        &["shard: 'slurm' is not I/N outside a Slurm job array"],
    );
    let task = |out: &str, array: &[(&str, &str)]| {
        let array = array
            .iter()
            .map(|(name, value)| (format!("SLURM_ARRAY_TASK_{name}"), value));
        let mut command = place.command(&run(out, &["--shard", "slurm"]));
        command.envs(array).output().unwrap()
    };
    for (out, array) in [
        ("slurm", &[("ID", "2"), ("COUNT", "3")][..]),
        ("from-0", &[("ID", "1"), ("COUNT", "3"), ("MIN", "0")]),
        (
            "steps",
            &[("ID", "5"), ("COUNT", "3"), ("MIN", "1"), ("STEP", "4")],
        ),
    ] {
        let output = task(out, array);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(place.read(&format!("{out}/metrics.csv")), metrics);
    }
    // Two tasks of an array that are run again alone are not its halves.
    let output = task("other", &[("ID", "2"), ("COUNT", "2"), ("MIN", "2")]);
    assert_bad_input(
        &output,
        &["task 2 of 2 from 2 on may be of another; give the part as I/N"],
    );
    assert!(!place.path().join("other").exists());
}

#[test]
fn parts_that_do_not_go_together_are_refused_in_one_line_with_the_remedy() {
    let place = place();
    for i in 1..=3 {
        part(&place, &format!("{i}/3"), &format!("part.{i}"));
    }
    let part_2 = |name: &str| -> &str {
        // A copy of the second part, to be damaged.
        let copied = Command::new("cp")
            .args(["-r", "part.2", name])
            .current_dir(place.path())
            .status();
        assert!(copied.unwrap().success());
        Box::leak(name.to_owned().into_boxed_str())
    };
    let others = |name: &'static str| ["merge", "part.1", name, "part.3", "--out", "all"];
    // What was given makes no sense: exit code 2.
    for (out, more, told) in [
        ("settings", "lambda=0.5", "lambda is 0.5 there and 0.0 here"),
        (
            "rule",
            "rule=other.toml",
            "rule is \"rule/other.toml\" there and \"rule/mine.toml\" here",
        ),
        ("trials", "trials=8", "trials is 8 there and 7 here"),
        ("data", "data=others", "data is "),
    ] {
        place.write("other.toml", "terms = ['F0', 'F9']\n");
        if out == "data" {
            fs::rename(place.path().join("data"), place.path().join("others")).unwrap();
            let images = place.path().join("others").join(IMAGES);
            let mut bytes = fs::read(&images).unwrap();
            bytes[20] ^= 1;
            fs::write(images, bytes).unwrap();
        }
        let mut args = run(out, &["--shard", "2/3", more]);
        let key = more.split('=').next().unwrap();
        args.retain(|arg| *arg == more || !arg.starts_with(&format!("{key}=")));
        place.good(&args);
        let told = format!("error: {out} is no part of the run that part.1 is of: {told}");
        place.bad(
            &others(out),
            &[
                &told,
                "; leave it out, or merge it with parts of its own run",
            ],
        );
    }
    place.bad(
        &others("part.1"),
        &["error: part.1 and part.1 both have trial 0; leave one of them out"],
    );
    place.bad(
        &others("others"),
        &["error: others: is no run directory: it has no config.toml"],
    );
    place.bad(
        &others("gone"),
        &["error: gone: is no run directory: it has no config.toml"],
    );
    place.bad(
        &["merge", "part.1", "part.2", "part.3", "--out", "rule"],
        &["error: rule is not empty; name a new directory with --out"],
    );
    // The parts are not as they should be: exit code 1.
    let fails = |args: &[&str], told: &str| {
        let before = place.everything();
        let output = place.run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr, format!("error: {told}\n"));
        assert!(place.everything() == before, "{args:?} changed files");
    };
    fails(
        &["merge", "part.1", "part.3", "--out", "all"],
        "2 trials missing of 7: 1, 4; give the parts that have them, or run them with --shard",
    );
    let sum = "is not what the run wrote, by the checksum in SHA256SUMS; run this part again: \
               metaplast train";
    type Damage = fn(&str) -> String;
    let cut: Damage = |text| text[..text.len() / 2].to_owned();
    let altered: Damage = |text| text.replacen("0", "1", 1);
    let longer: Damage = |text| text.to_owned() + "\n";
    for (name, file, damage) in [
        ("cut", "metrics.csv", cut),
        ("altered", "metrics.csv", altered),
        ("summary", "summary.json", altered),
        ("config", "config.toml", longer),
        ("kept", "rule/mine.toml", longer),
    ] {
        let part = part_2(name);
        let text = place.read(&format!("{name}/{file}"));
        place.write(&format!("{name}/{file}"), damage(&text));
        fails(
            &others(part),
            &format!("{name}: {file}: {sum} {name}/config.toml --out NEW"),
        );
    }
    let gone = part_2("gone-file");
    fs::remove_file(place.path().join("gone-file/metrics.csv")).unwrap();
    fails(
        &others(gone),
        "gone-file: metrics.csv: No such file or directory; run this part again: \
         metaplast train gone-file/config.toml --out NEW",
    );
    let unfinished = part_2("unfinished");
    fs::remove_file(place.path().join("unfinished/SHA256SUMS")).unwrap();
    fails(
        &others(unfinished),
        "unfinished is not finished; go on with: metaplast resume unfinished",
    );
    // Nor does it help to mend the checksum of a table that lacks a row, or has one too many.
    for (name, rows, told) in [
        ("short", 10, "has no row of trial 1, episode 5 in its place"),
        ("long", 25, "goes on after its last episode"),
    ] {
        let part = part_2(name);
        let metrics = place.read(&format!("{name}/metrics.csv"));
        let mut lines: Vec<&str> = metrics.lines().collect();
        lines.push(lines[1]);
        place.write(
            &format!("{name}/metrics.csv"),
            lines[..=rows].join("\n") + "\n",
        );
        let sums = Command::new("sh")
            .args([
                "-c",
                "sha256sum config.toml metrics.csv summary.json rule/mine.toml > SHA256SUMS",
            ])
            .current_dir(place.path().join(name))
            .status();
        assert!(sums.unwrap().success());
        fails(
            &others(part),
            &format!(
                "{name}: metrics.csv: {told}; run this part again: metaplast train \
                 {name}/config.toml --out NEW"
            ),
        );
    }
}

/// The number of a run's newest checkpoint; 0 if it has none.
fn newest_checkpoint(run: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(run.join("checkpoints")) else {
        return 0;
    };
    let number = |entry: std::io::Result<fs::DirEntry>| -> Option<u64> {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_prefix("checkpoint-")?.parse().ok()
    };
    entries.filter_map(number).max().unwrap_or(0)
}

#[test]
fn parts_that_were_killed_and_stopped_come_to_the_bytes_of_one_run() {
    let place = place();
    // Long enough to be interrupted.
    let run = |out: &str, shard: &str| -> Vec<String> {
        let long = RUN.map(|arg| {
            if arg == "episodes=12" {
                "episodes=700"
            } else {
                arg
            }
        });
        let mut args: Vec<String> = long.iter().map(|arg| (*arg).to_owned()).collect();
        args.extend(["--out".to_owned(), out.to_owned()]);
        if !shard.is_empty() {
            args.extend(["--shard".to_owned(), shard.to_owned()]);
        }
        args
    };
    place.good(
        &run("whole", "")
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    let mut interrupted = 0;
    for of in [2, 3, 7] {
        let mut merge = vec![
            "merge".to_owned(),
            "--out".to_owned(),
            format!("merged-{of}"),
        ];
        for i in 1..=of {
            let out = format!("{of}.{i}");
            let args = run(&out, &format!("{i}/{of}"));
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            // Killed, asked to stop, killed again, each time once it has saved something new.
            let saved = || newest_checkpoint(&place.path().join(&out));
            for signal in ["-KILL", "-TERM", "-KILL"] {
                let before = saved();
                let mut child = place
                    .command(&args)
                    .stderr(Stdio::null())
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap();
                while saved() <= before && child.try_wait().unwrap().is_none() {
                    sleep(Duration::from_millis(1));
                }
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                let id = child.id().to_string();
                // It may have ended just now.
                let _ = Command::new("kill")
                    .args([signal, &id])
                    .stderr(Stdio::null())
                    .status();
                let status = child.wait().unwrap();
                interrupted += usize::from(!status.success());
            }
            if !place.path().join(&out).join("SHA256SUMS").exists() {
                place.good(&["resume", &out]);
            }
            merge.push(out);
        }
        place.good(&merge.iter().map(String::as_str).collect::<Vec<_>>());
        for file in FILES {
            assert!(
                place.read(&format!("merged-{of}/{file}")) == place.read(&format!("whole/{file}")),
                "{of} parts: {file}"
            );
        }
    }
    eprintln!("{interrupted} interruptions of 12 parts, 0 differing bytes");
    assert!(interrupted >= 12, "only {interrupted} interruptions");
}
