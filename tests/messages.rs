//! Every mistake a user can make, as a table to be read: `messages.txt` has what was
//! typed, the exit code, and the whole of what the user is told.
//!
//! After a change of messages, `METAPLAST_MESSAGES=write cargo test --test command messages`
//! writes the table anew, and the difference is what to review.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{IMAGES, LABELS, Place, idx};
use serde_json::{Value, json};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages.txt");

#[test]
fn every_mistake_is_answered_by_one_line_and_an_exit_code_as_in_the_table() {
    let place = Place::new();
    make_data_sets(&place);
    make_configurations(&place);
    make_cases(&place);
    make_runs(&place);
    // As another process would hold it.
    let lock = fs::File::options()
        .write(true)
        .open(place.path().join("in-use/checkpoints/lock"))
        .unwrap();
    lock.try_lock().unwrap();

    let table = fs::read_to_string(TABLE).unwrap();
    let here = place.path().to_str().unwrap();
    let mut found = String::new();
    let before = contents(&place);
    for line in table.lines() {
        let Some(typed) = line.strip_prefix("$ metaplast") else {
            if line.starts_with('#') || line.is_empty() {
                found += &format!("{line}\n");
            }
            continue;
        };
        let args: Vec<&str> = typed.split_whitespace().collect();
        let output = place.run(&args);
        let code = output.status.code().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let told = told.replace(here, "/here");
        let told = told.replace("/usr/share/datasets (absent)", "/usr/share/datasets");
        assert!([1, 2].contains(&code), "{line}: {code} {told}");
        // What was going on before a failed run ended may come first.
        let (notes, error) = told.trim_end().rsplit_once('\n').unwrap_or(("", &told));
        assert!(code == 1 || notes.is_empty(), "{line}: {told}");
        assert!(error.starts_with("error: "), "{line}: {told}");
        assert!(!told.contains("panicked"), "{line}: {told}");
        found += &format!("{line}\n{code} {}\n", error.trim_end());
        // What is right is told beside what is wrong.
        let tells = code == 1 || typed.starts_with(" data check");
        assert!(
            tells || output.stdout.is_empty(),
            "{line} printed something"
        );
    }
    let after = contents(&place);
    let changed = after
        .iter()
        .find(|(path, bytes)| before.get(*path) != Some(bytes));
    assert_eq!(changed.map(|(path, _)| path), None, "was written");
    assert_eq!(before.len(), after.len(), "something was removed");
    if std::env::var_os("METAPLAST_MESSAGES").is_some() {
        fs::write(TABLE, found).unwrap();
    } else {
        for (want, found) in table.lines().zip(found.lines()) {
            assert_eq!(want, found);
        }
        assert_eq!(table, found);
    }
}

/// What no mistake may change: everything but the number of the last process in a lock
/// file, and the folders in which a download would have grown.
fn contents(place: &Place) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut contents = place.everything();
    contents
        .retain(|path, _| !path.ends_with("lock") && !path.starts_with(place.path().join("root")));
    contents
}

/// Texts that are no terms, by what is wrong with them.
const WRONG_TEXTS: [(&str, &str); 24] = [
    ("empty", ""),
    ("no-outer", "-e"),
    ("no-operator", "e y-"),
    ("turned", "y- ⊗ e"),
    ("post-twice", "e ⊗ y"),
    ("outer-twice", "e ⊗ y- ⊗ e-"),
    ("sides-times", "e * y- ⊗ 1"),
    ("sides-plus", "(y + y-) ⊗ 1"),
    ("matrix-plus-vector", "W + y"),
    ("unknown", "e ⊗ q"),
    ("near", "e ⊗ tahn(y-)"),
    ("function-alone", "e ⊗ tanh y-"),
    ("bracket-open", "e ⊗ (y- - e-"),
    ("bracket-closed", "e ⊗ y-)"),
    ("minus-without-space", "y * (y-c) ⊗ y-"),
    ("matrix-times-vector", "W * y ⊗ y-"),
    ("matrix-in-function", "tanh(W)"),
    ("matrix-B", "-B"),
    ("power", "e ⊗ y-^1.5"),
    ("trace-rate", "e ⊗ trace(y-)"),
    ("trace-range", "e ⊗ trace(y-, 1.5)"),
    ("sum-of-number", "sum(loss) * W"),
    ("at", "e @ y-"),
    ("nothing", "e ⊗ (y- - y-)"),
];

