//! `metaplast train` as a user meets it: runs that can be repeated to the last byte.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::support::Place;

/// A run of a second: the settings, to which a test adds its own.
const SMALL: [&str; 9] = [
    "train",
    "data=glyphs",
    "sizes=784-12-47",
    "K=3",
    "Q=2",
    "M=3",
    "episodes=20",
    "trials=3",
    "seed=7",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().chain(more).copied().collect()
}

#[test]
fn one_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let place = Place::new();
    for rule in ["bio", "pool", "bp"] {
        let runs = ["1", "2", "4"].map(|threads| {
            let out = format!("{rule}-{threads}");
            place.good(&with(&[
                "--threads",
                threads,
                "--rule",
                rule,
                "--out",
                &out,
            ]));
            ["metrics.csv", "summary.json"].map(|file| place.read(&format!("{out}/{file}")))
        });
        assert_eq!(runs[0], runs[1], "{rule}");
        assert_eq!(runs[0], runs[2], "{rule}");
    }
    let other = with(&["--rule", "bio", "--seed", "8", "--out", "other"]);
    // An option is given once; `seed=7` gives way to it only if it is left out.
    let other: Vec<_> = other.into_iter().filter(|a| *a != "seed=7").collect();
    place.good(&other);
    assert_ne!(
        place.read("bio-1/metrics.csv"),
        place.read("other/metrics.csv")
    );
}

#[test]
fn a_trial_does_not_depend_on_how_many_trials_run() {
    let place = Place::new();
    place.good(&with(&["--out", "three"]));
    place.good(&with(&["trials=1", "--out", "one"]));
    let rows = |run: &str, trial: &str| -> Vec<String> {
        let text = place.read(&format!("{run}/metrics.csv"));
        let of_trial = text.lines().filter(|line| line.starts_with(trial));
        of_trial.map(str::to_owned).collect()
    };
    assert_eq!(rows("one", "0,").len(), 20);
    assert_eq!(rows("one", "0,"), rows("three", "0,"));
    assert_ne!(rows("three", "0,")[0][1..], rows("three", "1,")[0][1..]);
}

#[test]
fn what_is_asked_for_is_measured_beside_the_rest_and_changes_none_of_it() {
    let place = Place::new();
    place.good(&with(&["--out", "plain"]));
    let measures = "measures=share,norm_W,step_angle";
    place.good(&with(&[measures, "--out", "more"]));
    let plain = place.read("plain/metrics.csv");
    let more = place.read("more/metrics.csv");
    let header: Vec<&str> = more.lines().next().unwrap().split(',').collect();
    let first = header.iter().position(|c| *c == "norm_W_1").unwrap();
    let own = [
        "norm_W_1",
        "norm_W_2",
        "step_angle_1",
        "step_angle_2",
        "share_F0",
        "share_F2",
        "share_F9",
    ];
    assert_eq!(&header[first..first + own.len()], own);
    let without: String = more
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells.drain(first..first + own.len());
            cells.join(",") + "\n"
        })
        .collect();
    assert_eq!(without, plain);
    assert!(!place.read("plain/config.toml").contains("measures"));
    assert!(place.read("more/report.html").contains("norm_W_2"));
    // What was measured is run again and compared like all else.
    place.good(&["verify", "more", "--data", "glyphs"]);
    place.bad(
        &with(&["measures=shares", "--out", "wrong"]),
        &[
            "measures: 'shares' is not a list of",
            "did you mean 'share'?",
        ],
    );
}

