//! The page in a real browser: its controls work, and its numbers are the program's.
//!
//! See `browser/harness.rs` for what this needs.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

#[path = "browser/harness.rs"]
mod harness;

use std::fs;
use std::path::Path;
use std::process::Output;

use autodiff::{GradientOptions, Tape};
use datasets::{Dataset, Split};
use explain::Explanation;
use meta::{Batch, Episode, Setting, Settings};
use model::Rule;
use ndarray::Array2;
use serde_json::{Value, json};

const STEPS: usize = 30;

fn settings(rule: &str) -> Settings {
    let rule = Rule::built_in(rule).unwrap();
    let mut settings = Settings::of(rule);
    settings.learner.network.sizes = vec![784, 20, 12, 47];
    settings.tasks.shots = STEPS.div_ceil(5);
    settings
}

fn explain(settings: &Settings, data: &Dataset, steps: usize) -> Explanation {
    settings.check(data).unwrap();
    let theta = settings.learner.rule.example(settings.learner.feedback);
    Explanation::new(settings, data, &theta, steps).unwrap()
}

/// Runs the checks on a page; `None` if something they need is missing.
fn check(arguments: &[&Path]) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    harness::run(&folder, &folder.join("check.js"), arguments)
}

/// W of a layer before each step and after the last, by the engine itself.
fn weights(explanation: &Explanation, layer: usize) -> Vec<Array2<f64>> {
    let Explanation {
        settings, setting, ..
    } = explanation;
    let mut episode = Episode::of(settings).unwrap();
    let mut found = vec![setting.state.w[layer - 1].clone()];
    episode.record_watched(&mut Tape::new(), setting, |tape, step| {
        found.push(tape.matrix(&step.state.w[layer - 1]));
    });
    found
}

/// Λ of a layer after step `t`, by the engine itself: dL/dW₀ of an episode that starts
/// with what W is then.
fn adjoint(explanation: &Explanation, layer: usize, t: usize) -> Array2<f64> {
    let Explanation {
        settings, setting, ..
    } = explanation;
    let cut = |from: usize, to: usize| Batch {
        x: setting.train.x[from * 784..to * 784].to_vec(),
        labels: setting.train.labels[from..to].to_vec(),
    };
    let mut episode = Episode::of(settings).unwrap();
    let mut tape = Tape::new();
    let first = Setting {
        train: cut(0, t + 1),
        ..setting.clone()
    };
    let (_, state) = episode.run_with_state(&mut tape, &first);
    let rest = Setting {
        state,
        train: cut(t + 1, STEPS),
        ..setting.clone()
    };
    let recorded = episode.record(&mut tape, &rest);
    let options = GradientOptions {
        initial: &[&recorded.weights()[layer - 1]],
        ..GradientOptions::default()
    };
    tape.gradient_with(recorded.meta_loss, &[], &options)
        .initial(0)
        .clone()
}

fn one_weight(explanation: &Explanation, layer: usize, (post, pre): (usize, usize)) -> Value {
    let at = |m: &Array2<f64>| m[[post, pre]];
    let w: Vec<f64> = weights(explanation, layer).iter().map(at).collect();
    let adjoint: Vec<f64> = (0..STEPS)
        .map(|t| adjoint(explanation, layer, t)[[post, pre]])
        .collect();
    // Λ is a sum of parts that can cancel: its rounding is that of the largest.
    let most = adjoint.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let least = adjoint.iter().fold(f64::INFINITY, |m, x| m.min(x.abs()));
    json!({
        "layer": layer, "post": post, "pre": pre, "w": w, "adjoint": adjoint,
        "cancels": most / least,
    })
}

fn expected(explanation: &Explanation) -> Value {
    let parts = &explanation.unrolled.contributions;
    let terms = explanation.settings.learner.rule.terms.len();
    let layers = explanation.settings.learner.network.layers();
    let of_layer = |r: usize, l: usize| (0..STEPS).map(|t| parts[[t, l, r]]).sum::<f64>();
    let by_layer: Vec<Vec<f64>> = (0..terms)
        .map(|r| (0..layers).map(|l| of_layer(r, l)).collect())
        .collect();
    let rules = explanation.comparison.rules.iter();
    let angles: serde_json::Map<String, Value> = rules
        .map(|rule| {
            (
                rule.name.clone(),
                json!(rule.probes.last().unwrap().angles[..layers]),
            )
        })
        .collect();
    let responses: Vec<_> = explanation
        .responses
        .iter()
        .map(|r| r.loss.clone())
        .collect();
    json!({
        "loss": explanation.outcome.meta_loss,
        "gradient": explanation.outcome.gradient.theta,
        "by_layer": by_layer,
        "responses": responses,
        "angles": angles,
        "weights": [
            one_weight(explanation, 1, (3, 400)),
            one_weight(explanation, 2, (5, 7)),
            one_weight(explanation, 3, (30, 4)),
        ],
    })
}

fn stands(rule: &str) {
    let data = datasets::glyphs(Split::Test, 0);
    let explanation = explain(&settings(rule), &data, STEPS);
    let place = tempfile::tempdir().unwrap();
    let (page, numbers) = (
        place.path().join("page.html"),
        place.path().join("numbers.json"),
    );
    fs::write(&page, explanation.to_html()).unwrap();
    fs::write(&numbers, expected(&explanation).to_string()).unwrap();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("explain-{rule}"));
    fs::create_dir_all(&pictures).unwrap();
    if let Some(output) = check(&[&page, &numbers, &pictures]) {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{rule}: {errors}");
    }
}

#[test]
fn a_page_of_bio_shows_the_programs_numbers_and_its_controls_work() {
    stands("bio");
}

#[test]
fn a_page_of_all_ten_terms_shows_the_programs_numbers_too() {
    stands("pool");
}

#[test]
fn a_page_of_exact_backpropagation_shows_the_programs_numbers_too() {
    stands("bp-exact");
}

#[test]
fn the_page_of_bio_at_the_papers_size_is_under_5_mb_and_opens_within_two_seconds() {
    let data = datasets::glyphs(Split::Test, 0);
    let explanation = explain(&Settings::default(), &data, 250);
    let html = explanation.to_html();
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("page.html");
    fs::write(&page, html).unwrap();
    if let Some(output) = check(&[&page]) {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let milliseconds: f64 = String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .unwrap();
        assert!(milliseconds < 2000.0, "{milliseconds} ms");
    }
}
