//! What a run is to do: defaults, a TOML file, options and `key=value` arguments, in
//! this order, each over the one before.

mod error;
mod keys;
mod value;

pub use error::{ConfigError, Place};
pub use keys::{KEYS, Key, Section, help, help_of_keys, reference_of_keys};
pub use value::{Kind, ValueError};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use datasets::{Dataset, Split};
use meta::{Settings, SettingsError};
use model::Rule;
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use crate::Shard;
use crate::files::read_text;
use crate::record::RECORD;

/// A configuration is a few lines; anything near this is something else.
pub(crate) const LARGEST: u64 = 1 << 20;

/// The folder of a run directory that holds the file of a rule that is not built in.
pub(crate) const RULE_FOLDER: &str = "rule";

/// A configuration with every value resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rule as it was asked for: a name or a file.
    pub rule: String,
    /// The file of the rule, if it is not built in.
    pub rule_file: Option<RuleFile>,
    /// The data set as it was asked for, if it was.
    pub data: Option<String>,
    /// The half of the data set that tasks are drawn from.
    pub split: Split,
    /// Worker threads.
    pub threads: usize,
    /// The part of the run that is to be run.
    pub shard: Shard,
    /// The run directory, if one was asked for.
    pub out: Option<PathBuf>,
    /// What determines the numbers.
    pub settings: Settings,
    /// Where in files values stand.
    places: BTreeMap<&'static str, Place>,
}

