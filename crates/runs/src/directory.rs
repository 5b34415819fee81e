//! A run directory that is open: locked, its table growing, its state saved now and then.
//! All that runs something on disk goes through here, so that whatever interrupts it, it
//! can go on, and its files end with the same bytes as if nothing had happened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::checkpoint::{self, Checkpoint, Checkpoints};
use crate::config::{RULE_FOLDER, RuleFile};
use crate::files::{failed, input, write_whole};
use crate::record;
use crate::rows::Rows;
use crate::sums::{self, Digest, SUMS, sha256};
use crate::{Fault, RunError};

/// Checkpoints are written as often as takes this part of the time.
const SHARE_OF_TIME: u32 = 20;

/// What is to be carried out in a directory.
pub(crate) struct Asked<'a> {
    /// The config.toml that it would have if it began now.
    pub(crate) config_toml: String,
    /// The rule file that goes with it.
    pub(crate) rule: Option<&'a RuleFile>,
    /// The name of the table of its records.
    pub(crate) table: &'static str,
    /// Its columns.
    pub(crate) header: Vec<String>,
}

/// A run directory that is at work.
pub(crate) struct Directory {
    path: PathBuf,
    rows: Rows,
    checkpoints: Checkpoints,
    table: &'static str,
    /// The checksum of config.toml.
    config: Digest,
    /// The name of the rule file that the directory keeps.
    rule: Option<String>,
    /// When the last checkpoint was written, and what that took.
    saved: (Instant, Duration),
}

/// What was found in a directory that was opened.
pub(crate) enum Opened<S> {
    /// Nothing is done yet.
    New(Directory),
    /// So much is done.
    Begun(Directory, S),
    /// All is done; what came out of it is the text of summary.json.
    Finished(Vec<u8>),
}

/// What a directory holds.
enum Found {
    /// No run, or one of which nothing is written yet.
    Nothing,
    Unfinished,
    Finished,
}

impl Directory {
    /// Opens `path` for what is asked: a new or empty folder, or one where the same was
    /// begun or finished. `fits` says of the state of a checkpoint whether it can be of
    /// this run. What a user should know about how it was opened is added to `notes`.
    ///
    /// # Errors
    /// If the folder holds something else, is in use or cannot be written; if files of a
    /// run in it were changed.
    pub(crate) fn open<S: DeserializeOwned>(
        path: &Path,
        asked: &Asked<'_>,
        fits: impl Fn(&S) -> bool,
        notes: &mut Vec<String>,
    ) -> Result<Opened<S>, RunError> {
        let mut found = look(path)?;
        let mut checkpoints = None;
        if matches!(found, Found::Unfinished) {
            // A run that is none of ours is not touched, not even to lock it.
            check_config(path, &asked.config_toml)?;
        }
        if !matches!(found, Found::Finished) {
            fs::create_dir_all(path).map_err(|error| input(path, error))?;
            checkpoints = Some(Checkpoints::lock(path, notes)?);
            // Another process may have been at work until just now.
            found = look(path)?;
        }
        match (found, checkpoints) {
            (Found::Nothing, Some(checkpoints)) => {
                let begun = Directory::begin(path, &asked.config_toml, asked, checkpoints)?;
                Ok(Opened::New(begun))
            }
            (Found::Unfinished, Some(checkpoints)) => {
                Directory::go_on(path, asked, fits, checkpoints, notes)
            }
            _ => finished(path, asked).map(Opened::Finished),
        }
    }

    fn begin(
        path: &Path,
        config_toml: &str,
        asked: &Asked<'_>,
        checkpoints: Checkpoints,
    ) -> Result<Directory, RunError> {
        let rule = record::rule_file(config_toml);
        if let (Some(name), Some(file)) = (&rule, asked.rule) {
            let folder = path.join(RULE_FOLDER);
            fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
            write_whole(&folder.join(name), file.text.as_bytes())?;
        }
        write_whole(&path.join("config.toml"), config_toml.as_bytes())?;
        let rows = Rows::create(path, asked.table, &asked.header)?;
        Ok(Directory::new(path, asked, rows, checkpoints, config_toml))
    }

    /// From the newest checkpoint that can be used.
    fn go_on<S: DeserializeOwned>(
        path: &Path,
        asked: &Asked<'_>,
        fits: impl Fn(&S) -> bool,
        checkpoints: Checkpoints,
        notes: &mut Vec<String>,
    ) -> Result<Opened<S>, RunError> {
        let (config_toml, other_build) = check_config(path, &asked.config_toml)?;
        notes.extend(other_build);
        let numbers = checkpoints.newest_first()?;
        if numbers.is_empty() {
            // It ended before its first checkpoint.
            let begun = Directory::begin(path, &config_toml, asked, checkpoints)?;
            return Ok(Opened::New(begun));
        }
        let usable = |number| {
            let checkpoint: Checkpoint<S> = checkpoints
                .read(number)
                .map_err(|error| error.to_string())?;
            if checkpoint.config != sha256(config_toml.as_bytes()) {
                return Err("is of a run with another config.toml".to_owned());
            }
            if !fits(&checkpoint.state) {
                return Err("does not fit the settings".to_owned());
            }
            let rows = Rows::reopen(path, asked.table, &checkpoint.rows)
                .map_err(|error| error.to_string())?;
            Ok((checkpoint.state, rows))
        };
        let mut unusable: Vec<String> = Vec::new();
        for number in numbers {
            let name = checkpoints.path(number);
            let name = name.strip_prefix(path).unwrap_or(&name).display();
            match usable(number) {
                Ok((state, rows)) => {
                    if let [newest, ..] = unusable.as_slice() {
                        notes.push(format!("{newest}; going on from {name} instead"));
                    }
                    let begun = Directory::new(path, asked, rows, checkpoints, &config_toml);
                    return Ok(Opened::Begun(begun, state));
                }
                Err(reason) => unusable.push(format!("{name} {reason}")),
            }
        }
        Err(RunError::NoCheckpoint {
            path: path.to_owned(),
            reasons: unusable,
        })
    }

