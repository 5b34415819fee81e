//! Cards of small runs: what stands on them, and of which runs there is none.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use card::{Ask, Card, Plan};
use datasets::{Dataset, Split};
use meta::Threads;
use runs::{Config, Run, RunError};

/// Runs a second's worth of a rule on glyphs.
fn run(folder: &Path, more: &[&str]) -> PathBuf {
    let small = [
        "data=glyphs",
        "sizes=784-12-47",
        "K=3",
        "Q=2",
        "M=3",
        "episodes=12",
        "trials=3",
    ];
    let settings: Vec<String> = small.iter().chain(more).map(|s| (*s).to_owned()).collect();
    let config = Config::new(None, Vec::new(), &settings).unwrap();
    let data = Arc::new(datasets::glyphs(Split::Test, 0));
    let path = folder.join("run");
    let mut run = Run::open(&config, data, &path, &Threads::new(2).unwrap()).unwrap();
    run.finish(&AtomicBool::new(false), |_| ()).unwrap();
    path
}

fn ask(run: &Path) -> Ask {
    Ask {
        run: run.to_owned(),
        trials: None,
        tasks: 2,
    }
}

fn card(run: &Path, others: Vec<Dataset>) -> Card {
    let plan = Plan::open(ask(run), |_| Ok(others)).unwrap();
    let done = AtomicU64::new(0);
    let threads = Threads::new(2).unwrap();
    let card = plan.measure(&threads, &AtomicBool::new(false), || {
        done.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(done.into_inner(), plan.work(), "all work was announced");
    card.unwrap()
}

/// Twelve images of each of ten classes, one pixel of which depends on the class.
fn ten_classes(side: usize, of_class: usize) -> Dataset {
    let labels: Vec<u8> = (0..10 * of_class).map(|i| (i % 10) as u8).collect();
    let pixels = side * side;
    let image = |label| (0..pixels).map(move |p| if p == usize::from(label) { 255 } else { 0 });
    let images: Vec<u8> = labels.iter().copied().flat_map(image).collect();
    Dataset::from_parts("ten", Split::Test, side, side, images, labels).unwrap()
}

#[test]
fn a_card_tells_the_rule_its_terms_worth_and_where_it_works() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = "name = \"mine\"\nterms = [\"F0\", \"-e ⊗ (e- - b)\"]\nback = [\"-W\"]\n\n\
                [constants]\nb = 0.1\n";
    fs::write(&file, text).unwrap();
    let run = run(folder.path(), &[&format!("rule={}", file.display())]);
    let card = card(&run, vec![ten_classes(28, 12)]);
    let markdown = card.to_markdown();
    for part in [
        "# Rule card: mine",
        "synthetic data",
        "`-e ⊗ (e- - b)`",
        r"\Delta B_\ell",
        "| constant_b | constant | ",
        "| phi_F3 | φ, of a term of B | ",
        "The constant b starts at 0.1.",
        "| without | accuracy | accuracy lost |",
        "|  | K = 3 | K = 5 | K = 10 | K = 20 | K = 50 |",
        "α₀",
        "metaplast train ",
        "Shervani-Tabar",
        "an episode as the run had it | ",
        "seed = 0",
    ] {
        assert!(markdown.contains(part), "{part} is missing:\n{markdown}");
    }
    // A set of twelve images a class is enough for K = 10, and no more.
    let ten = markdown
        .lines()
        .find(|line| line.starts_with("| ten |"))
        .unwrap();
    assert_eq!(ten.matches("too few images").count(), 2, "{ten}");
    assert_eq!(ten.matches('[').count(), 3, "{ten}");
    // What is lost without a term is the difference of what stands beside it.
    let lines = markdown
        .lines()
        .skip_while(|line| !line.starts_with("| without"));
    let rows: Vec<Vec<f64>> = lines
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.split('|').skip(2).take(2);
            let number = |cell: &str| cell.split_whitespace().next().unwrap().replace('−', "-");
            cells.map(|cell| number(cell).parse().unwrap()).collect()
        })
        .collect();
    assert_eq!(rows.len(), 3, "F0, T2 and phi_F3");
    let whole: Vec<f64> = rows.iter().map(|row| row[0] + row[1]).collect();
    assert!(
        whole.iter().all(|sum| (sum - whole[0]).abs() < 2e-3),
        "{whole:?}"
    );

    let html = card.to_html();
    assert_eq!(html.matches("<math>").count(), 3);
    for foreign in ["src=\"http", "href=\"http", "@import"] {
        assert!(
            !html.contains(foreign),
            "the page reaches out with {foreign}"
        );
    }
    for part in [
        "prefers-color-scheme:dark",
        "width=device-width",
        "<svg",
        "id=\"contributions\"",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
}

#[test]
fn a_run_that_diverged_has_a_card_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), &["rule=oja", "theta0=1e6"]);
    let markdown = card(&run, Vec::new()).to_markdown();
    assert!(markdown.contains("count as guesses"), "{markdown}");
    let lost = markdown
        .lines()
        .find_map(|line| line.strip_prefix("| of them diverged | "));
    let lost: u32 = lost.unwrap().trim_end_matches(" |").parse().unwrap();
    assert!(lost > 12, "{lost} of 36");
}

#[test]
fn data_that_the_network_cannot_see_are_left_out_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), &["rule=bp"]);
    let glyphs = datasets::glyphs(Split::Test, 0);
    let card = card(&run, vec![glyphs, ten_classes(5, 12)]);
    let markdown = card.to_markdown();
    assert!(markdown.contains("ten is left out: sizes"), "{markdown}");
    assert_eq!(markdown.matches("| glyphs (synthetic) |").count(), 1);
    // Backpropagation is at no angle to itself.
    assert!(!markdown.contains("How far from backpropagation"));
}

#[test]
fn there_is_no_card_of_an_unfinished_run_of_a_part_or_of_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let error = |run: &Path| match Plan::open(ask(run), |_| Ok(Vec::new())) {
        Err(error) => error,
        Ok(_) => panic!("there is a card"),
    };
    let nothing = error(folder.path()).to_string();
    assert!(nothing.contains("is no run directory"), "{nothing}");
    let part = folder.path().join("part");
    fs::create_dir(&part).unwrap();
    let part = run(&part, &["rule=fa", "shard=1/2"]);
    let told = error(&part).to_string();
    assert!(told.contains("is part 1/2 of a run"), "{told}");
    let whole = run(folder.path(), &["rule=fa"]);
    let sums = fs::read(whole.join("SHA256SUMS")).unwrap();
    fs::remove_file(whole.join("SHA256SUMS")).unwrap();
    let told = error(&whole).to_string();
    assert!(
        told.contains("is not finished; go on with: metaplast resume"),
        "{told}"
    );
    fs::write(whole.join("SHA256SUMS"), sums).unwrap();
    let metrics = fs::read_to_string(whole.join("metrics.csv")).unwrap();
    fs::write(whole.join("metrics.csv"), metrics.replace("ok", "diverged")).unwrap();
    assert!(matches!(error(&whole), RunError::Changed { .. }));
}
