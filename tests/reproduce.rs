//! `metaplast reproduce` as a whole, in a size that takes seconds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::harness;
use crate::support::{Place, idx};

/// The paper's network, on tasks of a tenth of its images.
const TINY: [&str; 8] = [
    "--data",
    "glyphs",
    "--trials",
    "2",
    "--episodes",
    "3",
    "K=5",
    "Q=2",
];

fn args<'a>(figures: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [&["reproduce"], figures, &TINY, rest].concat()
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(each) = folders.pop() {
        for entry in fs::read_dir(each).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_figure_and_the_table_come_with_all_their_files() {
    let place = Place::new();
    let printed = place.good(&args(&["fig3", "table1"], &["--out", "out"]));
    for id in ["C1", "C3", "C10", "C12"] {
        assert!(printed.contains(id), "{printed}");
    }
    assert!(printed.contains("C12 not tested"), "{printed}");
    assert!(printed.contains("out/report.html"), "{printed}");
    let found = files(&place.path().join("out"));
    let names = "captions.json fig3.csv fig3.png fig3.svg report.html table1.csv table1.md \
                 verdicts.csv runs/bp/metrics.csv runs/table1-all/metrics.csv";
    for name in names.split_whitespace() {
        assert!(found.contains_key(name), "{name} is missing");
    }
    let captions: serde_json::Value = serde_json::from_slice(&found["captions.json"]).unwrap();
    for figure in ["fig3", "table1"] {
        let caption = captions[figure]["caption"].as_str().unwrap();
        let version = format!("metaplast {}", env!("CARGO_PKG_VERSION"));
        for part in [
            "glyphs (synthetic)",
            "2 trials",
            "3 episodes",
            "Seed 0",
            &version,
        ] {
            assert!(caption.contains(part), "{part}: {caption}");
        }
    }
    let page = place.read("out/report.html");
    for foreign in ["src=\"http", "href=\"http", "url(", "@import"] {
        let outside = page.split("clip-path=\"url(#").collect::<String>();
        assert!(
            !outside.contains(foreign),
            "the page reaches out with {foreign}"
        );
    }
    assert!(page.contains("synthetic data"));
    // Seven rows of three angles, with numbers in each.
    let table = place.read("out/table1.csv");
    assert_eq!(table.lines().count(), 1 + 7 * 3);
    assert!(
        table
            .lines()
            .skip(1)
            .all(|line| line.split(',').all(|cell| !cell.is_empty()))
    );
}

/// See `crates/explain/tests/browser/harness.rs` for what this needs.
#[test]
fn the_page_gives_the_numbers_of_its_figures_by_itself() {
    let place = Place::new();
    place.good(&args(&["fig3"], &["--out", "out"]));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let browser = root.join("crates/explain/tests/browser");
    let (folder, figure) = (place.path().join("out"), Path::new("fig3"));
    if let Some(output) = harness::run(&browser, &root.join("tests/page.mjs"), &[&folder, figure]) {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
    }
}

#[test]
fn what_goes_beyond_the_paper_has_figures_and_claims_of_its_own() {
    let place = Place::new();
    let printed = place.good(&args(&["sign", "mixed"], &[]));
    assert!(printed.contains("B3  not tested"), "{printed}");
    assert!(!printed.contains("C1 "), "{printed}");
    let folder = "results/glyphs-beyond";
    assert!(printed.contains(folder), "{printed}");
    let verdicts = place.read(&format!("{folder}/verdicts.csv"));
    assert!(verdicts.contains("B4,mixed,not tested"), "{verdicts}");
    let curves = place.read(&format!("{folder}/mixed.csv"));
    assert!(curves.contains("gain_₁"), "the gains are drawn");
    let rule = place.read(&format!("{folder}/runs/sign/rule/sign.toml"));
    assert!(rule.contains("feedback = \"sign\""), "{rule}");
    place.bad(
        &["reproduce", "figg"],
        &["unknown figure 'figg'", "shots, or beyond"],
    );
}

#[test]
fn runs_are_made_once_and_what_is_missing_is_made_again_with_the_same_bytes() {
    let place = Place::new();
    let ask = args(&["fig3"], &["--out", "out"]);
    place.good(&ask);
    let first = files(&place.path().join("out"));
    fs::remove_dir_all(place.path().join("out/runs/fa")).unwrap();
    fs::remove_file(place.path().join("out/fig3.svg")).unwrap();
    let kept = place.path().join("out/runs/bp/metrics.csv");
    let written = fs::metadata(&kept).unwrap().modified().unwrap();
    place.good(&ask);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), written);
    let second = files(&place.path().join("out"));
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        second.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &first {
        assert!(second[name] == *bytes, "{name} differs");
    }
}