    fn new(
        path: &Path,
        asked: &Asked<'_>,
        rows: Rows,
        checkpoints: Checkpoints,
        config_toml: &str,
    ) -> Directory {
        Directory {
            path: path.to_owned(),
            rows,
            checkpoints,
            table: asked.table,
            config: sha256(config_toml.as_bytes()),
            rule: record::rule_file(config_toml),
            saved: (Instant::now(), Duration::ZERO),
        }
    }

    /// Adds rows to the table, each as its cells.
    pub(crate) fn add(
        &mut self,
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<(), RunError> {
        self.rows.add(rows)
    }

    /// Whether it is time for a checkpoint.
    pub(crate) fn save_is_due(&self) -> bool {
        let (last, cost) = self.saved;
        last.elapsed() >= cost * SHARE_OF_TIME
    }

    /// Writes a checkpoint of all rows so far, and of the state that they came from.
    pub(crate) fn save<S: Serialize>(&mut self, state: S) -> Result<(), RunError> {
        let start = Instant::now();
        let rows = self.rows.sync()?;
        self.checkpoints.save(&Checkpoint {
            config: self.config,
            rows,
            state,
        })?;
        // What readers see is never more than what a crash would leave.
        self.rows.show_if_due();
        self.saved = (Instant::now(), start.elapsed());
        Ok(())
    }

    /// Saves all that is needed to go on, and says that it was stopped.
    pub(crate) fn stop<S: Serialize>(mut self, state: S) -> RunError {
        match self.save(state).and_then(|()| self.rows.show()) {
            Ok(()) => RunError::Stopped(self.path),
            Err(error) => error,
        }
    }

    /// Writes what came out, and leaves the directory as that of a finished run.
    pub(crate) fn finish(self, summary: &impl Serialize) -> Result<(), RunError> {
        self.rows.finish()?;
        let json = serde_json::to_string_pretty(summary).expect("a summary is plain data");
        let path = self.path.join("summary.json");
        write_whole(&path, format!("{json}\n").as_bytes())?;
        sums::write(&self.path, self.table, self.rule.as_deref())?;
        drop(self.checkpoints);
        checkpoint::remove(&self.path)
    }
}

/// Of what ended a run that could not write what it came to, how it goes on.
pub(crate) fn interrupted(path: &Path, error: RunError) -> RunError {
    match error.fault() {
        Fault::Run => RunError::Interrupted {
            path: path.to_owned(),
            error: Box::new(error),
        },
        _ => error,
    }
}

/// What came out of a finished run, from the text of its summary.json.
pub(crate) fn summary<S: DeserializeOwned>(path: &Path, json: &[u8]) -> Result<Box<S>, RunError> {
    serde_json::from_slice(json).map_err(|error| RunError::Damaged {
        path: path.join("summary.json"),
        reason: error.to_string(),
    })
}

/// The text of a finished run's summary.
fn finished(path: &Path, asked: &Asked<'_>) -> Result<Vec<u8>, RunError> {
    check_config(path, &asked.config_toml)?;
    let wrong = sums::check(path, asked.table)?;
    if !wrong.is_empty() {
        return Err(RunError::Changed {
            path: path.to_owned(),
            wrong,
        });
    }
    // Left over if the last moments of the run were its last.
    checkpoint::remove(path)?;
    let path = path.join("summary.json");
    fs::read(&path).map_err(|error| failed(&path, error))
}

/// The bytes of the config.toml in `path`, if it says the same as `here`, and a note if
/// another build began it.
fn check_config(path: &Path, here: &str) -> Result<(String, Option<String>), RunError> {
    let file = path.join("config.toml");
    let text = fs::read_to_string(&file).map_err(|error| failed(&file, error))?;
    let there = record::parse(&file, &text)?;
    let here: Table = here.parse().expect("it was just made");
    let path = path.to_owned();
    if let Some(difference) = record::other_setting(&there, &here) {
        return Err(RunError::OtherSettings { path, difference });
    }
    if let Some(difference) = record::other_origin(&there, &here) {
        return Err(RunError::OtherOrigin { path, difference });
    }
    Ok((text, record::other_build(&there, &here)))
}

/// What `path` holds.
///
/// # Errors
/// If it holds something that is no run, or cannot be looked at.
fn look(path: &Path) -> Result<Found, RunError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(input(path, error)),
    };
    let names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<String>>>()
        .map_err(|error| input(path, error))?;
    let has = |name: &str| names.iter().any(|found| found == name);
    if has(SUMS) && has("config.toml") {
        return Ok(Found::Finished);
    }
    if has(checkpoint::FOLDER) && has("config.toml") {
        return Ok(Found::Unfinished);
    }
    // In this order they are made, before config.toml.
    let first_moment = |name: &String| {
        [checkpoint::FOLDER, RULE_FOLDER, ".config.toml.part"].contains(&name.as_str())
    };
    if names.iter().all(first_moment) {
        return Ok(Found::Nothing);
    }
    Err(RunError::NotEmpty(path.to_owned()))
}