#[test]
fn metrics_have_the_columns_of_the_contract_and_numbers_that_read_back_exactly() {
    let place = Place::new();
    let shown = place.good(&with(&["--rule", "bio", "--out", "run"]));
    assert!(shown.contains("run directory: run"), "{shown}");
    let text = place.read("run/metrics.csv");
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "trial,episode,status,loss,cross_entropy,accuracy,theta_F0,theta_F2,theta_F9,\
         angle_0,angle_1,angle_2,ortho_1,ortho_2,\
         diverged_step,diverged_layer,diverged_quantity,diverged_term"
    );
    let mut last_accuracies = Vec::new();
    for (i, line) in lines.enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), 18, "{line}");
        // Ordered by episode, then trial.
        assert_eq!(cells[0], (i % 3).to_string());
        assert_eq!(cells[1], (i / 3).to_string());
        assert_eq!(cells[2], "ok");
        assert_eq!(cells[14..], [""; 4], "nothing diverged");
        for cell in &cells[3..14] {
            let number: f64 = cell.parse().unwrap();
            assert_eq!(number.to_string(), *cell, "the shortest that reads back");
        }
        if i < 3 {
            assert_eq!(cells[6..9], ["0.001", "0", "0"], "θ before its first step");
        }
        last_accuracies.push(cells[5].parse::<f64>().unwrap());
    }
    assert_eq!(last_accuracies.len(), 60);
    // With 20 episodes the summary is over all of them.
    let mean = last_accuracies.iter().sum::<f64>() / 60.0;
    let summary: serde_json::Value = serde_json::from_str(&place.read("run/summary.json")).unwrap();
    let told = summary["accuracy"]["mean"].as_f64().unwrap();
    assert!((told - mean).abs() < 1e-12, "{told} {mean}");
}

#[test]
fn where_an_episode_diverges_is_told_and_recorded() {
    let place = Place::new();
    let output = place.run(&with(&["rule=pool", "theta0=1e9", "--out", "run"]));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let noted: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("trial "))
        .collect();
    assert_eq!(noted.len(), 3, "the first of each trial: {told}");
    let place_of = " diverged at step 0, W of layer 1, mostly by F0";
    assert!(noted.iter().all(|line| line.ends_with(place_of)), "{told}");
    let metrics = place.read("run/metrics.csv");
    let rows: Vec<&str> = metrics.lines().skip(1).collect();
    let diverged = rows.iter().filter(|row| row.contains(",diverged,"));
    let located = |row: &&&str| row.ends_with(",0,1,W,F0");
    let number = diverged.clone().count();
    assert!(
        number >= 3 && diverged.filter(located).count() == number,
        "{metrics}"
    );
    assert!(rows.iter().filter(|row| row.ends_with(",,,,")).count() == rows.len() - number);
    let summary: serde_json::Value = serde_json::from_str(&place.read("run/summary.json")).unwrap();
    assert_eq!(summary["diverged_episodes"], number);
    assert_eq!(summary["diverged_trials"], 3);
    place.good(&["verify", "run"]);
}

#[test]
fn a_runs_own_configuration_repeats_it_byte_for_byte_from_any_folder() {
    let place = Place::new();
    place.write(
        "mine.toml",
        "feedback = 'direct'\nterms = ['F0', 'G']\n[[term]]\nname = 'G'\n\
         products = [{ coefficient = -1, post = ['e'], pre = ['y-', 'y-'] }]\n",
    );
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    for rule in ["rule=ehebb", "rule=./mine.toml"] {
        let first = format!("{}-1", &rule[5..]);
        let second = format!("{}-2", &rule[5..]);
        let more = [rule, "beta=7.5", "lambda=0.01", "tasks=code", "split=train"];
        let mut args = with(&more);
        args.extend(["precision=f64", "theta0=0.002", "--out", &first]);
        place.good(&args);
        let config = place.path().join(&first).join("config.toml");
        let out = place.path().join(&second);
        let again = place
            .command(&["train", config.to_str().unwrap(), "--out"])
            .arg(&out)
            .current_dir(place.path().join("elsewhere"))
            .output()
            .unwrap();
        assert_eq!(again.status.code(), Some(0), "{again:?}");
        for file in ["config.toml", "metrics.csv", "summary.json"] {
            assert_eq!(
                place.read(&format!("{first}/{file}")),
                place.read(&format!("{second}/{file}")),
                "{rule}: {file}"
            );
        }
    }
}

