//! What a run is to do: defaults, a TOML file, options and `key=value` arguments, in
//! this order, each over the one before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use datasets::{Dataset, Split};
use meta::{Norm, Precision, Settings, TaskStyle};
use model::{Activation, Feedback, Rule};
use strum::VariantNames as _;
use toml::{Table, Value};

use crate::RunError;
use crate::directory::read_text;
use crate::record::RECORD;

/// Every key that a configuration may have.
pub const KEYS: [&str; 23] = [
    "rule",
    "data",
    "episodes",
    "trials",
    "seed",
    "threads",
    "sizes",
    "activation",
    "beta",
    "feedback",
    "K",
    "Q",
    "M",
    "eta",
    "lambda",
    "penalty",
    "optimiser",
    "theta0",
    "tasks",
    "split",
    "precision",
    "gradient",
    "out",
];

/// A configuration is a few lines; anything near this is something else.
const LARGEST: u64 = 1 << 20;

/// The most trials of a run, and the most images of a task.
const MOST: u64 = 1_000_000;

/// A configuration with every value resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rule as it was asked for: a name or a file.
    pub rule: String,
    /// The data set as it was asked for, if it was.
    pub data: Option<String>,
    /// The half of the data set that tasks are drawn from.
    pub split: Split,
    /// Worker threads.
    pub threads: usize,
    /// The run directory, if one was asked for.
    pub out: Option<PathBuf>,
    /// What determines the numbers.
    pub settings: Settings,
}

/// A configuration as it was given, key by key.
#[derive(Debug, Default)]
struct Given {
    values: Table,
    /// The file that each value was read from, for those that stand in one.
    files: BTreeMap<String, String>,
}

