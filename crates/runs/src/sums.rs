//! `SHA256SUMS`: what the files of a finished run were when it finished, in the format of
//! `sha256sum`, which can check them too.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::RunError;
use crate::config::RULE_FOLDER;
use crate::files::{failed, write_whole};

/// A SHA-256 sum.
pub(crate) type Digest = [u8; 32];

/// The file itself.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// The files that it covers in every run directory, beside that of the rule, if the run
/// keeps one.
fn covered(table: &str) -> [&str; 3] {
    ["config.toml", table, "summary.json"]
}

/// Whether the directory of a run says that it is finished.
pub fn is_finished(dir: &Path) -> bool {
    dir.join(SUMS).is_file()
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

pub(crate) fn hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sum of all that `from` gives, to be gone on with, and how many bytes that is.
pub(crate) fn sum_of(mut from: impl Read) -> io::Result<(Sha256, u64)> {
    let mut sum = Sha256::new();
    let mut block = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let n = from.read(&mut block)?;
        if n == 0 {
            return Ok((sum, length));
        }
        sum.update(&block[..n]);
        length += n as u64;
    }
}

fn sha256_of_file(path: &Path) -> io::Result<Digest> {
    let (sum, _) = sum_of(File::open(path)?)?;
    Ok(sum.finalize().into())
}

/// Writes the sums of a run's files as they are now: of the table of its records, of its
/// rule file, if it keeps one, and of those that every run has.
pub(crate) fn write(dir: &Path, table: &str, rule: Option<&str>) -> Result<(), RunError> {
    let mut text = String::new();
    let rule = rule.map(|name| format!("{RULE_FOLDER}/{name}"));
    for name in covered(table).into_iter().chain(rule.as_deref()) {
        let path = dir.join(name);
        let sum = sha256_of_file(&path).map_err(|error| failed(&path, error))?;
        text += &format!("{}  {name}\n", hex(&sum));
    }
    write_whole(&dir.join(SUMS), text.as_bytes())
}

/// What is wrong with the files of a finished run, a line each; nothing if all are as
/// they were written.
pub(crate) fn check(dir: &Path, table: &str) -> Result<Vec<String>, RunError> {
    let path = dir.join(SUMS);
    let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
    let mut wrong = Vec::new();
    let listed: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once("  "))
        .collect();
    let others = listed.iter().map(|(_, name)| *name);
    let others = others.filter(|name| !covered(table).contains(name));
    for name in covered(table).into_iter().chain(others) {
        let recorded = listed.iter().find(|(_, of)| *of == name);
        let recorded = recorded.map(|(sum, _)| *sum);
        let found = sha256_of_file(&dir.join(name)).map(|sum| hex(&sum));
        match (recorded, found) {
            (Some(recorded), Ok(found)) if recorded == found => {}
            (_, Err(error)) => wrong.push(format!("{name}: {error}")),
            (None, _) => wrong.push(format!("{name}: {SUMS} does not list it")),
            (Some(_), Ok(_)) => wrong.push(format!(
                "{name}: is not what the run wrote, by the checksum in {SUMS}"
            )),
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::METRICS;

    #[test]
    fn the_sum_of_abc_is_that_of_fips_180() {
        assert_eq!(
            hex(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn any_change_of_any_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        for name in covered(METRICS) {
            fs::write(dir.path().join(name), "one 1\n").unwrap();
        }
        fs::create_dir(dir.path().join(RULE_FOLDER)).unwrap();
        fs::write(dir.path().join("rule/mine"), "one 1\n").unwrap();
        write(dir.path(), METRICS, Some("mine")).unwrap();
        assert_eq!(check(dir.path(), METRICS).unwrap(), Vec::<String>::new());
        for name in covered(METRICS).into_iter().chain(["rule/mine"]) {
            fs::write(dir.path().join(name), "one 2\n").unwrap();
            let wrong = check(dir.path(), METRICS).unwrap();
            assert!(wrong[0].starts_with(name), "{wrong:?}");
            fs::write(dir.path().join(name), "one 1\n").unwrap();
        }
        fs::remove_file(dir.path().join("metrics.csv")).unwrap();
        assert_eq!(check(dir.path(), METRICS).unwrap().len(), 1);
    }
}
