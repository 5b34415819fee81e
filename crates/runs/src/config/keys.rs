//! The one table of keys: what `--help`, the book's reference, suggestions and tests are
//! made from. A new setting is a field of [`Settings`], with the key as its name for
//! serde, and an entry here.

use meta::{GradientMode, Init, Measure, Norm, OptimiserKind, Precision, Settings, TaskStyle};
use model::{Activation, Feedback};
use strum::VariantNames;
use toml::{Table, Value};

use super::value::Kind;

/// What keys are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum Section {
    /// What learns.
    Learner,
    /// What it learns from.
    Tasks,
    /// How the rule is learned.
    Outer,
    /// How the numbers are computed.
    Numerics,
    /// How a run is carried out.
    Run,
}

impl Section {
    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Section::Learner => "What learns",
            Section::Tasks => "Tasks and data",
            Section::Outer => "The outer loop",
            Section::Numerics => "Numerics",
            Section::Run => "The run",
        }
    }
}

/// One key of a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it is about.
    pub section: Section,
    /// Which values it takes.
    pub kind: Kind,
    /// What it means, in one sentence without a full stop.
    pub help: &'static str,
    /// A value that is not the default.
    pub example: &'static str,
    /// What holds where it is not given, if no [`Settings`] say so.
    default: Option<&'static str>,
}

/// The most trials of a run, and the most images of a task.
pub(super) const MOST: u64 = 1_000_000;

const fn key(
    name: &'static str,
    section: Section,
    kind: Kind,
    example: &'static str,
    help: &'static str,
) -> Key {
    Key {
        name,
        section,
        kind,
        help,
        example,
        default: None,
    }
}

impl Key {
    const fn or(self, default: &'static str) -> Key {
        Key {
            default: Some(default),
            ..self
        }
    }

