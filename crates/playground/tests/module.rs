//! The compiled module in `assets`: it answers as the program does, to the last bit, and
//! what `build.sh` makes now answers the same.
//!
//! Needs Node.js; the module is built anew if METAPLAST_REBUILD is set and there is a Rust
//! toolchain for wasm32-unknown-unknown. Without them these tests say that they are skipped,
//! unless METAPLAST_BROWSER is `required`, as in CI.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use playground::Desk;
use serde_json::{Value, json};

/// Requests that together use every feedback, every activation, all of the paper's terms
/// and every optimiser.
fn requests() -> Vec<String> {
    let all: Vec<String> = (0..10).map(|r| format!("F{r}")).collect();
    let small: Vec<f64> = (0..10).map(|r| 1e-3 * f64::from(r - 4)).collect();
    let setups = [
        (
            "fixed",
            "softplus",
            json!(["-e ⊗ y-", "-e ⊗ e-"]),
            json!([]),
            "adam",
            vec![0.01, -0.02],
        ),
        ("fixed", "softplus", json!(all), json!([]), "guarded", small),
        (
            "symmetric",
            "tanh",
            json!(["F0", "F9"]),
            json!([]),
            "es",
            vec![0.02, 0.002],
        ),
        (
            "symmetric-exact",
            "sigmoid",
            json!(["F0"]),
            json!([]),
            "newton",
            vec![0.05],
        ),
        (
            "sign",
            "softplus",
            json!(["-tanh(e) ⊗ y-"]),
            json!([]),
            "cma",
            vec![0.01],
        ),
        (
            "direct",
            "tanh",
            json!(["-loss * e ⊗ trace(y-, 0.7)"]),
            json!([]),
            "adam",
            vec![0.01],
        ),
        (
            "mixed",
            "softplus",
            json!(["F0"]),
            json!([]),
            "adam",
            vec![0.01, 1.0, 0.5],
        ),
        (
            "fixed",
            "softplus",
            json!(["F0"]),
            json!(["F0", "-W"]),
            "adam",
            vec![0.01, 0.01, 1e-4],
        ),
    ];
    let mut requests = vec![json!({ "do": "catalog" })];
    for (feedback, activation, terms, back, optimiser, theta) in setups {
        let setup = json!({
            "images": {}, "hidden": [13, 9], "terms": terms, "back": back,
            "activation": activation, "beta": 10, "feedback": feedback,
            "M": 3, "K": 4, "Q": 3, "seed": 5, "eta": 0.001, "penalty": "none", "lambda": 0, "optimiser": optimiser,
            "population": 4,
        });
        requests.extend([
            json!({ "do": "set-up", "setup": setup }),
            json!({ "do": "begin", "task": 1 }),
            json!({ "do": "learn", "theta": theta, "images": 5, "layer": 1 }),
            json!({ "do": "ask", "lines": [[[10, 20], [200, 30], [90, 240]]] }),
            json!({ "do": "episode", "theta": theta }),
        ]);
        requests.extend((0..5).map(|_| json!({ "do": "step", "theta": Value::Null })));
    }
    requests.iter().map(Value::to_string).collect()
}

fn missing(what: &str) {
    let required = std::env::var("METAPLAST_BROWSER").is_ok_and(|v| v == "required");
    assert!(!required, "{what}");
    eprintln!("skipped: {what}, see crates/playground/tests/module.rs");
}

/// What a module answers, in Node.js.
fn answers(module: &Path, requests: &[String]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("requests");
    fs::write(&asked, requests.join("\n")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/module.mjs");
    let Ok(output) = Command::new("node")
        .arg(script)
        .args([module, &asked])
        .output()
    else {
        missing("there is no node");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

/// The program's answers are those of the module.
fn agrees(module: &Path) {
    let requests = requests();
    let Some(found) = answers(module, &requests) else {
        return;
    };
    let mut desk = Desk::default();
    assert_eq!(found.len(), requests.len());
    for (request, found) in requests.iter().zip(found) {
        let want = desk.answer(request);
        assert!(want.starts_with("{\"done\""), "{request}: {want}");
        assert_eq!(found, want, "{request}");
    }
}

#[test]
fn the_module_in_the_page_answers_as_the_program_does_to_the_last_bit() {
    agrees(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/engine.wasm.gz"));
}

#[test]
fn a_module_built_now_answers_the_same() {
    if std::env::var_os("METAPLAST_REBUILD").is_none() {
        return eprintln!("skipped: takes minutes; set METAPLAST_REBUILD to build the module");
    }
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("engine.wasm.gz");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.sh");
    let output = Command::new(script).arg(&module).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(3) {
        return missing(errors.trim());
    }
    assert!(output.status.success(), "{errors}");
    agrees(&module);
}