#[test]
fn the_configuration_written_down_has_every_value_and_the_data() {
    let place = Place::new();
    place.good(&with(&["--out", "run"]));
    let config: toml::Table = place.read("run/config.toml").parse().unwrap();
    // `out` is where the file is, `shard` stands in parts alone, and `measures` where some
    // were asked for.
    let absent = |key: &&runs::Key| ["out", "shard", "measures"].contains(&key.name);
    for key in runs::KEYS.iter().filter(|key| !absent(key)) {
        assert!(config.contains_key(key.name), "{}", key.name);
    }
    let record = config["record"].as_table().unwrap();
    assert_eq!(record["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(
        record["data_sha256"].as_str(),
        Some(datasets::glyphs(datasets::Split::Test, 0).checksum())
    );
    assert_eq!(record["data_synthetic"].as_bool(), Some(true));
}

#[test]
fn without_out_runs_are_numbered_and_any_name_of_a_rule_will_do() {
    let place = Place::new();
    place.write("rule.toml", "name = '../Hebb’s / 規則'\nterms = ['F0']\n");
    let args = with(&["rule=rule.toml", "episodes=1", "trials=1"]);
    for n in ["1", "2"] {
        let shown = place.good(&args);
        let path = std::path::Path::new("runs").join(format!("_Hebb_s___規則-glyphs-{n}"));
        assert!(
            shown.ends_with(&format!("run directory: {}\n", path.display())),
            "{shown}"
        );
        assert!(place.path().join(path).join("summary.json").is_file());
    }
    assert!(!place.path().join("Hebb’s").exists());
}

#[test]
fn the_rule_file_of_the_readme_works() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (rule, _) = rest.split_once("```").unwrap();
    let place = Place::new();
    place.write("rule.toml", rule);
    let shown = place.good(&with(&["rule=rule.toml", "--out", "run"]));
    for learned in ["F0", "F9", "T3", "constant_b"] {
        assert!(shown.contains(&format!("theta {learned} ")), "{shown}");
    }
}

#[test]
fn an_out_directory_that_is_there_and_empty_is_used() {
    let place = Place::new();
    fs::create_dir(place.path().join("empty")).unwrap();
    place.good(&with(&["episodes=1", "trials=1", "out=empty"]));
    let mut files: Vec<_> = fs::read_dir(place.path().join("empty"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let written = [
        "SHA256SUMS",
        "config.toml",
        "metrics.csv",
        "report.html",
        "summary.json",
    ];
    assert_eq!(files, written);
}

#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let place = Place::new();
    for closed in ["stdout", "stderr"] {
        let mut child = place
            .command(&with(&["--out", closed]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = String::new();
        if closed == "stdout" {
            drop(child.stdout.take());
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
        } else {
            drop(child.stderr.take());
            child
                .stdout
                .take()
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "{closed}: {text}");
        assert!(!text.contains("panicked"), "{text}");
        assert!(place.path().join(closed).join("summary.json").is_file());
    }
}

#[test]
fn help_teaches_every_command_and_every_setting() {
    let place = Place::new();
    let help = place.good(&["--help"]);
    for command in ["train", "resume", "verify", "episode", "bench", "data"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(
            place
                .good(&[command, "--help"])
                .contains("Usage: metaplast")
        );
    }
    let train = place.good(&["train", "--help"]);
    for key in runs::KEYS {
        let start: String = key.help.chars().take(17).collect();
        let line = format!("\n  {:<11} {start}", key.name);
        assert!(train.contains(&line), "{line}: {train}");
    }
    let episode = place.good(&["episode", "--help"]);
    for field in ["activation", "symmetric-exact", "terms", "theta", "query"] {
        assert!(episode.contains(field), "{field}: {episode}");
    }
}

#[test]
fn real_characters_can_be_trained_on() {
    let Some(folder) = std::env::var_os("METAPLAST_DATA") else {
        eprintln!("SKIPPED: METAPLAST_DATA is not set, so nothing is trained on real data");
        return;
    };
    let place = Place::new();
    let output = place
        .command(&["train", "--rule", "fa", "--data", "emnist-bymerge400"])
        .args([
            "--episodes",
            "3",
            "--trials",
            "1",
            "tasks=code",
            "--out",
            "run",
        ])
        .env("METAPLAST_DATA", folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("synthetic"), "{stderr}");
    assert_eq!(place.read("run/metrics.csv").lines().count(), 4);
    assert!(
        place
            .read("run/config.toml")
            .contains("data_synthetic = false")
    );
}