/// The path from the root of the file system.
fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(
        |_| path.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

fn bad<X>(message: impl Into<String>) -> Result<X, RunError> {
    Err(RunError::Input(message.into()))
}

impl Config {
    /// Merges the sources and checks every value. Of the same key, an assignment
    /// `key=value` goes before an option, and an option before the file.
    ///
    /// # Errors
    /// The first key or value that makes no sense.
    pub fn new(
        file: Option<&Path>,
        options: Vec<(&'static str, Option<Value>)>,
        assignments: &[String],
    ) -> Result<Config, RunError> {
        let mut given = Given::default();
        if let Some(path) = file {
            given.read(path)?;
        }
        for (key, value) in options {
            if let Some(value) = value {
                given.set(key, value)?;
            }
        }
        for assignment in assignments {
            let Some((key, text)) = assignment.split_once('=') else {
                return bad(format!(
                    "'{assignment}' is neither a configuration file ending in .toml nor key=value"
                ));
            };
            given.set(key, parse_value(text))?;
        }
        given.resolve().map_err(|failure| given.locate(failure))
    }

    /// The configuration with every value resolved, as TOML, and a record of how the
    /// run was made. Files are named by their absolute paths, so that it says the same
    /// in any directory; `out` is left out, since it is where the file is.
    pub fn to_toml(&self, data: &Dataset, record: Table) -> String {
        let mut table = Table::try_from(&self.settings).expect("settings are plain values");
        let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
        let rule = match Rule::built_in(&self.rule) {
            Some(_) => self.rule.clone(),
            None => absolute(&self.rule),
        };
        set("rule", rule.into());
        let data = match self.data.as_deref() {
            Some(asked) if asked != data.name() => absolute(asked),
            _ => data.name().to_owned(),
        };
        set("data", data.into());
        set("split", self.split.to_string().into());
        set("threads", (self.threads as i64).into());
        set(RECORD, record.into());
        toml::to_string(&table).expect("a table of plain values is TOML")
    }
}

impl Given {
    fn read(&mut self, path: &Path) -> Result<(), RunError> {
        let shown = path.display();
        let text = read_text(path, LARGEST)
            .map_err(|reason| RunError::Input(format!("{shown}: {reason}")))?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error
                .span()
                .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            RunError::Input(format!("{shown}: line {line}: {}", error.message()))
        })?;
        for (key, value) in table {
            if key != RECORD {
                self.set(&key, value)
                    .map_err(|failure| RunError::Input(format!("{shown}: {failure}")))?;
                self.files.insert(key, shown.to_string());
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), RunError> {
        if !KEYS.contains(&key) {
            let nearest = KEYS
                .iter()
                .min_by_key(|known| strsim::damerau_levenshtein(known, key))
                .copied()
                .unwrap_or_default();
            return bad(format!(
                "unknown key '{key}'; did you mean '{nearest}'? The keys are {}",
                KEYS.join(", ")
            ));
        }
        self.values.insert(key.to_owned(), value);
        self.files.remove(key);
        Ok(())
    }

    /// Puts the file before a message about a value that stands in one. Messages begin
    /// with the key.
    fn locate(&self, failure: RunError) -> RunError {
        let message = failure.to_string();
        let key = message.split(':').next().unwrap_or_default();
        match self.files.get(key) {
            Some(file) => RunError::Input(format!("{file}: {message}")),
            None => failure,
        }
    }

    /// Turns the given values into settings.
    fn resolve(&self) -> Result<Config, RunError> {
        let name = self.text("rule")?.unwrap_or_else(|| "bio".to_owned());
        let rule = Rule::load(&name).map_err(|error| RunError::Input(error.to_string()))?;
        let data = self.text("data")?;
        let out = self.text("out")?.map(PathBuf::from);
        let split = match self.text("split")?.as_deref() {
            None | Some("test") => Split::Test,
            Some("train") => Split::Train,
            Some(other) => return bad(format!("split: '{other}' is neither 'train' nor 'test'")),
        };
        let threads = match self.count("threads")? {
            Some(threads) => threads as usize,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        if threads > 1024 {
            return bad(format!(
                "threads: {threads} is more than the 1024 that make sense"
            ));
        }
        let mut settings = Settings::of(rule);
        let (learner, tasks, outer) = (
            &mut settings.learner,
            &mut settings.tasks,
            &mut settings.outer,
        );
        if let Some(pathway) = self.text("feedback")? {
            learner.feedback = Feedback::from_name(&pathway).ok_or_else(|| {
                let known = Feedback::ALL.map(Feedback::name).join(", ");
                RunError::Input(format!("feedback: '{pathway}' is not one of {known}"))
            })?;
        }
        let beta = self.above_zero("beta")?.unwrap_or(10.0);
        let activation = self
            .text("activation")?
            .unwrap_or_else(|| "softplus".to_owned());
        learner.network.activation = Activation::from_name(&activation, beta).ok_or_else(|| {
            RunError::Input(format!(
                "activation: '{activation}' is not softplus, tanh or sigmoid"
            ))
        })?;
        if let Some(sizes) = self.sizes()? {
            learner.network.sizes = sizes;
        }
        let count = |key, default| Ok::<u64, RunError>(self.count(key)?.unwrap_or(default));
        outer.episodes = count("episodes", outer.episodes)?;
        outer.trials = count("trials", outer.trials)?;
        tasks.ways = count("M", tasks.ways as u64)? as usize;
        tasks.shots = count("K", tasks.shots as u64)? as usize;
        tasks.queries = count("Q", tasks.queries as u64)? as usize;
        // Past these no machine has the memory, and a failed allocation is no message.
        if outer.trials > MOST {
            return bad(format!("trials: {} is more than {MOST}", outer.trials));
        }
        let images = (tasks.ways as u64)
            .saturating_mul((tasks.shots as u64).saturating_add(tasks.queries as u64));
        if images > MOST {
            return bad(format!(
                "M × (K + Q): a task of {images} images is more than {MOST}; lower M, K or Q"
            ));
        }
        settings.seed = match self.values.get("seed") {
            None => settings.seed,
            Some(Value::Integer(seed)) if *seed >= 0 => *seed as u64,
            Some(other) => {
                return bad(format!(
                    "seed: {other} is not a whole number from 0 to {}",
                    i64::MAX
                ));
            }
        };
        outer.eta = self.above_zero("eta")?.unwrap_or(outer.eta);
        if let Some(name) = self.text("optimiser")? {
            outer.optimiser = name.parse().map_err(|_| {
                RunError::Input(format!("optimiser: '{name}' is neither adam nor guarded"))
            })?;
        }
        if let Some(name) = self.text("penalty")? {
            outer.penalty.norm = name.parse().map_err(|_| {
                let known = Norm::VARIANTS.join(", ");
                RunError::Input(format!("penalty: '{name}' is not one of {known}"))
            })?;
        }
        outer.penalty.lambda = self.number("lambda")?.unwrap_or(0.0);
        if outer.penalty.lambda < 0.0 {
            return bad(format!(
                "lambda: {} is below 0, should be at least 0",
                outer.penalty.lambda
            ));
        }
        outer.theta0 = self.number("theta0")?.unwrap_or(outer.theta0);
        tasks.style = match self.text("tasks")?.as_deref() {
            None | Some("text") => TaskStyle::Text,
            Some("code") => TaskStyle::Code,
            Some(other) => return bad(format!("tasks: '{other}' is neither 'text' nor 'code'")),
        };
        if let Some(mode) = self.text("gradient")? {
            settings.numerics.gradient = mode.parse().map_err(|_| {
                RunError::Input(format!(
                    "gradient: '{mode}' is not reverse, forward or auto"
                ))
            })?;
        }
        settings.numerics.precision = match self.text("precision")?.as_deref() {
            None | Some("f32") => Precision::F32,
            Some("f64") => Precision::F64,
            Some(other) => return bad(format!("precision: '{other}' is neither 'f32' nor 'f64'")),
        };
        Ok(Config {
            rule: name,
            data,
            split,
            threads,
            out,
            settings,
        })
    }

    fn text(&self, key: &str) -> Result<Option<String>, RunError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            // `data=7` is a name too.
            Some(Value::Integer(number)) => Ok(Some(number.to_string())),
            Some(other) => bad(format!("{key}: {other} is not a name")),
        }
    }

    fn count(&self, key: &str) -> Result<Option<u64>, RunError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Integer(count)) if (1..=u32::MAX.into()).contains(count) => {
                Ok(Some(*count as u64))
            }
            Some(other) => bad(format!(
                "{key}: {other} is not a whole number from 1 to {}",
                u32::MAX
            )),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f64>, RunError> {
        let number = match self.values.get(key) {
            None => return Ok(None),
            Some(Value::Integer(number)) => *number as f64,
            Some(Value::Float(number)) => *number,
            // `.5` is no TOML, but a number all the same.
            Some(Value::String(text)) if text.parse::<f64>().is_ok() => {
                text.parse().unwrap_or(f64::NAN)
            }
            Some(other) => return bad(format!("{key}: {other} is not a number")),
        };
        if !number.is_finite() {
            return bad(format!("{key}: {number} is not a finite number"));
        }
        Ok(Some(number))
    }

    fn above_zero(&self, key: &str) -> Result<Option<f64>, RunError> {
        match self.number(key)? {
            Some(number) if number <= 0.0 => {
                bad(format!("{key}: {number} is not a number above 0"))
            }
            number => Ok(number),
        }
    }

    fn sizes(&self) -> Result<Option<Vec<usize>>, RunError> {
        let explain = "sizes: needs a list of at least two layer sizes of 1 to 1,000,000, \
                       as in [784, 170, 47] or 784-170-47";
        let given: Vec<i64> = match self.values.get("sizes") {
            None => return Ok(None),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_integer).collect(),
            Some(Value::String(text)) => text
                .split(['-', ','])
                .filter_map(|n| n.trim().parse().ok())
                .collect(),
            Some(_) => return bad(explain),
        };
        let asked = match self.values.get("sizes") {
            Some(Value::Array(list)) => list.len(),
            Some(Value::String(text)) => text.split(['-', ',']).count(),
            _ => 0,
        };
        let fits = given.iter().all(|n| (1..=1_000_000).contains(n));
        if given.len() != asked || asked < 2 || !fits {
            return bad(explain);
        }
        let sizes: Vec<usize> = given.iter().map(|n| *n as usize).collect();
        let weights: usize = sizes.windows(2).map(|n| n[0].saturating_mul(n[1])).sum();
        if weights > 1 << 30 {
            return bad(format!("sizes: {weights} weights are more than 2³⁰"));
        }
        Ok(Some(sizes))
    }
}