/// Thirty images of 28 × 28 pixels in each of ten classes, for training and for tests: few
/// enough for every experiment of the figure.
fn digits(place: &Place) {
    let pixels: Vec<u8> = (0..300 * 784_u32)
        .map(|i| (i.wrapping_mul(i) / 7 % 251) as u8)
        .collect();
    let labels: Vec<u8> = (0..300).map(|i| (i % 10) as u8).collect();
    for half in ["train", "t10k"] {
        let name = |kind| format!("data/mnist/{half}-{kind}-ubyte");
        place.write(&name("images-idx3"), idx(&[2051, 300, 28, 28], &pixels));
        place.write(&name("labels-idx1"), idx(&[2049, 300], &labels));
    }
}

/// That their bytes depend neither on threads nor on interruptions is shown where such runs
/// are killed.
#[test]
fn digits_are_learned_online_in_run_directories_that_can_be_verified() {
    let place = Place::new();
    digits(&place);
    let ask = [
        "reproduce",
        "fig1",
        "K=6",
        "Q=2",
        "--data",
        "mnist",
        "--trials",
        "2",
        "--episodes",
        "2",
        "--out",
        "out",
    ];
    place.good(&ask);
    let online = place.read("out/runs/online-bp/online.csv");
    // Before the first image, after 250 and after the last of 300.
    assert_eq!(online.lines().count(), 1 + 2 * 3);
    assert!(online.starts_with("trial,images,status,cross_entropy,accuracy,angle_0,"));
    let found = files(&place.path().join("out"));
    assert!(found.contains_key("fig1.svg"));
    let told = place.good(&["verify", "out/runs/online-fa-authors"]);
    assert!(told.ends_with("matches to the bit\n"), "{told}");
}

#[test]
fn settings_are_passed_on_to_every_run_and_told_wherever_results_are_shown() {
    let place = Place::new();
    let given = ["optimiser=adam", "sizes=784-6-47", "--out", "out"];
    let printed = place.good(&args(&["fig3"], &given));
    let config = place.read("out/runs/fa/config.toml");
    assert!(
        config.contains("optimiser = \"adam\"") && config.contains("K = 5"),
        "{config}"
    );
    let (page, captions) = (
        place.read("out/report.html"),
        place.read("out/captions.json"),
    );
    for told in [
        "sizes = 784-6-47",
        "synthetic data (glyphs), not EMNIST",
        "2 trials, not 20",
    ] {
        for place in [&page, &captions, &printed] {
            assert!(place.contains(told), "{told}: {place}");
        }
    }
    assert!(!captions.contains("guarded"), "{captions}");
    // Nothing is judged on two trials of three episodes.
    let verdicts = place.read("out/verdicts.csv");
    assert!(
        verdicts.starts_with("claim,figure,outcome,check,met,"),
        "{verdicts}"
    );
    assert_eq!(
        verdicts.matches(",not tested,").count(),
        verdicts.lines().count() - 1
    );
    for id in 1..=16 {
        assert!(verdicts.contains(&format!("\nC{id},")), "C{id}");
    }
    let printed = place.good(&args(&["fig3"], &[&given[..], &["--json"]].concat()));
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["verdicts"].as_array().unwrap().len(), 16);
    assert_eq!(document["verdicts"][0]["outcome"], "not tested");
    let table = place.good(&["reproduce", "--compare", "out", "out"]);
    assert!(table.contains("16 of 16 verdicts are the same."), "{table}");
}

#[test]
fn what_cannot_be_reproduced_is_refused_in_one_line() {
    let place = Place::new();
    place.bad(
        &["reproduce", "fig3", "rule=bp"],
        &["rule=bp: a figure has a rule of its own"],
    );
    place.bad(
        &["reproduce", "fig3", "trials=3"],
        &["trials=3: is given as --trials"],
    );
    place.bad(
        &["reproduce", "optimiser=adam"],
        &["no figure to reproduce with optimiser=adam"],
    );
    place.bad(
        &["reproduce", "--compare", "nowhere"],
        &["nowhere/verdicts.csv"],
    );
    place.bad(
        &["reproduce", "fig2"],
        &["unknown figure 'fig2'; it should be one of fig1, fig3"],
    );
    place.bad(&["reproduce"], &["FIGURE"]);
    place.bad(
        &["reproduce", "fig3", "--trials", "0"],
        &["--trials: '0' is not a whole number from 1 to 1000000"],
    );
    place.bad(&["reproduce", "fig3", "--data", "nonsense"], &["nonsense"]);
    place.good(&args(&["fig3"], &["--out", "out"]));
    let mut other = args(&["fig3"], &["--out", "out"]);
    other[5] = "3";
    place.bad(&other, &["out", "trials"]);
}
