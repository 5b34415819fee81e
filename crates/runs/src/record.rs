//! How a run was made: the table `[record]` of its config.toml.

use std::path::Path;

use datasets::Dataset;
use toml::{Table, Value};

use crate::RunError;
use crate::config::{RULE_FOLDER, RuleFile};
use crate::sums::{hex, sha256};

/// The table of config.toml. Read over, so that the file of one run can configure another.
pub(crate) const RECORD: &str = "record";

/// What must be the same for a run to go on.
const BINDING: [&str; 4] = ["version", "data_sha256", "test_sha256", "rule_sha256"];

/// How a run that starts now is made, with a rule file, if it has one, and data.
pub(crate) fn record(rule: Option<&RuleFile>, data: &Dataset) -> Table {
    let mut record = Table::new();
    let mut set = |key: &str, value: Value| record.insert(key.to_owned(), value);
    set("version", env!("CARGO_PKG_VERSION").into());
    set("revision", env!("METAPLAST_REVISION").into());
    set("target", env!("METAPLAST_TARGET").into());
    set("target_features", env!("METAPLAST_TARGET_FEATURES").into());
    let vectors = format!("{:?}", autodiff::simd::level()).to_lowercase();
    set("vectors", vectors.into());
    set("data_origin", data.origin().into());
    set("data_sha256", data.checksum().into());
    set("data_synthetic", data.is_synthetic().into());
    if let Some(file) = rule {
        set("rule_sha256", hex(&sha256(file.text.as_bytes())).into());
    }
    record
}

/// Reads the text of a config.toml as a table.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Table, RunError> {
    let damaged = |error: toml::de::Error| RunError::Damaged {
        path: path.to_owned(),
        reason: error.message().to_owned(),
    };
    text.parse().map_err(damaged)
}

/// The name of the rule file that the run of a config.toml keeps, if it keeps one.
pub(crate) fn rule_file(config_toml: &str) -> Option<String> {
    let table: Table = config_toml.parse().ok()?;
    let kept = table.get("rule")?.as_str()?.strip_prefix(RULE_FOLDER)?;
    Some(kept.strip_prefix('/')?.to_owned())
}

/// The first setting in which two configurations differ, as "KEY is A there and B here".
/// The number of threads is no matter, nor is where data or a rule file lie whose bytes
/// are the same.
pub(crate) fn other_setting(there: &Table, here: &Table) -> Option<String> {
    let same_bytes = |sum: &str| of(there, sum).is_some() && of(there, sum) == of(here, sum);
    let matters = |key: &str| match key {
        "threads" | RECORD => false,
        "rule" => !same_bytes("rule_sha256"),
        "data" => !same_bytes("data_sha256"),
        _ => true,
    };
    let keys = there.keys().chain(here.keys());
    keys.filter(|key| matters(key))
        .find_map(|key| told(key, there.get(key), here.get(key)))
}

/// The first thing in their records that keeps one from going on with a run of the other.
pub(crate) fn other_origin(there: &Table, here: &Table) -> Option<String> {
    BINDING
        .iter()
        .find_map(|key| told(key, of(there, key), of(here, key)))
}

/// An entry of a configuration's record.
fn of<'t>(config: &'t Table, key: &str) -> Option<&'t Value> {
    config.get(RECORD)?.get(key)
}

fn told(key: &str, there: Option<&Value>, here: Option<&Value>) -> Option<String> {
    let shown = |value: Option<&Value>| value.map_or("missing".to_owned(), Value::to_string);
    (there != here).then(|| format!("{key} is {} there and {} here", shown(there), shown(here)))
}

/// A line about a run that another build of the same version began.
pub(crate) fn other_build(there: &Table, here: &Table) -> Option<String> {
    let revision = |config| of(config, "revision")?.as_str();
    let (there, here) = (revision(there)?, revision(here)?);
    (there != here).then(|| format!("begun by revision {there}, continued by revision {here}"))
}