    /// The key of a name.
    pub fn named(name: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// What holds where it is not given, for people.
    pub fn default(&self) -> String {
        if let Some(default) = self.default {
            return default.to_owned();
        }
        let table = Table::try_from(Settings::default()).expect("settings are plain values");
        match &table[self.name] {
            Value::String(text) => text.clone(),
            Value::Array(sizes) => {
                let sizes: Vec<String> = sizes.iter().map(Value::to_string).collect();
                sizes.join("-")
            }
            Value::Float(number) => number.to_string(),
            other => other.to_string(),
        }
    }

    /// Help for one option: what it means, and its default.
    pub fn help_with_default(&self) -> String {
        format!("{} [default: {}]", self.help, self.default())
    }
}

/// Help for the option of a key.
///
/// # Panics
/// If there is no such key; names are written in this program alone.
#[track_caller]
pub fn help(name: &str) -> String {
    Key::named(name).expect("a key").help_with_default()
}

/// Every key that a configuration may have.
pub const KEYS: [Key; 30] = [
    key(
        "rule",
        Section::Learner,
        Kind::Name,
        "pool",
        "The plasticity rule: bp, bp-exact, fa, dfa, ehebb, oja, bio, pool, or a rule file",
    )
    .or("bio"),
    key(
        "feedback",
        Section::Learner,
        Kind::Choice(Feedback::VARIANTS),
        "direct",
        "The pathway that brings errors back to the layers",
    )
    .or("the rule's own"),
    key(
        "init",
        Section::Learner,
        Kind::Choice(Init::VARIANTS),
        "orthogonal",
        "The distribution that W is drawn from",
    ),
    key(
        "gain",
        Section::Learner,
        Kind::Above(0.0),
        "0.3",
        "What the initial W is multiplied by",
    ),
    key(
        "sizes",
        Section::Learner,
        Kind::Sizes,
        "784-30-20-47",
        "Units of each layer, images first",
    ),
    key(
        "activation",
        Section::Learner,
        Kind::Choice(Activation::VARIANTS),
        "tanh",
        "What hidden units do with their input",
    ),
    key(
        "beta",
        Section::Learner,
        Kind::Above(0.0),
        "5",
        "The sharpness of softplus",
    ),
    key(
        "data",
        Section::Tasks,
        Kind::Name,
        "glyphs",
        "A data set's name, or the path of its folder or images file",
    )
    .or("emnist-balanced where found, else glyphs"),
    key(
        "split",
        Section::Tasks,
        Kind::Choice(&["train", "test"]),
        "train",
        "The half of the data set that tasks are drawn from",
    )
    .or("test"),
    key(
        "M",
        Section::Tasks,
        Kind::Count { most: MOST },
        "3",
        "Classes of a task",
    ),
    key(
        "K",
        Section::Tasks,
        Kind::Count { most: MOST },
        "20",
        "Images of each class to learn from",
    ),
    key(
        "Q",
        Section::Tasks,
        Kind::Count { most: MOST },
        "5",
        "Images of each class to be scored on",
    ),
    key(
        "tasks",
        Section::Tasks,
        Kind::Choice(TaskStyle::VARIANTS),
        "code",
        "How tasks are drawn: text, different classes and images drawn anew; code, as in \
         the paper's released code, with repeats and always the first images",
    ),
    key(
        "episodes",
        Section::Outer,
        Kind::Count {
            most: u32::MAX as u64,
        },
        "60",
        "Episodes of each trial",
    ),
    key(
        "trials",
        Section::Outer,
        Kind::Count { most: MOST },
        "4",
        "Independent trials",
    ),
    key(
        "eta",
        Section::Outer,
        Kind::Above(0.0),
        "0.01",
        "The step size of the outer optimiser",
    ),
    key(
        "optimiser",
        Section::Outer,
        Kind::Choice(OptimiserKind::VARIANTS),
        "guarded",
        "The outer optimiser: adam, as in the paper; guarded, an Adam that gets every rule \
         through; es and cma, evolution by losses alone; newton, a trust region with the \
         meta-Hessian",
    ),
    key(
        "batch",
        Section::Outer,
        Kind::Count { most: MOST },
        "4",
        "Tasks of a step, whose losses and derivatives are averaged",
    ),
    key(
        "population",
        Section::Outer,
        Kind::Count { most: MOST },
        "12",
        "How many coefficients es, in pairs, and cma try on each task of a step",
    ),
    key(
        "sigma",
        Section::Outer,
        Kind::Above(0.0),
        "0.005",
        "How far es and cma look around, and the first trust radius of newton, in units of \
         the first coefficient",
    ),
    key(
        "lambda",
        Section::Outer,
        Kind::AtLeast(0.0),
        "2.1",
        "The weight of the penalty on the coefficients",
    ),
    key(
        "penalty",
        Section::Outer,
        Kind::Choice(Norm::VARIANTS),
        "l2",
        "The norm of the coefficients that lambda multiplies",
    ),
    key(
        "theta0",
        Section::Outer,
        Kind::Number,
        "0.002",
        "The first coefficient at the start; all others start at 0",
    ),
    key(
        "precision",
        Section::Numerics,
        Kind::Choice(Precision::VARIANTS),
        "f64",
        "The number type of episodes",
    ),
    key(
        "gradient",
        Section::Numerics,
        Kind::Choice(GradientMode::VARIANTS),
        "forward",
        "How the meta-gradient is taken",
    ),
    key(
        "measures",
        Section::Numerics,
        Kind::Some(Measure::VARIANTS),
        "norm_W,cos_WB",
        "What metrics.csv has besides, by layer or term; each takes time",
    )
    .or("none"),
    key(
        "seed",
        Section::Run,
        Kind::Seed,
        "7",
        "What every random number follows from",
    ),
    key(
        "threads",
        Section::Run,
        Kind::Count { most: 1024 },
        "2",
        "Worker threads; their number never changes a result",
    )
    .or("as many as there are cores"),
    key(
        "shard",
        Section::Run,
        Kind::Shard,
        "2/3",
        "A part of the run: of N parts, the I-th has the trials t with t mod N = I - 1; \
         slurm takes both from the job array that it runs in",
    )
    .or("all trials"),
    key(
        "out",
        Section::Run,
        Kind::Name,
        "runs/mine",
        "The run directory: new, empty, or that of this very run, to go on with it",
    )
    .or("the next free runs/RULE-DATA-N"),
];

/// The keys of each section, for a terminal of 80 columns.
pub fn help_of_keys() -> String {
    let mut text = wrap(
        "Settings, as `key = value` in CONFIG.toml or key=value on the command line. What is \
         given as key=value goes before an option, and an option before CONFIG.toml. A rule \
         file that CONFIG.toml names is looked for beside it.",
        80,
    )
    .join("\n");
    text += "\n";
    for section in <Section as strum::VariantArray>::VARIANTS {
        text += &format!("\n{}:\n", section.title());
        for key in KEYS.iter().filter(|key| key.section == *section) {
            let what = format!("{}: {}", key.help_with_default(), key.kind.wanted());
            for (i, line) in wrap(&what, 66).into_iter().enumerate() {
                let name = if i == 0 { key.name } else { "" };
                text += &format!("  {name:<11} {line}\n");
            }
        }
    }
    text
}

/// The keys as a page of the book, in Markdown.
pub fn reference_of_keys() -> String {
    let mut text = String::from(
        "# Keys of a configuration\n\n\
         As `key = value` in a TOML file, or `key=value` on the command line, of `train`, \
         `reproduce` and `sweep`. What is given as `key=value` goes before an option, and an \
         option before the file. A rule file that a configuration names is looked for beside \
         it; `~/` is the home directory; other paths are as the command line has them. This \
         page is made from the program's own table.\n",
    );
    for section in <Section as strum::VariantArray>::VARIANTS {
        text += &format!(
            "\n## {}\n\n| key | what | takes | default | example |\n|---|---|---|---|---|\n",
            section.title()
        );
        for key in KEYS.iter().filter(|key| key.section == *section) {
            text += &format!(
                "| `{0}` | {1} | {2} | {3} | `{0}={4}` |\n",
                key.name,
                key.help,
                key.kind.wanted(),
                key.default(),
                key.example
            );
        }
    }
    text
}

/// Lines of at most `width` characters, where the words allow it.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            *line += " ";
            *line += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_key_and_every_key_without_a_setting_a_default_of_its_own() {
        let table = Table::try_from(Settings::default()).unwrap();
        for name in table.keys() {
            assert!(Key::named(name).is_some(), "no key is called {name}");
        }
        for key in KEYS {
            assert!(table.contains_key(key.name) || key.default.is_some());
        }
    }

    #[test]
    fn defaults_and_examples_are_values_that_the_key_takes() {
        for key in KEYS {
            key.kind.read(key.example).unwrap();
            if key.default.is_none() {
                key.kind.read(&key.default()).unwrap();
                assert_ne!(key.example, key.default(), "{}", key.name);
            }
        }
    }

    #[test]
    fn help_fits_a_terminal_of_eighty_columns() {
        for line in help_of_keys().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
