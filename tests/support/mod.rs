//! What the whole-command tests share: a folder to run the command in, and what every
//! bad input must end like.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) const IMAGES: &str = "t10k-images-idx3-ubyte";
pub(crate) const LABELS: &str = "t10k-labels-idx1-ubyte";

/// An empty folder, the working directory of the commands run in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Thirty images of 4 × 4 pixels in three classes, in `data`: small, to be read in no
    /// time.
    pub(crate) fn small_data(&self) {
        let pixels: Vec<u8> = (0..30 * 16_u32).map(|i| (i * i * 37 % 251) as u8).collect();
        let labels: Vec<u8> = (0..30).map(|i| i % 3).collect();
        self.write(&format!("data/{IMAGES}"), idx(&[2051, 30, 4, 4], &pixels));
        self.write(&format!("data/{LABELS}"), idx(&[2049, 30], &labels));
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The command, away from the data and the home of whoever runs the tests.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_metaplast"));
        command
            .args(args)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("METAPLAST_DATA")
            .env_remove("all_proxy")
            .env_remove("http_proxy")
            .env_remove("no_proxy")
            .env_remove("SSL_CERT_FILE");
        let root = self.path().join("root");
        if root.is_dir() {
            command.env("METAPLAST_DATA", root);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What the command prints, which must succeed.
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the command, which must end as bad input does, print no result, and leave
    /// every file and folder as it was.
    pub(crate) fn bad(&self, args: &[&str], parts: &[&str]) {
        let before = self.everything();
        let output = self.run(args);
        let code = output.status.code();
        assert_eq!(code, Some(2), "{args:?}: {output:?}");
        assert_bad_input(&output, parts);
        assert!(output.stdout.is_empty(), "{args:?} printed something");
        assert!(self.everything() == before, "{args:?} changed files");
    }

    /// All files with their contents, and all folders.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let mut left = vec![self.path().to_owned()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    found.insert(path.clone(), None);
                    left.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(path, Some(bytes));
                }
            }
        }
        found
    }
}

/// An IDX file: the words of its header, then its bytes.
pub(crate) fn idx(words: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
    bytes.extend(data);
    bytes
}

/// Asserts exit code 2 and a single `error: …` line that holds all of `parts`.
pub(crate) fn assert_bad_input(output: &Output, parts: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "`{part}` not in: {stderr}");
    }
}