/// A value as TOML has it; what is no TOML is taken as text, so that `rule=fa` works.
pub fn parse_value(text: &str) -> Value {
    let parsed: Option<Table> = format!("v = {text}").parse().ok();
    parsed
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn config(assignments: &[&str]) -> Result<Config, RunError> {
        let assignments: Vec<String> = assignments.iter().map(|a| (*a).to_owned()).collect();
        Config::new(None, Vec::new(), &assignments)
    }

    #[test]
    fn without_arguments_everything_is_as_in_the_paper() {
        let config = config(&[]).unwrap();
        assert_eq!(config.settings, Settings::default());
    }

    #[test]
    fn assignments_set_what_they_name() {
        let config = config(&["rule=bp", "K=3", "sizes=9-4-2", "eta=0.5", "tasks=code"]).unwrap();
        assert_eq!(config.settings.learner.feedback, Feedback::Symmetric);
        assert_eq!(config.settings.tasks.shots, 3);
        assert_eq!(config.settings.learner.network.sizes, [9, 4, 2]);
        assert_eq!(config.settings.outer.eta, 0.5);
        assert_eq!(config.settings.tasks.style, TaskStyle::Code);
    }

    #[test]
    fn a_written_configuration_reads_back_as_the_same_settings() {
        let first = config(&[
            "rule=dfa",
            "beta=3.5",
            "lambda=0.1",
            "penalty=elastic",
            "optimiser=guarded",
            "sizes=[784, 20, 47]",
        ])
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(
            &path,
            first.to_toml(&datasets::glyphs(Split::Test, 0), Table::new()),
        )
        .unwrap();
        let second = Config::new(Some(&path), Vec::new(), &[]).unwrap();
        assert_eq!(first.settings, second.settings);
    }

    static DATA: LazyLock<Dataset> = LazyLock::new(|| datasets::glyphs(Split::Test, 0));

    proptest::proptest! {
        #[test]
        fn any_settings_read_back_as_they_were_written(
            counts in (1_u32.., 1..1_000_000_u32, 1..900_u32, 1..900_u32, 1..500_u32),
            seed in 0..i64::MAX,
            sizes in proptest::collection::vec(1..1000_usize, 2..6),
            positive in proptest::num::f64::POSITIVE | proptest::num::f64::SUBNORMAL,
            number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
            rule in proptest::sample::select(model::RULES.to_vec()),
        ) {
            let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
            let assignments = [
                format!("rule={}", rule.0),
                format!("episodes={}", counts.0),
                format!("trials={}", counts.1),
                format!("K={}", counts.2),
                format!("Q={}", counts.3),
                format!("M={}", counts.4),
                format!("seed={seed}"),
                format!("sizes={}", sizes.join("-")),
                format!("eta={}", positive.abs()),
                format!("theta0={number}"),
                format!("lambda={}", number.abs()),
            ];
            let first = Config::new(None, Vec::new(), &assignments).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config.toml");
            std::fs::write(&path, first.to_toml(&DATA, Table::new())).unwrap();
            let second = Config::new(Some(&path), Vec::new(), &[]).unwrap();
            proptest::prop_assert_eq!(first.settings, second.settings);
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_is_named() {
        for (assignment, want) in [
            (
                "episods=3",
                "unknown key 'episods'; did you mean 'episodes'?",
            ),
            ("episodes=0", "episodes: 0 is not a whole number from 1 to"),
            ("trials=2.5", "trials: 2.5 is not"),
            ("eta=0", "eta: 0 is not a number above 0"),
            ("eta=inf", "eta: inf is not a finite number"),
            ("eta=x", "eta: \"x\" is not a number"),
            ("lambda=-1", "lambda: -1 is below 0"),
            ("trials=9999999", "trials: 9999999 is more than 1000000"),
            (
                "M=99999999",
                "M × (K + Q): a task of 5999999940 images is more than",
            ),
            ("seed=-1", "seed: -1 is not"),
            ("sizes=784", "sizes: needs a list"),
            ("sizes=784-x-47", "sizes: needs a list"),
            ("sizes=784-0", "sizes: needs a list"),
            ("activation=relu", "activation: 'relu' is not"),
            ("feedback=none", "feedback: 'none' is not one of fixed"),
            ("tasks=both", "tasks: 'both' is neither"),
            ("gradient=both", "gradient: 'both' is not reverse"),
            ("precision=f16", "precision: 'f16' is neither"),
            ("optimiser=sgd", "optimiser: 'sgd' is neither"),
            ("penalty=l3", "penalty: 'l3' is not one of none, l1"),
            ("rule=biio", "unknown rule 'biio'"),
            ("oops", "neither a configuration file"),
        ] {
            let message = config(&[assignment]).unwrap_err().to_string();
            assert!(message.contains(want), "{assignment}: {message}");
        }
    }
}
