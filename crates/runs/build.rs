//! Tells the crate what it is built from: for the record of each run.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&folder);
    let revision = from_package(folder)
        .or_else(|| from_git(folder))
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=METAPLAST_REVISION={revision}");
    for (name, variable) in [
        ("TARGET", "TARGET"),
        ("TARGET_FEATURES", "CARGO_CFG_TARGET_FEATURE"),
    ] {
        let value = env::var(variable).unwrap_or_default();
        println!("cargo::rustc-env=METAPLAST_{name}={value}");
    }
}

/// A package from a registry has the revision in a file that cargo put there.
fn from_package(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(".cargo_vcs_info.json")).ok()?;
    println!("cargo::rerun-if-changed=.cargo_vcs_info.json");
    let (_, rest) = text.split_once("\"sha1\"")?;
    let hex = rest.split('"').nth(1)?;
    Some(hex.chars().take(12).collect())
}

/// Only of a repository that has this very file: sources may be unpacked inside another.
fn from_git(folder: &Path) -> Option<String> {
    git(folder, &["ls-files", "--error-unmatch", "build.rs"])?;
    println!("cargo::rerun-if-changed=build.rs");
    for file in ["HEAD", "index"] {
        let path = git(
            folder,
            &["rev-parse", "--path-format=absolute", "--git-path", file],
        )?;
        println!("cargo::rerun-if-changed={path}");
    }
    if let Some(branch) = git(folder, &["symbolic-ref", "--quiet", "HEAD"])
        && let Some(path) = git(
            folder,
            &["rev-parse", "--path-format=absolute", "--git-path", &branch],
        )
        && Path::new(&path).exists()
    {
        println!("cargo::rerun-if-changed={path}");
    }
    git(
        folder,
        &[
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ],
    )
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
