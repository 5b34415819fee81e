//! Runs and grids of runs by Slurm itself, through what happens to jobs on a cluster.

#![cfg(target_os = "linux")]

mod cluster;

use std::fs;
use std::path::Path;

use crate::support::Place;
use cluster::Cluster;

/// Settings of a run that takes a few seconds, long enough to be in the way of things.
const SETTINGS: [&str; 9] = [
    "data=glyphs",
    "sizes=784-12-47",
    "K=5",
    "Q=4",
    "M=4",
    "episodes=120",
    "trials=7",
    "seed=3",
    "threads=1",
];

const FILES: [&str; 4] = ["config.toml", "metrics.csv", "summary.json", "SHA256SUMS"];

fn begun(run: &Path) -> bool {
    run.join("checkpoints/checkpoint-1").exists()
}

fn same_bytes(place: &Place, run: &str, wanted: &str) {
    for file in FILES {
        let (found, wanted) = (format!("{run}/{file}"), format!("{wanted}/{file}"));
        assert!(
            place.read(&found) == place.read(&wanted),
            "{found} and {wanted} differ"
        );
    }
}

/// A job array as the book has it, which leaves it to Slurm's RequeueExit to go on.
fn array(out: &str) -> String {
    format!(
        "#!/bin/bash\n\
         #SBATCH --array=1-3 --mem=200M --time=10 --requeue\n\
         #SBATCH --open-mode=append --output={out}-%a.log --signal=B:TERM@60\n\
         exec metaplast train {} --shard slurm --out \"{out}.$SLURM_ARRAY_TASK_ID\"\n",
        SETTINGS.join(" ")
    )
}

/// Submits an array, and a job that merges its parts once they have ended: `afterany`, or if
/// none has failed: `afterok`.
fn submit(cluster: &mut Cluster, out: &str, when: &str) -> (String, String) {
    let script = format!("{out}.sh");
    let job = cluster.sbatch(&[&script]);
    let after = format!("--dependency={when}:{job}");
    let merge = format!("metaplast merge {out}.1 {out}.2 {out}.3 --out {out}");
    let merge = cluster.sbatch(&[
        &after,
        "--kill-on-invalid-dep=yes",
        "--mem=200M",
        "--wrap",
        &merge,
    ]);
    (job, merge)
}

#[test]
fn parts_by_a_job_array_come_to_the_bytes_of_one_run_and_a_lost_one_is_named() {
    let place = Place::new();
    let Some(mut cluster) = Cluster::start(place.path()) else {
        return;
    };
    for out in ["run", "lost"] {
        place.write(&format!("{out}.sh"), array(out));
    }
    // Not `afterok`: of an array Slurm keeps the worst exit code, that of a task that it then
    // put back and that ended well among them.
    let (job, merge) = submit(&mut cluster, "run", "afterany");
    let at = |name: &str| place.path().join(name);
    // One is told to stop, saves itself, ends with 130 and is put back into the queue.
    let second = format!("{job}_2");
    cluster.until("the second part has begun", |_| begun(&at("run.2")));
    cluster.good("scancel", &["--signal=TERM", "--batch", &second]);
    cluster.until("the second part is back in the queue", |cluster| {
        cluster.states(&second) == ["PENDING"]
    });
    let (lost, never) = submit(&mut cluster, "lost", "afterok");
    // One is cancelled: it is not put back, although it ends with 130 too.
    let third = format!("{lost}_3");
    cluster.until("the third part has begun", |_| begun(&at("lost.3")));
    cluster.good("scancel", &[&third]);
    // Meanwhile on one machine.
    place.good(&[&["train"], &SETTINGS[..], &["--out", "whole"]].concat());
    cluster.until("the parts are done and merged", |cluster| {
        cluster.states(&job) == ["COMPLETED"; 3] && cluster.states(&merge) == ["COMPLETED"]
    });
    assert!(place.read("run-2.log").contains("going on after "));
    same_bytes(&place, "run", "whole");
    cluster.until(
        "the others are done, and their merge was dropped",
        |cluster| {
            cluster.states(&lost) == ["COMPLETED", "COMPLETED", "CANCELLED"]
                && cluster.states(&never) == ["CANCELLED"]
        },
    );
    let refused = |parts: &[&str], told: &str| {
        let output = place.run(&[&["merge", "--out", "lost"], parts].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(told),
            "{stderr}"
        );
        assert!(!at("lost").exists());
        stderr.into_owned()
    };
    let told = refused(
        &["lost.1", "lost.2", "lost.3"],
        "lost.3 is not finished; go on with: metaplast resume lost.3",
    );
    cluster.note(told);
    fs::remove_dir_all(at("lost.3")).unwrap();
    let told = refused(
        &["lost.1", "lost.2"],
        "2 trials missing of 7: 2, 5; give the parts",
    );
    cluster.note(told);
    // An array of the lost task alone does not know of which array it was.
    let alone = cluster.sbatch(&["--array=3", "lost.sh"]);
    cluster.until("the third part alone has failed", |cluster| {
        cluster.states(&alone) == ["FAILED"]
    });
    assert!(place.read("lost-3.log").contains("give the part as I/N"));
    let again = place
        .read("lost.sh")
        .replace("--shard slurm", "--shard 3/3");
    place.write("again.sh", again);
    let again = cluster.sbatch(&["--array=3", "again.sh"]);
    cluster.until("the third part is done", |cluster| {
        cluster.states(&again) == ["COMPLETED"]
    });
    place.good(&["merge", "lost.1", "lost.2", "lost.3", "--out", "lost"]);
    same_bytes(&place, "lost", "whole");
    cluster.show();
}