fn make_data_sets(place: &Place) {
    fs::create_dir(place.path().join("root")).unwrap();
    let set = |folder: &str, images: Vec<u8>, labels: Vec<u8>| {
        place.write(&format!("{folder}/{IMAGES}"), images);
        place.write(&format!("{folder}/{LABELS}"), labels);
    };
    let images = || idx(&[2051, 2, 2, 2], &[0; 8]);
    let labels = || idx(&[2049, 2], &[0, 1]);
    set("small", images(), labels());
    set("short", idx(&[2051, 2, 2, 2], &[0; 5]), labels());
    set("long", idx(&[2051, 2, 2, 2], &[0; 9]), labels());
    set("magic", idx(&[2049, 2, 2, 2], &[0; 8]), labels());
    set("swapped", labels(), images());
    set("count", images(), idx(&[2049, 3], &[0; 3]));
    set("wide", idx(&[2051, 2, 70_000, 2], &[0; 8]), labels());
    set("huge", idx(&[2051, u32::MAX, 28, 28], &[0; 4]), labels());
    set("empty", idx(&[2051, 0, 2, 2], &[]), idx(&[2049, 0], &[]));
    set("head", vec![0, 0, 8], labels());
    set("gzip", vec![0x1f, 0x8b, 8, 0], labels());
    place.write(&format!("alone/{IMAGES}"), images());
    fs::create_dir(place.path().join("nothing")).unwrap();
}

fn make_configurations(place: &Place) {
    for (name, text) in [
        (
            "small.toml",
            "data = 'glyphs'\nsizes = '784-12-47'\nK = 3\nQ = 2\nM = 3\ntrials = 1\nepisodes = 2\nout = 'out'\n",
        ),
        ("broken.toml", "K = 3\nQ = = 2\n"),
        ("strange.toml", "K = 3\nspeed = 2\n"),
        ("late.toml", "K = 3\n\nQ = \"many\"\n"),
        ("rule-field", "terms = ['F0']\nspeed = 3\n"),
        ("rule-syntax", "terms = ['F0'\n"),
        ("rule-term", "terms = ['F0', 'F10']\n"),
        ("rule-twice", "terms = ['F0', 'F0']\n"),
        ("rule-none", "terms = []\n"),
        ("rule-neither", "feedback = 'fixed'\n"),
        ("rule-feedback", "feedback = 'none'\nterms = ['F0']\n"),
        ("rule-layers", "layers = [['F0'], ['F0'], ['F0']]\n"),
        ("rule-empty", "terms = ['G']\n[[term]]\nname = 'G'\n"),
        (
            "rule-name",
            "terms = ['G']\n[[term]]\nname = 'a,b'\ndecay = 1\n",
        ),
        (
            "rule-again",
            "terms = ['F0']\n[[term]]\nname = 'F0'\ndecay = 1\n",
        ),
        (
            "rule-infinite",
            "terms = ['G']\n[[term]]\nname = 'G'\ndecay = inf\n",
        ),
        (
            "rule-factor",
            "terms = ['G']\n[[term]]\nname = 'G'\nproducts = [{ post = ['x'] }]\n",
        ),
        ("file", "a regular file"),
        ("full/file", ""),
    ] {
        place.write(name, text);
    }
    for (name, text) in WRONG_TEXTS {
        place.write(
            &format!("text/{name}"),
            format!("terms = [\"F0\", \"{text}\"]\n"),
        );
    }
    for (name, text) in [
        ("constant-unused", "terms = ['F0']\n[constants]\nb = 0\n"),
        (
            "constant-start",
            "terms = ['e ⊗ b']\n[constants]\nb = 'x'\n",
        ),
        ("constant-name", "terms = ['F0']\n[constants]\ntanh = 1\n"),
        ("shares", "terms = ['F0']\npopulations = [0.8, 0.3]\n"),
        ("shares-of-W", "terms = ['-W']\npopulations = [0.8, 0.2]\n"),
        (
            "back-symmetric",
            "feedback = 'symmetric'\nterms = ['F0']\nback = ['-W']\n",
        ),
        ("back-text", "terms = ['F0']\nback = ['y- ⊗ y']\n"),
        (
            "both",
            "terms = ['G']\n[[term]]\nname = 'G'\ntext = 'W'\ndecay = 1\n",
        ),
    ] {
        place.write(&format!("text/{name}"), text);
    }
    place.write("large.toml", vec![b'#'; (1 << 20) + 1]);
    place.write("rule-large", vec![b'#'; (1 << 20) + 1]);
    place.write("binary.toml", [0xff, 0xfe]);
}