/// A rule file, as a run directory keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Its name, without a folder.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// A configuration as it was given, key by key.
#[derive(Debug, Default)]
struct Given(BTreeMap<&'static str, Entry>);

/// A value as it was given.
#[derive(Debug)]
struct Entry {
    text: String,
    place: Option<Place>,
}

/// The keys that are not [`Settings`].
#[derive(Deserialize)]
struct Rest {
    data: Option<String>,
    out: Option<PathBuf>,
    threads: Option<usize>,
    split: Option<String>,
    shard: Option<String>,
}

impl Config {
    /// Merges the sources and checks every value. Of the same key, an assignment
    /// `key=value` goes before an option, and an option before the file. Values are read
    /// from their text, by what their key takes.
    ///
    /// # Errors
    /// The first key or value that makes no sense.
    pub fn new(
        file: Option<&Path>,
        options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Config, ConfigError> {
        Config::beside(file, &[], options, assignments)
    }

    /// As [`Config::new`], but `tables` of the file are left to others to read.
    pub(crate) fn beside(
        file: Option<&Path>,
        tables: &[&str],
        options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Config, ConfigError> {
        let mut given = Given::default();
        if let Some(path) = file {
            given.read(path, tables)?;
        }
        given.take(options, assignments)?;
        let rule = given.rule()?;
        given.resolve(rule)
    }

    /// The configuration of a rule whose file is not on disk, as if it were; `options` and
    /// `assignments` as for [`Config::new`].
    ///
    /// # Errors
    /// As [`Config::new`], and if the text is no rule.
    pub fn of_rule(
        file: RuleFile,
        options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Config, ConfigError> {
        let mut given = Given::default();
        given.take(options, assignments)?;
        let rule = Rule::of_text(&file.name, &file.text)
            .map_err(|error| ConfigError::Rule { place: None, error })?;
        given.resolve((file.name.clone(), rule, Some(file)))
    }

    /// The configuration with every value resolved, as TOML, and a record of how the
    /// run was made. It says the same in any directory: a rule file is named as the run
    /// directory keeps it, and data by what opens them from anywhere; `out` is left out, since it is
    /// where the file is.
    pub fn to_toml(&self, data: &Dataset, record: Table) -> String {
        let mut table = Table::try_from(&self.settings).expect("settings are plain values");
        let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
        set("rule", self.rule_in_directory().into());
        set("data", data.reference().into());
        // An images file that was named tells its own half.
        set("split", data.split().to_string().into());
        set("threads", (self.threads as i64).into());
        if !self.shard.is_whole() {
            set("shard", self.shard.to_string().into());
        }
        set(RECORD, record.into());
        toml::to_string(&table).expect("a table of plain values is TOML")
    }

    /// What its rule is called in a run directory, which keeps the file of one.
    pub(crate) fn rule_in_directory(&self) -> String {
        match &self.rule_file {
            Some(file) => format!("{RULE_FOLDER}/{}", file.name),
            None => self.rule.clone(),
        }
    }

    /// The trials that are to be run, in order.
    pub fn trials(&self) -> impl ExactSizeIterator<Item = u64> + Clone {
        self.shard.trials(self.settings.outer.trials)
    }

    /// The settings of a run that has only those trials, to tell what it takes.
    pub fn settings_of_part(&self) -> Settings {
        let mut settings = self.settings.clone();
        settings.outer.trials = self.trials().len() as u64;
        settings
    }

    /// Checks that the settings fit `data`.
    ///
    /// # Errors
    /// The first thing that does not, with the place where it was set.
    pub fn check(&self, data: &Dataset) -> Result<(), ConfigError> {
        let checked = self.settings.check(data);
        checked.map_err(|error| self.place(error))
    }

    /// Adds to an error about the settings where they stand.
    pub fn place(&self, error: SettingsError) -> ConfigError {
        let mut keys = error.keys().iter();
        ConfigError::Settings {
            place: keys.find_map(|key| self.places.get(key).cloned()),
            error,
        }
    }
}

impl Given {
    fn read(&mut self, path: &Path, but: &[&str]) -> Result<(), ConfigError> {
        let text = read_text(path, LARGEST).map_err(|error| ConfigError::Unreadable {
            file: path.to_owned(),
            error,
        })?;
        let place = |at: usize| Place {
            file: path.to_owned(),
            line: text[..at].matches('\n').count() + 1,
        };
        let table: BTreeMap<Spanned<String>, Spanned<Value>> =
            toml::from_str(&text).map_err(|error| ConfigError::Syntax {
                place: Some(place(error.span().map_or(0, |span| span.start))),
                reason: error.message().to_owned(),
            })?;
        for (key, value) in table {
            if key.get_ref() == RECORD || but.contains(&key.get_ref().as_str()) {
                continue;
            }
            let place = Some(place(key.span().start));
            // Of what is no text, what stands there: a path may look like a number.
            let written = match value.get_ref() {
                Value::String(text) => text.clone(),
                _ => text[value.span()].to_owned(),
            };
            let entry = Entry {
                text: written,
                place,
            };
            self.set(key.get_ref(), entry)?;
        }
        Ok(())
    }

    /// Options, and assignments over them.
    fn take(
        &mut self,
        options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<(), ConfigError> {
        for (key, text) in options {
            if let Some(text) = text {
                self.set(key, Entry { text, place: None })?;
            }
        }
        for assignment in assignments {
            let Some((key, text)) = assignment.split_once('=') else {
                return Err(ConfigError::NoAssignment(assignment.clone()));
            };
            let text = text.to_owned();
            self.set(key.trim(), Entry { text, place: None })?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, entry: Entry) -> Result<(), ConfigError> {
        let Some(key) = Key::named(key) else {
            return Err(ConfigError::UnknownKey {
                place: entry.place,
                key: key.to_owned(),
            });
        };
        self.0.insert(key.name, entry);
        Ok(())
    }

    fn place(&self, keys: &[&str]) -> Option<Place> {
        let mut entries = keys.iter().filter_map(|key| self.0.get(key));
        entries.find_map(|entry| entry.place.clone())
    }

    /// Turns the given values into settings of a rule.
    fn resolve(
        self,
        (name, rule, rule_file): (String, Rule, Option<RuleFile>),
    ) -> Result<Config, ConfigError> {
        let mut table = Table::try_from(Settings::of(rule.clone())).expect("plain values");
        for (name, Entry { text, place }) in &self.0 {
            let key = Key::named(name).expect("set looked it up");
            let value = key.kind.read(text).map_err(|wanted| ConfigError::Value {
                place: place.clone(),
                key: key.name,
                value: text.clone(),
                wanted,
            })?;
            table.insert(key.name.to_owned(), value);
        }
        let read = "the keys' kinds are those of their fields";
        let rest: Rest = table.clone().try_into().expect(read);
        let mut settings: Settings = table.try_into().expect(read);
        settings.learner.rule = rule;
        self.check_together(&settings)?;
        let split = rest.split.as_deref().map_or(Ok(Split::Test), str::parse);
        let shard = rest.shard.as_deref().map_or(Ok(Shard::WHOLE), str::parse);
        let shard: Shard = shard.expect(read);
        let trials = settings.outer.trials;
        if shard.trials(trials).len() == 0 {
            return Err(ConfigError::Together {
                place: self.place(&["shard", "trials"]),
                keys: "shard",
                problem: format!(
                    "{shard} of {} has none; ask for fewer parts",
                    words::count(trials, "trial")
                ),
            });
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Config {
            rule: name,
            rule_file,
            data: rest.data,
            split: split.expect(read),
            threads: rest.threads.unwrap_or_else(cores),
            shard,
            out: rest.out,
            settings,
            places: self
                .0
                .into_iter()
                .filter_map(|(key, entry)| Some((key, entry.place?)))
                .collect(),
        })
    }

    /// The rule by its name or file; a file that a configuration names is looked for
    /// beside it first.
    fn rule(&self) -> Result<(String, Rule, Option<RuleFile>), ConfigError> {
        let entry = self.0.get("rule");
        let place = entry.and_then(|entry| entry.place.clone());
        let asked = entry.map_or("bio", |entry| &entry.text);
        if let Some(rule) = Rule::built_in(asked) {
            return Ok((asked.to_owned(), rule, None));
        }
        let asked = Kind::Name
            .read(asked)
            .map_err(|wanted| ConfigError::Value {
                place: place.clone(),
                key: "rule",
                value: asked.to_owned(),
                wanted,
            })?;
        let asked = asked.as_str().expect("a name is text").to_owned();
        let beside = place.as_ref().and_then(|place| place.file.parent());
        let beside = beside.map(|folder| folder.join(&asked));
        let path = match beside.filter(|path| path.is_file()) {
            Some(path) => path.to_string_lossy().into_owned(),
            None => asked,
        };
        let wrong = |error| ConfigError::Rule {
            place: place.clone(),
            error,
        };
        let rule = Rule::load(&path).map_err(wrong)?;
        let text =
            read_text(Path::new(&path), LARGEST).map_err(|error| ConfigError::Unreadable {
                file: PathBuf::from(&path),
                error,
            })?;
        let name = Path::new(&path).file_name().unwrap_or_default();
        let file = RuleFile {
            name: name.to_string_lossy().into_owned(),
            text,
        };
        Ok((path, rule, Some(file)))
    }

    /// Past these bounds no machine has the memory, and a failed allocation is no message.
    fn check_together(&self, settings: &Settings) -> Result<(), ConfigError> {
        let tasks = &settings.tasks;
        let images = tasks
            .ways
            .saturating_mul(tasks.shots.saturating_add(tasks.queries));
        let sizes = &settings.learner.network.sizes;
        let weights: usize = sizes.windows(2).map(|n| n[0].saturating_mul(n[1])).sum();
        let (keys, names, problem): (&'static str, &[&str], String) = if images as u64 > keys::MOST
        {
            let most = keys::MOST;
            let problem = format!("a task of {images} images is more than {most}; lower M, K or Q");
            ("M × (K + Q)", &["M", "K", "Q"], problem)
        } else if weights > 1 << 30 {
            let problem = format!("{weights} weights are more than 2³⁰; give smaller sizes");
            ("sizes", &["sizes"], problem)
        } else {
            return Ok(());
        };
        Err(ConfigError::Together {
            place: self.place(names),
            keys,
            problem,
        })
    }
}

#[cfg(test)]
mod tests;
