//! Help, completions, manual pages, and what every command has in common.

use std::process::Output;

use crate::support::Place;

/// Every command, from the help of the program itself.
fn commands(place: &Place) -> Vec<String> {
    let help = place.good(&["--help"]);
    let (_, rest) = help.split_once("Commands:\n").unwrap();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| !line.starts_with("   "));
    let names = names.map(|line| line.split_whitespace().next().unwrap().to_owned());
    let names: Vec<String> = names.filter(|name| name != "help").collect();
    assert!(names.len() >= 11, "{names:?}");
    names
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_bare_command_prints_the_help_and_is_bad_usage() {
    let place = Place::new();
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let shown = stderr(&output);
    assert!(
        shown.contains("Usage: metaplast") && shown.contains("Exit codes: 0"),
        "{shown}"
    );
    assert!(!shown.contains("error:"), "{shown}");
}

#[test]
fn all_help_fits_eighty_columns_and_has_examples_where_there_is_something_to_combine() {
    let place = Place::new();
    let top = place.good(&["--help"]);
    for part in ["Exit codes: 0", "130", "METAPLAST_DATA", "Examples:"] {
        assert!(top.contains(part), "{part}: {top}");
    }
    for command in commands(&place) {
        for option in ["--help", "-h"] {
            let help = place.good(&[&command, option]);
            assert!(
                help.contains(&format!("Usage: metaplast {command}")),
                "{help}"
            );
            for line in help.lines() {
                // An address or a path cannot be broken.
                let long = line.chars().count() > 80 && line.trim().contains(' ');
                assert!(!long || line.contains('>'), "{command} {option}: {line}");
            }
        }
        let help = place.good(&[&command, "--help"]);
        assert!(help.contains("xample"), "{command} has no example: {help}");
        // The line that stands beside the command's name is no sentence.
        let about = help.lines().next().unwrap();
        assert!(!about.ends_with('.'), "{command}: {about}");
    }
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.good(&["completions", shell]);
        for command in commands(&place) {
            assert!(script.contains(&command), "{shell}: {command}");
        }
        assert!(
            script.contains("--episodes") || script.contains("episodes"),
            "{shell}"
        );
    }
    place.bad(&["completions", "csh"], &["'csh' is not one of bash"]);
}

#[test]
fn every_command_gets_a_page_of_the_manual() {
    let place = Place::new();
    let page = place.good(&["man"]);
    assert!(page.contains(".TH metaplast 1"), "{page}");
    assert!(page.contains("METAPLAST_DATA"), "{page}");
    place.good(&["man", "pages"]);
    for command in commands(&place) {
        let page = place.read(&format!("pages/metaplast-{command}.1"));
        assert!(
            page.contains(&format!(".TH metaplast-{command} 1")),
            "{page}"
        );
    }
    place.read("pages/metaplast-data-fetch.1");
}

#[test]
fn quiet_leaves_nothing_on_standard_error_but_errors() {
    let place = Place::new();
    let small = [
        "-q",
        "train",
        "--data",
        "glyphs",
        "sizes=784-4-47",
        "M=2",
        "K=1",
        "Q=1",
        "episodes=1",
        "trials=1",
        "--out",
        "run",
    ];
    let output = place.run(&small);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(stderr(&output), "");
    assert!(!output.stdout.is_empty());
    // Wherever it stands.
    let output = place.run(&["verify", "run", "--quiet"]);
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(0), "")
    );
    let output = place.run(&["-q", "verify", "gone"]);
    assert!(stderr(&output).starts_with("error: gone: "));
}

#[test]
fn results_come_as_one_json_document_where_asked_for() {
    let place = Place::new();
    let json = |args: &[&str]| -> serde_json::Value {
        let shown = place.good(args);
        assert_eq!(shown.lines().count(), 1, "{shown}");
        serde_json::from_str(&shown).unwrap()
    };
    let listed = json(&["data", "list", "--json"]);
    let sets = listed["sets"].as_array().unwrap();
    assert_eq!(sets[0]["name"], "glyphs");
    assert_eq!(sets[0]["state"], "built-in");
    assert!(sets.iter().any(|set| set["state"] == "not-found"));
    assert_eq!(json(&["data", "--json"]), listed);
    let checked = json(&["data", "check", "glyphs", "--json"]);
    assert_eq!(checked["sets"][1]["images_of"]["46"], 400);
    assert_eq!(checked["problems"].as_array().unwrap().len(), 0);
    let gradients = json(&["gradcheck", "--rule", "fa", "--json"]);
    assert_eq!(gradients["right"], true);
    let rows = gradients["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["name"] == "fa, all coefficients"));
    let small = [
        "train",
        "--data",
        "glyphs",
        "sizes=784-4-47",
        "M=2",
        "K=1",
        "Q=1",
        "episodes=2",
        "trials=1",
        "--out",
        "run",
    ];
    let trained = json(&[&small[..], &["--json"]].concat());
    assert_eq!(trained["directory"], "run");
    assert_eq!(trained["trials"], 1);
    let verified = json(&["verify", "run", "--json"]);
    assert_eq!(verified["matches"], true);
    assert_eq!(verified["rows"], 2);
    // A difference is in the document, and the exit code tells it too.
    let metrics = place.read("run/metrics.csv").replace("0,1,ok,", "0,1,ok,1");
    place.write("run/metrics.csv", metrics);
    let output = place.run(&["verify", "run", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["matches"], false);
    assert!(!document["differences"].as_array().unwrap().is_empty());
}
