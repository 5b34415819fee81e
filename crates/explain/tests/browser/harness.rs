//! Scripts that drive a page in a real browser.
//!
//! Needs Chromium, Node.js and `npm ci` in this folder; without them tests say that they are
//! skipped, unless METAPLAST_BROWSER is `required`, as in CI.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Chromium, if there is one.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut all = names
        .iter()
        .flat_map(|n| folders.iter().map(move |f| f.join(n)));
    all.find(|candidate| candidate.is_file())
}

/// Runs a script that imports `open.js` of `folder`, this one; `None` if something it needs
/// is missing.
pub(crate) fn run(folder: &Path, script: &Path, arguments: &[&Path]) -> Option<Output> {
    let missing = |what: &str| {
        let required = std::env::var("METAPLAST_BROWSER").is_ok_and(|v| v == "required");
        assert!(!required, "{what} is missing");
        eprintln!("skipped: {what} is missing, see crates/explain/tests/browser/harness.rs");
    };
    let Some(chromium) = chromium() else {
        missing("chromium");
        return None;
    };
    if !folder.join("node_modules/playwright-core").is_dir() {
        missing("playwright-core (npm ci in crates/explain/tests/browser)");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(script).args(arguments);
    match command.env("CHROMIUM", chromium).output() {
        Ok(output) => Some(output),
        Err(_) => {
            missing("node");
            None
        }
    }
}
