//! The page in a real browser: its numbers are the program's, its controls work, its lessons
//! can be followed. See `crates/explain/tests/browser/harness.rs` for what this needs.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

#[path = "../../explain/tests/browser/harness.rs"]
mod harness;

use std::fs;
use std::path::Path;

use playground::Desk;
use serde_json::{Value, json};

/// The page's set-ups that are compared: an address, and what it stands for.
fn cases() -> Vec<(String, Value, Vec<f64>)> {
    let setup = |feedback: &str, terms: Value, back: Value, rest: Value| {
        let mut setup = json!({
            "images": { "drawings": [], "all": false, "fine": false }, "hidden": [40, 20],
            "terms": terms, "back": back, "constants": [], "activation": "softplus",
            "beta": 10, "feedback": feedback, "M": 5, "K": 40, "Q": 10, "seed": 0,
            "eta": 0.001, "penalty": "none", "lambda": 0, "optimiser": "adam",
        });
        for (key, value) in rest.as_object().unwrap() {
            setup[key] = value.clone();
        }
        setup
    };
    vec![
        (
            "#w=-e+⊗+y-@0.01&w=-e+⊗+e-@-0.02".to_owned(),
            setup("fixed", json!(["-e ⊗ y-", "-e ⊗ e-"]), json!([]), json!({})),
            vec![0.01, -0.02],
        ),
        (
            "#fb=plastic&w=-e+⊗+y-@0.01&b=-e+⊗+y-@0.01&b=-W@0.0001&net=30&act=tanh&seed=7"
                .to_owned(),
            setup(
                "fixed",
                json!(["-e ⊗ y-"]),
                json!(["-e ⊗ y-", "-W"]),
                json!({ "hidden": [30], "activation": "tanh", "seed": 7 }),
            ),
            vec![0.01, 0.01, 0.0001],
        ),
        (
            "#fb=mixed&w=-e+⊗+(y-+-+b)@0.02&c=b@0.1&g=0.5,0.5&img=characters&fine=true&K=4"
                .to_owned(),
            setup(
                "mixed",
                json!(["-e ⊗ (y- - b)"]),
                json!([]),
                json!({ "constants": [["b", 0.1]], "K": 4,
                        "images": { "drawings": [], "all": true, "fine": true } }),
            ),
            vec![0.02, 0.5, 0.5, 0.1],
        ),
    ]
}

/// What the program says to a set-up: the whole episode, the end of learning ten images at
/// a time, and where a step leads.
fn expected(hash: &str, setup: &Value, theta: &[f64]) -> Value {
    let mut desk = Desk::default();
    let mut ask = |request: Value| {
        let mut answer: Value = serde_json::from_str(&desk.answer(&request.to_string())).unwrap();
        assert!(answer["trouble"].is_null(), "{answer}");
        answer["done"].take()
    };
    let described = ask(json!({ "do": "set-up", "setup": setup }));
    let layer = described["sizes"].as_array().unwrap().len() - 2;
    ask(json!({ "do": "begin", "task": 0 }));
    let episode = ask(json!({ "do": "episode", "theta": theta }));
    let mut end = Value::Null;
    while end["seen"].is_null() || end["seen"] != end["of"] {
        let images = 10;
        end = ask(json!({ "do": "learn", "theta": theta, "images": images, "layer": layer }));
    }
    let step = ask(json!({ "do": "step", "theta": theta }));
    json!({ "hash": hash, "episode": episode, "end": end, "step": step["theta"] })
}

/// Lets `parts` of `check.mjs` look at the page.
fn check(parts: &[&str]) {
    let place = tempfile::tempdir().unwrap();
    let (page, numbers) = (
        place.path().join("page.html"),
        place.path().join("numbers.json"),
    );
    let expected: Vec<Value> = cases().iter().map(|(h, s, t)| expected(h, s, t)).collect();
    fs::write(&page, playground::page()).unwrap();
    fs::write(&numbers, json!(expected).to_string()).unwrap();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("playground");
    fs::create_dir_all(&pictures).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let harness = here.join("../explain/tests/browser");
    let mut arguments = vec![page.as_path(), &numbers, &pictures];
    arguments.extend(parts.iter().map(Path::new));
    if let Some(output) = harness::run(&harness, &here.join("tests/check.mjs"), &arguments) {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        eprintln!("{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn the_page_shows_the_programs_numbers_and_its_controls_work() {
    check(&["numbers", "speed", "controls", "looks"]);
}

#[test]
fn the_lessons_can_be_followed_to_their_ends() {
    check(&["lessons"]);
}
