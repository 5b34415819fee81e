//! Claims beyond the paper: each can hold and can fail, and the book has their criteria.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;

use meta::{FrozenRecord, Status};
use paper::{Context, FrozenMetrics, Outcome, Results, Study, Verdict, beyond};
use runs::{Metrics, Row};

const TRIALS: u64 = 6;

/// A run whose every episode comes to the same, but for a little between trials.
fn run(accuracy: f64, angle: f64, learned: &[(&str, f64)]) -> Metrics {
    let rows = (0..12).map(|i| {
        let (trial, episode) = (i % TRIALS, i / TRIALS);
        let shift = 0.001 * trial as f64;
        Row {
            trial,
            episode,
            status: Status::Ok,
            loss: 1.0,
            cross_entropy: 1.0,
            accuracy: accuracy + shift,
            theta: learned
                .iter()
                .map(|(_, value)| value + 1e-3 * shift)
                .collect(),
            angles: vec![angle + shift; 6],
            orthonormality: vec![1.0; 5],
            measured: vec![],
            divergence: None,
        }
    });
    Metrics {
        terms: learned.iter().map(|(name, _)| (*name).to_owned()).collect(),
        layers: 5,
        measures: vec![],
        rows: rows.collect(),
    }
}

const BIO: [(&str, f64); 3] = [("F0", 0.01), ("F2", -0.05), ("F9", 0.005)];

fn fresh(accuracy: f64) -> FrozenMetrics {
    let records = (0..TRIALS).map(|trial| FrozenRecord {
        trial,
        task: 0,
        cross_entropy: Some(1.0),
        accuracy: accuracy + 0.001 * trial as f64,
        orthonormality: vec![],
        input: vec![],
        weights_to_feedback: vec![],
        ehebb_to_feedback: vec![],
    });
    FrozenMetrics::of(records.collect(), 1.0 / 47.0)
}

/// Records on which all claims hold.
fn as_expected() -> Results {
    let mut results = Results::new(Context {
        data: "emnist-balanced".to_owned(),
        synthetic: false,
        online_data: String::new(),
        online_images: 0,
        trials: TRIALS,
        episodes: None,
        seed: 1,
        quick: false,
        assignments: vec![],
        outputs: 47,
    });
    let accuracy = |rule: &str| match rule {
        "bp" => 0.70,
        "fa" => 0.25,
        "ehebb" => 0.58,
        "oja" => 0.66,
        _ => 0.74,
    };
    for rule in ["bp", "fa", "ehebb", "oja", "bio"] {
        results.add(rule, run(accuracy(rule), 88.0, &BIO));
    }
    results.add("dfa", run(0.25, 88.0, &[("F0", 0.01)]));
    let back = [
        ("F0", 0.01),
        ("F3", 0.01),
        ("phi_F0", 0.01),
        ("phi_F3", 0.01),
    ];
    results.add("kolen-pollack", run(0.71, 5.0, &back));
    results.add("sign", run(0.55, 50.0, &[("F0", 0.01)]));
    let gains = [("F0", 0.01), ("gain_0", 0.9), ("gain_1", -0.4)];
    results.add("mixed", run(0.35, 80.0, &gains));
    for experiment in &beyond::EXPERIMENTS {
        let (rule, shots) = experiment.name.split_once("-k").unwrap_or(("", ""));
        let lost = if shots.is_empty() { 0.0 } else { 0.1 };
        match experiment.name {
            "kolen-pollack" | "sign" | "mixed" => {}
            "bio-set-point" | "bio-trace" | "bio-third-factor" | "bio-normalised" => {
                results.add(experiment.name, run(0.80, 60.0, &BIO));
            }
            name => results.add(name, run(accuracy(rule) - lost, 88.0, &BIO)),
        }
    }
    for test in &beyond::FROZEN {
        results.add_frozen(test.name, fresh(0.74));
    }
    results.add_frozen("fashion-5-way-bio", fresh(0.62));
    results
}

fn judged(id: &str, results: &Results) -> Outcome {
    let study = Study::named("beyond").unwrap();
    let claim = study.claims.iter().find(|claim| claim.id == id).unwrap();
    Verdict::of(claim, results).outcome
}

#[test]
fn every_claim_holds_where_all_is_as_expected_and_none_is_tested_without_records() {
    let results = as_expected();
    let nothing = Results::new(results.context.clone());
    for (i, claim) in Study::named("beyond").unwrap().claims.iter().enumerate() {
        assert_eq!(claim.id, format!("B{}", i + 1));
        let verdict = Verdict::of(claim, &results);
        let checks = &verdict.checks;
        assert_eq!(verdict.outcome, Outcome::Held, "{}: {checks:#?}", claim.id);
        let verdict = Verdict::of(claim, &nothing);
        assert_eq!(verdict.outcome, Outcome::NotTested, "{}", claim.id);
        assert!(verdict.note.contains("needs reproduce"), "{}", verdict.note);
    }
}

#[test]
fn a_run_that_contradicts_a_claim_turns_its_verdict() {
    let gains = [("F0", 0.01), ("gain_0", 1.0), ("gain_1", 0.01)];
    let other_sign = [("F0", 0.01), ("F2", 0.05), ("F9", 0.005)];
    let cases: [(&str, &'static str, Metrics); 13] = [
        ("B1", "kolen-pollack", run(0.71, 70.0, &BIO)),
        ("B1", "kolen-pollack", run(0.55, 5.0, &BIO)),
        ("B2", "kolen-pollack", run(0.71, 80.0, &BIO)),
        ("B2", "kolen-pollack", run(0.30, 5.0, &BIO)),
        ("B3", "sign", run(0.30, 50.0, &BIO)),
        ("B3", "sign", run(0.75, 50.0, &BIO)),
        ("B4", "mixed", run(0.35, 80.0, &gains)),
        ("B4", "dfa", run(0.40, 80.0, &BIO)),
        ("B5", "bio-cma", run(0.74, 80.0, &other_sign)),
        ("B6", "bio-set-point", run(0.70, 80.0, &BIO)),
        ("B7", "bio-trace", run(0.70, 80.0, &BIO)),
        ("B8", "bio-third-factor", run(0.70, 80.0, &BIO)),
        ("B9", "bio-k5", run(0.50, 80.0, &BIO)),
    ];
    for (id, name, metrics) in cases {
        let mut results = as_expected();
        results.add(name, metrics);
        assert_eq!(
            judged(id, &results),
            Outcome::NotHeld,
            "{id} with another {name}"
        );
    }
    let mut results = as_expected();
    results.add_frozen("frozen-bio-es", fresh(0.6));
    assert_eq!(judged("B5", &results), Outcome::NotHeld);
    results.add_frozen("fashion-5-way-trace", fresh(0.6));
    assert_eq!(judged("B10", &results), Outcome::NotHeld);
    assert_eq!(judged("B11", &results), Outcome::Held);
    results.add_frozen("fashion-5-way-normalised", fresh(0.6));
    assert_eq!(judged("B11", &results), Outcome::NotHeld);
}

/// After a change of a claim, `METAPLAST_MESSAGES=write cargo test -p metaplast-paper`
/// writes the page anew.
#[test]
fn the_page_of_criteria_is_that_of_the_claims() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference");
    // A package from a registry has no book.
    if !folder.is_dir() {
        return;
    }
    let page = folder.join("beyond-criteria.md");
    let wanted = Study::named("beyond").unwrap().criteria();
    if std::env::var_os("METAPLAST_MESSAGES").is_some() {
        fs::write(&page, &wanted).unwrap();
    }
    assert_eq!(fs::read_to_string(&page).unwrap(), wanted);
}
