//! What the program is built from, and what its sources may do: the rules of `deny.toml`
//! that can be checked without the network, `unsafe` in one module, and one way out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> toml::Table {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    text.parse().unwrap()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    assert!(packages.len() > 50);
    packages
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

#[test]
fn every_dependency_has_an_allowed_licence_and_comes_from_crates_io() {
    let rules = rules();
    let allowed: Vec<&str> = rules["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| licence.as_str().unwrap())
        .collect();
    let registry = rules["sources"]["allow-registry"][0].as_str().unwrap();
    for package in packages() {
        let name = name(&package);
        let licence = package["license"].as_str().unwrap_or("none");
        let terms = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let fine = terms.evaluate(|wanted| {
            let licence = wanted.license.id();
            licence.is_some_and(|licence| allowed.contains(&licence.name))
        });
        assert!(fine, "{name}: {licence}");
        let own = package["source"].is_null() && name.starts_with("metaplast");
        let source = package["source"].as_str().unwrap_or_default();
        assert!(
            own || source == format!("registry+{registry}"),
            "{name}: {source}"
        );
    }
}

#[test]
fn nothing_banned_is_depended_on_and_only_data_sets_reach_the_network() {
    let packages = packages();
    for ban in rules()["bans"]["deny"].as_array().unwrap() {
        let banned = ban["crate"].as_str().unwrap();
        let wrappers = ban.get("wrappers").and_then(|w| w.as_array());
        let users = packages.iter().filter(|package| {
            let mut dependencies = package["dependencies"].as_array().unwrap().iter();
            // What only tests of a dependency use is not in this graph.
            dependencies.any(|d| {
                let own = name(package).starts_with("metaplast");
                d["name"] == banned && (own || (d["kind"].is_null() && d["optional"] == false))
            })
        });
        for user in users {
            let user = name(user);
            let allowed = wrappers.is_some_and(|w| w.iter().any(|w| w.as_str() == Some(user)));
            assert!(allowed, "{user} depends on {banned}");
        }
    }
}

/// The packages that the crate in `folder` depends on, and whether each is optional.
fn dependencies(folder: &Path, workspace: &toml::Table) -> Vec<(String, bool)> {
    let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let targets = manifest
        .get("target")
        .and_then(|t| t.as_table())
        .into_iter();
    let of_targets = targets
        .flatten()
        .filter_map(|(_, target)| target.as_table());
    let lists = [&manifest].into_iter().chain(of_targets).flat_map(|part| {
        let kinds = ["dependencies", "build-dependencies"].into_iter();
        kinds.filter_map(|kind| part.get(kind)?.as_table())
    });
    let package = |(name, given): (&String, &toml::Value)| {
        let optional = given.get("optional").and_then(|o| o.as_bool()) == Some(true);
        let given = match given.get("workspace") {
            Some(_) => &workspace["workspace"]["dependencies"][name],
            None => given,
        };
        let renamed = given.get("package").and_then(|p| p.as_str());
        (renamed.unwrap_or(name).to_owned(), optional)
    };
    lists.flatten().map(package).collect()
}

#[test]
fn pythons_lock_file_knows_what_the_crates_have_come_to_need() {
    let table = |path: &str| -> toml::Table {
        let text = fs::read_to_string(root().join(path)).unwrap();
        text.parse().unwrap()
    };
    let (workspace, lock) = (table("Cargo.toml"), table("python/Cargo.lock"));
    let remedy = "bring it up to date with: cargo metadata --manifest-path python/Cargo.toml";
    let mut checked = 0;
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let folder = match name.strip_prefix("metaplast") {
            Some("") => root().to_owned(),
            Some(crate_name) if crate_name != "-python" => {
                root().join("crates").join(&crate_name[1..])
            }
            _ => continue,
        };
        let version = &workspace["workspace"]["package"]["version"];
        assert_eq!(&package["version"], version, "{name}: {remedy}");
        let locked = package.get("dependencies").and_then(|d| d.as_array());
        // "name", or "name version" where there are several.
        let locked = locked.map_or(&[][..], |list| list).iter();
        let locked: Vec<&str> = locked
            .filter_map(|d| d.as_str().unwrap().split(' ').next())
            .collect();
        let needed = dependencies(&folder, &workspace);
        for (needed, optional) in &needed {
            let there = *optional || locked.contains(&needed.as_str());
            assert!(there, "{name} needs {needed}; {remedy}");
        }
        for locked in locked {
            let there = needed.iter().any(|(needed, _)| needed == locked);
            assert!(there, "{name} has no more need of {locked}; {remedy}");
        }
        checked += 1;
    }
    assert!(checked > 5);
}

#[test]
fn nothing_links_to_a_library_of_the_system() {
    // What these "link" is their own code, built with them.
    const OWN: [&str; 3] = ["rayon-core", "ring", "wasm-bindgen-shared"];
    for package in packages() {
        let links = package["links"].as_str();
        let name = name(&package);
        assert!(
            links.is_none() || OWN.contains(&name),
            "{name} links to {links:?}"
        );
    }
}

/// All sources of the workspace, but not of this file.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut left = ["crates", "tests", "benches"]
        .map(|folder| root().join(folder))
        .to_vec();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with(file!()) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 50);
    found
}

/// Files with any of `words` outside of comments.
fn files_with(words: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(_, text)| {
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            code.into_iter()
                .any(|line| words.iter().any(|word| line.contains(word)))
        })
        .map(|(path, _)| path)
        .collect();
    files.sort();
    files
}

#[test]
fn unsafe_code_is_in_one_module_and_every_block_says_why() {
    let dispatch = Path::new("crates/lanes/src/dispatch.rs");
    assert_eq!(
        files_with(&["unsafe {", "unsafe fn", "unsafe impl"]),
        [dispatch]
    );
    // To export a name is called unsafe too: another may have it.
    let exports = Path::new("crates/playground/src/exports.rs");
    assert_eq!(files_with(&["allow(unsafe_code)"]), [dispatch, exports]);
    assert_eq!(files_with(&["unsafe(no_mangle)"]), [exports]);
    let (_, text) = sources()
        .into_iter()
        .find(|(path, _)| path == dispatch)
        .unwrap();
    let blocks = text.matches("unsafe {").count();
    assert_eq!(text.matches("// SAFETY: ").count(), blocks);
    // The compiler refuses it everywhere else.
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"deny\""));
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        // The builder of the book is no part of the workspace.
        if manifest.exists() && !manifest.parent().unwrap().ends_with("book") {
            let text = fs::read_to_string(&manifest).unwrap();
            assert!(
                text.contains("[lints]\nworkspace = true"),
                "{}",
                manifest.display()
            );
        }
    }
}

#[test]
fn only_fetching_data_sets_and_a_cluster_under_test_open_connections() {
    let users = files_with(&[
        "ureq::",
        "std::net",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "tiny_http",
    ]);
    let fetching = [
        "crates/datasets/src/fetch/download.rs",
        "crates/datasets/src/fetch/network.rs",
        "crates/datasets/tests/fetching.rs",
        "tests/slurm/cluster.rs",
    ];
    assert_eq!(users, fetching.map(PathBuf::from));
}
