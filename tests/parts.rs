//! Runs in parts, parts put together, and grids of runs.

use std::fs;

use crate::support::{IMAGES, LABELS, Place, idx};

/// A folder with thirty images of 4 × 4 pixels in three classes.
fn place() -> Place {
    let place = Place::new();
    let pixels: Vec<u8> = (0..30 * 16_u32).map(|i| (i * i * 37 % 251) as u8).collect();
    let labels: Vec<u8> = (0..30).map(|i| i % 3).collect();
    place.write(&format!("data/{IMAGES}"), idx(&[2051, 30, 4, 4], &pixels));
    place.write(&format!("data/{LABELS}"), idx(&[2049, 30], &labels));
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
    let output = place
        .command(&run("slurm", &["--shard", "slurm"]))
        .env("SLURM_ARRAY_TASK_ID", "2")
        .env("SLURM_ARRAY_TASK_COUNT", "3")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(place.read("slurm/metrics.csv"), metrics);
}

#[test]
fn parts_that_do_not_go_together_are_named() {
    let place = place();
    for i in 1..=3 {
        part(&place, &format!("{i}/3"), &format!("part.{i}"));
    }
    place.good(&run("foreign", &["--shard", "3/3", "lambda=0.5"]));
    place.bad(
        &["merge", "part.1", "part.2", "foreign", "--out", "all"],
        &["foreign is no part of the run that part.1 is of: lambda is 0.5"],
    );
    place.bad(
        &["merge", "part.1", "part.2", "part.1", "--out", "all"],
        &["part.1 and part.1 both have trial 0"],
    );
    place.bad(
        &["merge", "part.1", "data", "--out", "all"],
        &["data: is no run directory"],
    );
    place.bad(
        &["merge", "part.1", "part.2", "part.3", "--out", "foreign"],
        &["foreign is not empty"],
    );
    let fails = |args: &[&str], told: &str| {
        let before = place.everything();
        let output = place.run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(told),
            "{stderr}"
        );
        assert!(place.everything() == before, "{args:?} changed files");
    };
    fails(
        &["merge", "part.1", "part.3", "--out", "all"],
        "2 trials missing of 7: 1, 4; give the parts",
    );
    let metrics = place.read("part.2/metrics.csv");
    place.write("part.2/metrics.csv", metrics.replacen("ok", "no", 1));
    fails(
        &["merge", "part.1", "part.2", "part.3", "--out", "all"],
        "part.2: metrics.csv: is not what the run wrote",
    );
    fs::remove_file(place.path().join("part.2/SHA256SUMS")).unwrap();
    fails(
        &["merge", "part.1", "part.2", "part.3", "--out", "all"],
        "part.2 is not finished; go on with: metaplast resume part.2",
    );
}

#[test]
fn a_sweep_runs_what_is_left_of_a_grid_and_collects_it() {
    let place = place();
    place.write(
        "grid.toml",
        "[settings]\ndata = 'data'\nsizes = '16-8-3'\nK = 3\nQ = 2\nM = 3\nepisodes = 3\n\
         trials = 2\n[cross]\nlambda = [0, 0.5, 1]\nrule = ['fa', 'mine.toml']\n",
    );
    let list = place.good(&["sweep", "grid.toml", "--list"]);
    let commands: Vec<&str> = list.lines().collect();
    assert_eq!(commands.len(), 6, "{list}");
    // One by its command, the others by the sweep.
    let args: Vec<&str> = commands[3].split(' ').skip(1).collect();
    place.good(&args);
    assert_eq!(
        place
            .good(&["sweep", "grid.toml", "--list"])
            .lines()
            .count(),
        5
    );
    let told = place.good(&["sweep", "grid.toml"]);
    assert!(told.starts_with("6 of 6 runs finished\n"), "{told}");
    let table = place.read("sweeps/grid/table.csv");
    assert!(table.starts_with("run,lambda,rule,trials,"), "{table}");
    assert_eq!(table.lines().count(), 7);
    assert!(
        table.contains("\n\"lambda=0.5,rule=mine\",0.5,mine.toml,2,0,"),
        "{table}"
    );
    let page = place.read("sweeps/grid/sweep.html");
    assert!(page.contains("Accuracy by lambda and rule"), "{page}");
    assert_eq!(page.matches("background:hsl").count(), 6);
    // Again it only collects, to the same bytes.
    let before = place.everything();
    place.good(&["sweep", "grid.toml"]);
    assert!(place.everything() == before);
    let script = place.good(&["sweep", "grid.toml", "--list"]);
    assert_eq!(script, "");
}

#[test]
fn a_sweep_is_a_job_array_of_slurm() {
    let place = place();
    place.write(
        "grid.toml",
        "out = 'my runs'\n[settings]\ndata = 'data'\nsizes = '16-8-3'\nK = 3\nQ = 2\nM = 3\n\
         episodes = 3\ntrials = 2\n[cross]\nseed = [1, 2]\n",
    );
    let script = place.good(&["sweep", "grid.toml", "--slurm"]);
    for part in [
        "#!/bin/bash\n",
        "#SBATCH --array=1-2\n",
        "#SBATCH --requeue\n",
        "  2) directory='my runs/seed=2' settings=(",
    ] {
        assert!(script.contains(part), "{part}: {script}");
    }
    // A task, without Slurm: `metaplast` is this program.
    let bin = place.path().join("bin");
    fs::create_dir(&bin).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_metaplast"), bin.join("metaplast")).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        place.write("task.sh", &script);
        for _ in 0..2 {
            let output = std::process::Command::new("bash")
                .arg("task.sh")
                .current_dir(place.path())
                .env("PATH", &path)
                .env("SLURM_ARRAY_TASK_ID", "2")
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
        assert!(place.path().join("my runs/seed=2/SHA256SUMS").is_file());
        assert!(!place.path().join("my runs/seed=1").exists());
    }
}