#[test]
fn a_sweep_comes_through_a_killed_node_a_stop_and_a_cancelled_task_to_its_table() {
    let place = Place::new();
    let Some(mut cluster) = Cluster::start(place.path()) else {
        return;
    };
    let settings = SETTINGS.map(|s| {
        let (key, value) = s.split_once('=').unwrap();
        format!("{key} = '{value}'\n")
    });
    let grid = |top: &str| {
        let settings = settings.concat();
        format!("{top}\n[settings]\n{settings}[cross]\nlambda = [0, 0.5]\n")
    };
    place.write("here.toml", grid("out = 'here'"));
    place.write("grid.toml", grid("out = 'there'\nparts = 2"));
    place.write("grid.sh", place.good(&["sweep", "grid.toml", "--slurm"]));
    let collect = cluster.good("bash", &["grid.sh"]);
    let job = cluster.good(
        "squeue",
        &["--noheader", "--name=metaplast-grid", "--format=%F"],
    );
    let job = job.lines().next().unwrap().to_owned();
    let part = |number: usize| {
        let names = ["0,part=1", "0,part=2", "0.5,part=1", "0.5,part=2"];
        place
            .path()
            .join(format!("there/parts/lambda={}", names[number - 1]))
    };
    cluster.until("all four tasks run", |cluster| {
        cluster.states(&job) == ["RUNNING"; 4] && (1..=4).all(|number| begun(&part(number)))
    });
    let task = |number: usize| format!("{job}_{number}");
    let on_n2 = |cluster: &Cluster| -> Vec<usize> {
        let on = cluster.told(
            "squeue",
            &["--noheader", "--array", "--nodelist=n2", "--format=%K"],
        );
        on.split_whitespace().map(|k| k.parse().unwrap()).collect()
    };
    let (killed, rest): (Vec<usize>, Vec<usize>) = {
        let on_n2 = on_n2(&cluster);
        (1..=4).partition(|number| on_n2.contains(number))
    };
    assert_eq!((killed.len(), rest.len()), (2, 2), "two tasks a node");
    cluster.kill_node("n2");
    cluster.good("scancel", &["--signal=TERM", "--batch", &task(rest[0])]);
    cluster.good("scancel", &[&task(rest[1])]);
    // Meanwhile on one machine.
    place.good(&["sweep", "here.toml"]);
    cluster.until("the stopped task is back in the queue", |cluster| {
        cluster.states(&task(rest[0])) == ["PENDING"]
    });
    cluster.until(
        "the tasks of the killed node are back in the queue",
        |cluster| {
            killed
                .iter()
                .all(|number| cluster.states(&task(*number)) != ["RUNNING"])
        },
    );
    cluster.until(
        "all are done but the cancelled one, which is missed",
        |cluster| {
            let done = |number: &usize| cluster.states(&task(*number)) == ["COMPLETED"];
            killed.iter().all(done)
                && done(&rest[0])
                && cluster.states(&task(rest[1])) == ["CANCELLED"]
                && cluster.states(&collect) == ["FAILED"]
        },
    );
    for number in [killed[0], killed[1], rest[0]] {
        let log = place.read(&format!("slurm-{job}_{number}.out"));
        assert!(log.contains(": going on after "), "task {number}: {log}");
    }
    let told = place.read(&format!("slurm-{collect}.out"));
    let (lambda, index) = (["0", "0.5"][(rest[1] - 1) / 2], (rest[1] - 1) % 2 + 1);
    let missed = format!("error: 1 part not finished: lambda={lambda}, part {index}/2 (trials ");
    assert!(
        told.contains(&missed) && told.contains("1 of 2 runs finished"),
        "{told}"
    );
    cluster.note(told);
    // The node comes back, and what is left is given to the cluster again.
    cluster.start_node("n2");
    let script = place.good(&["sweep", "grid.toml", "--slurm"]);
    assert!(
        script.contains(&format!("#SBATCH --array={}\n", rest[1])),
        "{script}"
    );
    place.write("grid.sh", script);
    let collect = cluster.good("bash", &["grid.sh"]);
    cluster.until("what was left is done and collected", |cluster| {
        cluster.states(&collect) == ["COMPLETED"]
    });
    for run in ["lambda=0", "lambda=0.5"] {
        same_bytes(&place, &format!("there/{run}"), &format!("here/{run}"));
    }
    assert_eq!(place.read("there/table.csv"), place.read("here/table.csv"));
    assert!(!place.path().join("there/parts").exists());
    cluster.note(place.read("there/table.csv"));
    cluster.show();
}
