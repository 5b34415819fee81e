//! What a run is known by: its files, its rule and its data, wherever they lie.

use std::fs;

use sha2::{Digest, Sha256};

use super::{files, interrupted, place, run_in, text, undisturbed};
use crate::support::IMAGES;

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
    place.small_data();
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