/// Golden cases with one thing wrong.
fn make_cases(place: &Place) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let (fixed, direct) = (read("bio.json"), read("pool_direct.json"));
    let set = |case: &Value, pointer: &str, value: Value| {
        let mut case = case.clone();
        *case.pointer_mut(pointer).unwrap() = value;
        case.to_string()
    };
    let without = |case: &Value, key: &str| {
        let mut case = case.clone();
        case.as_object_mut().unwrap().remove(key).unwrap();
        case.to_string()
    };
    let with = |case: &Value, key: &str, value: Value| {
        let mut case = case.clone();
        case[key] = value;
        case.to_string()
    };
    // Numbers that a JSON library would not write.
    let raw = |number: &str| set(&fixed, "/theta/0", json!("HERE")).replace("\"HERE\"", number);
    for (name, text) in [
        ("good", fixed.to_string()),
        ("not-json", "{ not JSON".to_owned()),
        ("empty", String::new()),
        ("list", "[1, 2]".to_owned()),
        ("W-missing", without(&fixed, "W")),
        ("W-row-short", set(&fixed, "/W/0/0", json!([0.0]))),
        ("W-rows-few", set(&fixed, "/W/1", json!([[0.0]]))),
        ("W-none", set(&fixed, "/W", json!([]))),
        ("theta-two", set(&fixed, "/theta", json!([0.1, 0.2]))),
        ("theta-nan", raw("NaN")),
        ("theta-large", raw("1e999")),
        ("theta-low", raw("-1e999")),
        ("theta-null", raw("null")),
        ("train-label-5", set(&fixed, "/train/label/0", json!(5))),
        (
            "query-label-below-0",
            set(&fixed, "/query/label/0", json!(-1)),
        ),
        (
            "query-none",
            set(&fixed, "/query", json!({"x": [], "label": []})),
        ),
        ("query-short", set(&fixed, "/query/x/0", json!([1.0]))),
        ("train-labels-few", set(&fixed, "/train/label", json!([0]))),
        ("feedback", set(&fixed, "/feedback", json!("none"))),
        ("activation", set(&fixed, "/activation/kind", json!("relu"))),
        ("beta", set(&fixed, "/activation/beta", json!(0))),
        ("lambda", set(&fixed, "/lambda", json!(-1))),
        ("sizes-one", set(&fixed, "/sizes", json!([9]))),
        ("sizes-zero", set(&fixed, "/sizes/1", json!(0))),
        ("B-missing", without(&fixed, "B")),
        ("B-missing-direct", without(&direct, "B")),
        ("B-direct-rows", set(&direct, "/B/1", json!([[0.0]]))),
        ("terms-10", set(&fixed, "/terms", json!([0, 10]))),
        ("terms-below-0", set(&fixed, "/terms", json!([0, -1]))),
        ("terms-name", set(&fixed, "/terms", json!("F0"))),
        (
            "terms-text",
            set(&fixed, "/terms", json!(["-e ⊗ y-", "-e ⊗ y"])),
        ),
        ("terms-texts", set(&fixed, "/terms", json!(["-e ⊗ y-"]))),
        ("gains", with(&fixed, "gains", json!([1, 0]))),
        (
            "back",
            with(&fixed, "back", json!({"terms": ["-W"], "theta": []})),
        ),
        (
            "back-none",
            with(&fixed, "back", json!({"terms": [], "theta": []})),
        ),
        ("D-missing", set(&fixed, "/feedback", json!("mixed"))),
        ("params", with(&fixed, "params", json!({"sum": 1}))),
        ("terms-none", set(&fixed, "/terms", json!([]))),
        ("terms-twice", set(&fixed, "/terms", json!([2, 2]))),
        ("terms-layers", set(&fixed, "/terms", json!([[0], [2]]))),
    ] {
        place.write(&format!("case/{name}"), text);
    }
}

/// Copies of one run, each with something wrong.
fn make_runs(place: &Place) {
    place.good(&["train", "small.toml", "--threads", "1", "--out", "run"]);
    let text = |file: &str| place.read(&format!("run/{file}"));
    let copy = |run: &str, files: &[&str]| {
        for file in files {
            place.write(&format!("{run}/{file}"), text(file));
        }
    };
    let all = ["config.toml", "metrics.csv", "summary.json", "SHA256SUMS"];
    copy("digit", &all);
    let (loss, other) = ("0,1,ok,3", "0,1,ok,4");
    assert!(text("metrics.csv").contains(loss));
    place.write(
        "digit/metrics.csv",
        text("metrics.csv").replace(loss, other),
    );
    copy("lost", &all);
    fs::remove_file(place.path().join("lost/metrics.csv")).unwrap();
    for run in ["damaged", "in-use", "begun", "old", "newer", "other-data"] {
        copy(run, &["config.toml", "metrics.csv"]);
        place.write(&format!("{run}/checkpoints/lock"), "4321");
    }
    for number in [1, 2] {
        let name = format!("damaged/checkpoints/checkpoint-{number}");
        place.write(&name, "metaplast c\u{1}, cut off");
    }
    let changed = |from: &str, to: &str| {
        let config = text("config.toml");
        assert!(config.contains(from), "{config}");
        config.replace(from, to)
    };
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    place.write("old/config.toml", changed(&version, "version = \"0.0.1\""));
    let sum = "data_sha256 = \"";
    place.write("other-data/config.toml", changed(sum, "data_sha256 = \"00"));
    place.write(
        "newer/config.toml",
        changed("trials = 1", "trials = 1\nspeed = 3"),
    );
    place.write("no-data/config.toml", changed("data = \"glyphs\"\n", ""));
}
