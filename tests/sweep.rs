//! Grids of settings as runs in directories of their own.

#![cfg(unix)]

use std::fs;
use std::process::Command;

use crate::support::Place;

/// A folder with small data and a rule.
fn place() -> Place {
    let place = Place::new();
    place.small_data();
    place.write("mine.toml", "terms = ['F0', 'F2']\n");
    place
}

/// What runs that take no time have in common.
const SETTINGS: &str = "[settings]\ndata = 'data'\nsizes = '16-8-3'\nK = 3\nQ = 2\nM = 3\n\
                        episodes = 3\nthreads = 1\n";

const FILES: [&str; 4] = ["config.toml", "metrics.csv", "summary.json", "SHA256SUMS"];

fn grid(place: &Place, name: &str, top: &str, rest: &str) {
    place.write(name, format!("{top}\n{SETTINGS}{rest}\n"));
}

fn lines(text: &str) -> usize {
    text.lines().count()
}

#[test]
fn a_sweep_runs_what_is_left_of_a_grid_and_collects_it() {
    let place = place();
    grid(
        &place,
        "grid.toml",
        "",
        "trials = 2\n[cross]\nlambda = [0, 0.5, 1]\nrule = ['fa', 'mine.toml']",
    );
    let list = place.good(&["sweep", "grid.toml", "--list"]);
    let commands: Vec<&str> = list.lines().collect();
    assert_eq!(commands.len(), 6, "{list}");
    // One by its command, some by shares, the others by the sweep.
    let args: Vec<&str> = commands[3].split(' ').skip(1).collect();
    place.good(&args);
    assert_eq!(lines(&place.good(&["sweep", "grid.toml", "--list"])), 5);
    assert_eq!(place.good(&["sweep", "grid.toml", "--shard", "1/3"]), "");
    assert_eq!(lines(&place.good(&["sweep", "grid.toml", "--list"])), 4);
    let output = place.run(&["sweep", "grid.toml", "--collect"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        told,
        "error: 4 runs not finished: lambda=0,rule=mine; lambda=0.5,rule=fa; lambda=1,rule=fa; \
         lambda=1,rule=mine; to do what is left: metaplast sweep grid.toml\n"
    );
    assert_eq!(lines(&place.read("sweeps/grid/table.csv")), 1 + 2);
    let told = place.good(&["sweep", "grid.toml"]);
    assert!(told.starts_with("6 of 6 runs finished\n"), "{told}");
    let table = place.read("sweeps/grid/table.csv");
    assert!(table.starts_with("run,lambda,rule,trials,"), "{table}");
    assert_eq!(lines(&table), 7);
    assert!(
        table.contains("\n\"lambda=0.5,rule=mine\",0.5,mine.toml,2,0,"),
        "{table}"
    );
    let page = place.read("sweeps/grid/sweep.html");
    assert!(page.contains("Accuracy by lambda and rule"), "{page}");
    assert_eq!(page.matches("background:hsl").count(), 6);
    grid(
        &place,
        "seeds.toml",
        "",
        "trials = 1\n[zip]\nrule = ['fa', 'bp']\neta = [0.1, 0.2]\n[cross]\nseed = [1, 2]",
    );
    place.good(&["sweep", "seeds.toml", "--shard", "1/4"]);
    place.good(&["sweep", "seeds.toml", "--shard", "2/4"]);
    place.good(&["sweep", "seeds.toml", "--shard", "3/4"]);
    let _ = place.run(&["sweep", "seeds.toml", "--collect"]);
    let page = place.read("sweeps/seeds/sweep.html");
    assert!(page.contains("Accuracy by rule and eta, mean over seeds"));
    // One cell of two runs, one of which one is lacking, and two that never meet.
    assert_eq!(page.matches("background:hsl").count(), 2);
    assert_eq!(page.matches("<small>1 of 2</small>").count(), 1);
    let map = page.split("All runs").next().unwrap();
    assert_eq!(map.matches("<td></td>").count(), 2);
    // Again it only collects, to the same bytes.
    let before = place.everything();
    place.good(&["sweep", "grid.toml"]);
    place.good(&["sweep", "grid.toml", "--collect"]);
    assert!(place.everything() == before);
    assert_eq!(place.good(&["sweep", "grid.toml", "--list"]), "");
    place.bad(
        &["sweep", "grid.toml", "--slurm"],
        &["every run is finished; collect them with: metaplast sweep grid.toml --collect"],
    );
}

#[test]
fn a_sweep_in_parts_comes_to_the_bytes_of_one_in_whole_runs() {
    let place = place();
    let rest = "trials = 5\n[cross]\nseed = [1, 2]";
    grid(&place, "whole.toml", "", rest);
    grid(&place, "parts.toml", "parts = 3", rest);
    place.good(&["sweep", "whole.toml", "--threads", "1"]);
    for command in place
        .good(&["sweep", "parts.toml", "--list"])
        .lines()
        .skip(1)
    {
        place.good(&command.split(' ').skip(1).collect::<Vec<_>>());
    }
    // The second run is complete, of the first a part is lost.
    let output = place.run(&["sweep", "parts.toml", "--collect"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.ends_with(
            "error: 1 part not finished: seed=1, part 1/3 (trials 0, 3); to do what is left: \
             metaplast sweep parts.toml\n"
        ),
        "{told}"
    );
    assert!(
        place
            .path()
            .join("sweeps/parts/parts/seed=1,part=2")
            .exists()
    );
    assert!(
        !place
            .path()
            .join("sweeps/parts/parts/seed=2,part=2")
            .exists()
    );
    place.good(&["sweep", "parts.toml", "--threads", "4"]);
    for run in ["seed=1", "seed=2"] {
        for file in FILES {
            assert_eq!(
                place.read(&format!("sweeps/parts/{run}/{file}")),
                place.read(&format!("sweeps/whole/{run}/{file}")),
            );
        }
        assert!(
            place
                .path()
                .join("sweeps/parts")
                .join(run)
                .join("report.html")
                .exists()
        );
    }
    assert!(!place.path().join("sweeps/parts/parts").exists());
    assert_eq!(
        place.read("sweeps/parts/table.csv"),
        place.read("sweeps/whole/table.csv")
    );
}

#[test]
fn a_run_that_fails_is_named_and_leaves_the_others_alone() {
    let place = place();
    grid(
        &place,
        "grid.toml",
        "",
        "trials = 1\n[cross]\nseed = [1, 2, 3]",
    );
    place.write("sweeps/grid/seed=2/notes.txt", "mine");
    let output = place.run(&["sweep", "grid.toml"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.ends_with(
            "error: seed=2: sweeps/grid/seed=2 is not empty; name a new directory \
                        with --out, or empty this one\n"
        ),
        "{told}"
    );
    assert_eq!(lines(&place.read("sweeps/grid/table.csv")), 1 + 2);
    // What does not fit its data is found before anything is run.
    grid(
        &place,
        "wrong.toml",
        "",
        "trials = 1\n[cross]\nfeedback = ['fixed', 'direct']\nK = [3, 20]",
    );
    place.bad(&["sweep", "wrong.toml"], &["K"]);
}

#[test]
fn what_is_wrong_with_the_options_of_a_sweep_is_told() {
    let place = place();
    grid(
        &place,
        "grid.toml",
        "",
        "trials = 1\n[cross]\nseed = [1, 2, 3]",
    );
    let sweep = |more: &[&'static str]| [&["sweep", "grid.toml"], more].concat();
    place.bad(
        &sweep(&["--shard", "4/3"]),
        &["shard: '4/3' is not I/N with I from 1 to N, or slurm"],
    );
    place.bad(
        &sweep(&["--shard", "slurm"]),
        &["shard: 'slurm' is not I/N outside a Slurm job array"],
    );
    place.bad(
        &sweep(&["--slurm", "--tasks", "0"]),
        &["--tasks: '0' is not a whole number from 1"],
    );
    place.bad(
        &sweep(&["--threads", "0"]),
        &["--threads: '0' is not a whole number"],
    );
    place.bad(&sweep(&["--list", "--slurm"]), &["--list", "--slurm"]);
}

#[test]
fn a_sweep_is_a_job_array_of_slurm() {
    let place = place();
    grid(
        &place,
        "grid.toml",
        "out = 'my runs'",
        "trials = 2\n[cross]\nseed = [1, 2, 3, 4, 5]",
    );
    let script = place.good(&["sweep", "grid.toml", "--slurm", "--tasks", "2"]);
    for part in [
        "#!/bin/bash\n",
        "#SBATCH --array=1-2\n",
        "#SBATCH --requeue\n",
        "#SBATCH --signal=B:TERM@120\n",
        "#SBATCH --cpus-per-task=1\n",
        "#SBATCH --time=5\n",
    ] {
        assert!(script.contains(part), "{part}: {script}");
    }
    // A task, without Slurm: `metaplast` is this program.
    let bin = place.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_metaplast"), bin.join("metaplast")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    place.write("task.sh", &script);
    for _ in 0..2 {
        let output = Command::new("bash")
            .arg("task.sh")
            .current_dir(place.path())
            .env("PATH", &path)
            .env("SLURM_ARRAY_TASK_ID", "2")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    for seed in 1..=5 {
        let run = place.path().join(format!("my runs/seed={seed}"));
        assert_eq!(
            run.join("SHA256SUMS").is_file(),
            seed % 2 == 0,
            "seed {seed}"
        );
    }
    // Only tasks that have something left, under the numbers that they had.
    let script = place.good(&["sweep", "grid.toml", "--slurm", "--tasks", "2"]);
    assert!(script.contains("#SBATCH --array=1\n"), "{script}");
    assert!(
        script.contains("# 3 runs of grid.toml as 1 task of Slurm."),
        "{script}"
    );
}
