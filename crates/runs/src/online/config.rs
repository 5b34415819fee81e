//! What an online run is to do.

use std::path::Path;

use datasets::Dataset;
use meta::{ImageStream, Online};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{Halves, halves};
use crate::config::LARGEST;
use crate::files::read_text;
use crate::record::{self, RECORD};
use crate::{Config, ConfigError, Place, RunError};

/// The table of a config.toml by which the configuration of an online run is known.
const TABLE: &str = "online";

/// The entry of the record for the half that tests are drawn from, beside `data`.
const TEST_DATA: &str = "test_data";

/// The configuration of an online run, with every value resolved.
///
/// Its config.toml has the keys of a training that say what learns, `data`, `trials`,
/// `seed` and `threads`, and a table `[online]` with `theta`, `classes`, `images`, `every`
/// and `tests`.
#[derive(Clone, Debug)]
pub struct OnlineConfig {
    /// What learns, the number of trials and of threads, and the data by what both of their
    /// halves are opened with; its other values mean nothing here.
    config: Config,
    /// What the half for tests is opened with, where that is not what opens the other: the
    /// files of a set below the folder that a run was begun in.
    test_data: Option<String>,
    /// What determines the numbers of a trial.
    pub online: Online,
}

/// The table `[online]`.
#[derive(Deserialize, Serialize)]
struct OnlineTable {
    theta: Vec<f64>,
    #[serde(flatten)]
    stream: ImageStream,
}

#[derive(Deserialize)]
struct File {
    online: OnlineTable,
}

impl OnlineConfig {
    /// What learns, how often and on what is taken from `config`.
    ///
    /// # Errors
    /// If there are other coefficients than its rule has, or a count is 0.
    pub fn new(
        config: Config,
        theta: Vec<f64>,
        stream: ImageStream,
    ) -> Result<OnlineConfig, ConfigError> {
        let wrong = |keys, problem: &str| {
            Err(ConfigError::Together {
                place: None,
                keys,
                problem: problem.to_owned(),
            })
        };
        let wanted = config.settings.learner.parameters().len();
        if theta.len() != wanted {
            let problem = format!(
                "{} given, but rule '{}' has {wanted}",
                words::count(theta.len() as u64, "coefficient"),
                config.settings.learner.rule.name
            );
            return wrong("theta", &problem);
        }
        if theta.iter().any(|theta| !theta.is_finite()) {
            return wrong("theta", "coefficients should be finite numbers");
        }
        let ImageStream {
            classes,
            images,
            every,
            tests,
        } = stream;
        if [classes, images, every, tests].contains(&0) {
            return wrong("classes, images, every, tests", "should be at least 1 each");
        }
        let online = Online {
            learner: config.settings.learner.clone(),
            theta,
            stream,
            seed: config.settings.seed,
        };
        Ok(OnlineConfig {
            config,
            test_data: None,
            online,
        })
    }

    /// The configuration in the run directory `dir`, with options such as `data` over it.
    /// `None` if that is of no online run.
    ///
    /// # Errors
    /// The first key or value that makes no sense.
    pub fn read(
        dir: &Path,
        options: Vec<(&str, Option<String>)>,
    ) -> Option<Result<OnlineConfig, ConfigError>> {
        let file = dir.join("config.toml");
        let text = read_text(&file, LARGEST).ok()?;
        let table: Table = text.parse().ok()?;
        table.contains_key(TABLE).then(|| {
            let moved = options
                .iter()
                .any(|(key, to)| *key == "data" && to.is_some());
            let config = Config::beside(Some(&file), &[TABLE], options, &[])?;
            let File { online } = toml::from_str(&text).map_err(|error| ConfigError::Syntax {
                place: Some(Place {
                    file: file.clone(),
                    line: text[..error.span().map_or(0, |span| span.start)]
                        .matches('\n')
                        .count()
                        + 1,
                }),
                reason: error.message().to_owned(),
            })?;
            let test_data = table.get(RECORD).and_then(|record| record.get(TEST_DATA));
            let test_data = test_data.and_then(Value::as_str).filter(|_| !moved);
            Ok(OnlineConfig {
                test_data: test_data.map(str::to_owned),
                ..OnlineConfig::new(config, online.theta, online.stream)?
            })
        })
    }

    /// Opens both halves of its data.
    ///
    /// # Errors
    /// As [`open_halves`](super::open_halves).
    pub fn open_data(&self) -> Result<Halves, RunError> {
        let train = self.config.data.as_deref().unwrap_or_default();
        halves(train, self.test_data.as_deref().unwrap_or(train))
    }

    /// Independent trials.
    pub fn trials(&self) -> u64 {
        self.config.settings.outer.trials
    }

    /// Worker threads.
    pub fn threads(&self) -> usize {
        self.config.threads
    }

    /// What a training of its learner would be, for its rule's name and file.
    pub(super) fn training(&self) -> &Config {
        &self.config
    }

    /// As TOML, with a record of how the run was made.
    pub(super) fn to_toml(&self, (train, test): (&Dataset, &Dataset)) -> String {
        let Online {
            learner,
            theta,
            stream,
            seed,
        } = &self.online;
        let mut table = Table::try_from(learner).expect("settings are plain values");
        let mut record = record::record(self.config.rule_file.as_ref(), train);
        record.insert("test_sha256".to_owned(), test.checksum().into());
        record.insert(TEST_DATA.to_owned(), test.reference().into());
        let online = Table::try_from(OnlineTable {
            theta: theta.clone(),
            stream: *stream,
        });
        let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
        set("rule", self.config.rule_in_directory().into());
        set("data", train.reference().into());
        set("trials", (self.trials() as i64).into());
        set("seed", (*seed as i64).into());
        set("threads", (self.threads() as i64).into());
        set(TABLE, online.expect("plain values").into());
        set(RECORD, record.into());
        toml::to_string(&table).expect("a table of plain values is TOML")
    }
}
