//! From the text of a value to the value, by what its key takes.

use toml::{Table, Value};

use crate::shard::{Shard, ShardError};

/// Which values a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number from 1.
    Count {
        /// The largest.
        most: u64,
    },
    /// A whole number from 0 to what TOML can hold.
    Seed,
    /// A finite number.
    Number,
    /// A finite number above a bound.
    Above(f64),
    /// A finite number of at least a bound.
    AtLeast(f64),
    /// One of a few names.
    Choice(&'static [&'static str]),
    /// Some of a few names, or none of them.
    Some(&'static [&'static str]),
    /// The sizes of at least two layers.
    Sizes,
    /// A part of a run.
    Shard,
    /// Text as it was typed: a name or a path.
    Name,
}

/// Why a text is no value of its key: it says what would be right, as in "a whole number
/// from 1 to 1024".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// It is something else.
    #[error("{}", .0.wanted())]
    Other(Kind),
    /// It is none of a few names.
    #[error("{}{}", Kind::Choice(.names).wanted(), words::did_you_mean(.text, .names.iter().copied()))]
    NoChoice {
        /// The names.
        names: &'static [&'static str],
        /// What was written.
        text: String,
    },
    /// It is a list of others than a few names.
    #[error("{}{}", Kind::Some(.names).wanted(), words::did_you_mean(.text, .names.iter().copied()))]
    NoSuch {
        /// The names.
        names: &'static [&'static str],
        /// What is none of them.
        text: String,
    },
    /// It is below a home directory, and there is none.
    #[error("a path without ~, since the home directory is not known here")]
    NoHome,
    /// It asks for a part of a job array where there is none.
    #[error(transparent)]
    NoShard(#[from] ShardError),
}

/// The most units of a layer.
const LARGEST_LAYER: i64 = 1_000_000;

impl Kind {
    /// What it takes, as in "a whole number from 1 to 1024".
    pub fn wanted(self) -> String {
        match self {
            Kind::Count { most } => format!("a whole number from 1 to {most}"),
            Kind::Seed => format!("a whole number from 0 to {}", i64::MAX),
            Kind::Number => "a finite number".to_owned(),
            Kind::Above(bound) => format!("a finite number above {bound}"),
            Kind::AtLeast(bound) => format!("a finite number of at least {bound}"),
            Kind::Choice([one, other]) => format!("{one} or {other}"),
            Kind::Choice(names) => format!("one of {}", names.join(", ")),
            Kind::Some(names) => format!("a list of {}", names.join(", ")),
            Kind::Sizes => "two or more layer sizes of 1 to 1000000, as in 784-170-47".to_owned(),
            Kind::Shard => "I/N with I from 1 to N, or slurm".to_owned(),
            Kind::Name => "a name or a path".to_owned(),
        }
    }

    /// The value of a text, as it is typed in a shell or stands in a file.
    ///
    /// # Errors
    /// What would be right.
    pub fn read(self, text: &str) -> Result<Value, ValueError> {
        let value = match self {
            Kind::Count { most } => whole(text)
                .filter(|n| u64::try_from(*n).is_ok_and(|n| (1..=most).contains(&n)))
                .map(Value::Integer),
            Kind::Seed => whole(text).filter(|n| *n >= 0).map(Value::Integer),
            Kind::Number => number(text).map(Value::Float),
            Kind::Above(bound) => number(text).filter(|x| *x > bound).map(Value::Float),
            Kind::AtLeast(bound) => number(text).filter(|x| *x >= bound).map(Value::Float),
            Kind::Choice(names) => {
                let text = text.trim();
                let known = names.contains(&text).then(|| text.to_owned().into());
                return known.ok_or_else(|| ValueError::NoChoice {
                    names,
                    text: text.to_owned(),
                });
            }
            Kind::Some(names) => return some(text, names),
            Kind::Sizes => sizes(text),
            Kind::Shard if text == "slurm" => Some(Value::String(Shard::of_slurm()?.to_string())),
            Kind::Shard => {
                let shard: Option<Shard> = text.parse().ok();
                shard.map(|shard| Value::String(shard.to_string()))
            }
            Kind::Name => home(text)?.map(Value::String),
        };
        value.ok_or(ValueError::Other(self))
    }
}

/// As TOML reads it: `1_000` and `0x10` are numbers.
fn of_toml(text: &str) -> Option<Value> {
    if text.contains(['#', '\n']) {
        return None;
    }
    let mut table: Table = format!("v = {text}").parse().ok()?;
    table.remove("v")
}

fn whole(text: &str) -> Option<i64> {
    of_toml(text)?.as_integer()
}

fn number(text: &str) -> Option<f64> {
    // `.5` is no TOML, but a number all the same.
    let plain = text.trim().parse().ok();
    let found = plain.or_else(|| match of_toml(text)? {
        Value::Integer(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    });
    found.filter(|x: &f64| x.is_finite())
}

/// What stands in the brackets of a list; all of it, if there are none.
fn in_brackets(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    inner.unwrap_or(text).trim()
}

/// The names of a list, each once and in the order of `names`, so that lists of the same
/// names are the same.
fn some(text: &str, names: &'static [&'static str]) -> Result<Value, ValueError> {
    let parts = in_brackets(text).split([',', '\n']);
    let parts =
        parts.map(|part| part.trim_matches(|c: char| c.is_whitespace() || "'\"".contains(c)));
    let given: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    if let Some(wrong) = given.iter().find(|part| !names.contains(part)) {
        return Err(ValueError::NoSuch {
            names,
            text: (*wrong).to_owned(),
        });
    }
    let chosen = names.iter().filter(|name| given.contains(name));
    Ok(Value::Array(
        chosen.map(|name| Value::from(*name)).collect(),
    ))
}

fn sizes(text: &str) -> Option<Value> {
    let list = in_brackets(text).split(['-', ',']);
    let sizes: Option<Vec<Value>> = list
        .map(|size| {
            let size: i64 = size.trim().parse().ok()?;
            let fits = (1..=LARGEST_LAYER).contains(&size);
            fits.then_some(Value::Integer(size))
        })
        .collect();
    Some(Value::Array(sizes.filter(|sizes| sizes.len() > 1)?))
}

/// A shell leaves `~` alone where it is not the first letter, as in `out=~/x`, and a file
/// knows no shell.
fn home(text: &str) -> Result<Option<String>, ValueError> {
    if text.is_empty() {
        return Ok(None);
    }
    if text != "~" && !text.starts_with("~/") {
        return Ok(Some(text.to_owned()));
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let home = home.and_then(|home| home.into_os_string().into_string().ok());
    match home {
        Some(home) => Ok(Some(format!("{home}{}", &text[1..]))),
        None => Err(ValueError::NoHome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_was_typed() {
        for text in [
            "1_1_1",
            "0x10",
            "3#retry",
            "2024-05-01",
            "a = b",
            "[x]",
            "true",
            "7",
            "~x",
        ] {
            assert_eq!(Kind::Name.read(text).unwrap(), Value::from(text));
        }
        assert!(Kind::Name.read("").is_err());
    }

    #[test]
    fn a_path_below_the_home_directory_is_found_there() {
        let home = std::env::home_dir().unwrap();
        let found = Kind::Name.read("~/runs/x").unwrap();
        assert_eq!(
            found.as_str().unwrap(),
            home.join("runs/x").to_str().unwrap()
        );
    }

    #[test]
    fn numbers_may_be_written_as_in_toml_or_as_in_other_places() {
        let count = Kind::Count { most: 100_000 };
        assert_eq!(count.read("1_000").unwrap(), Value::Integer(1000));
        assert_eq!(count.read("0x10").unwrap(), Value::Integer(16));
        for wrong in ["0", "-1", "2.5", "many", "", "1 #", "1\nw = 2", "100001"] {
            assert_eq!(
                count.read(wrong).unwrap_err(),
                ValueError::Other(count),
                "{wrong}"
            );
        }
        assert_eq!(Kind::Number.read(".5").unwrap(), Value::Float(0.5));
        assert_eq!(Kind::Number.read("-3").unwrap(), Value::Float(-3.0));
        assert_eq!(Kind::Number.read("1e-3").unwrap(), Value::Float(1e-3));
        for wrong in ["inf", "nan", "x", "", "1e999"] {
            assert!(Kind::Number.read(wrong).is_err(), "{wrong}");
        }
        assert!(Kind::Above(0.0).read("0").is_err());
        assert!(Kind::AtLeast(0.0).read("0").is_ok());
    }

    #[test]
    fn sizes_are_listed_with_dashes_commas_or_brackets() {
        let wanted = Value::from(vec![784, 20, 47]);
        for text in ["784-20-47", "784, 20, 47", "[784, 20,47]"] {
            assert_eq!(Kind::Sizes.read(text).unwrap(), wanted);
        }
        for wrong in [
            "784",
            "784-x-47",
            "784-0",
            "784--3",
            "[784, 20",
            "1-1000001",
            "",
        ] {
            assert!(Kind::Sizes.read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_of_names_has_each_once_in_the_order_of_the_table() {
        let kind = Kind::Some(&["norm_W", "share", "cos_WB"]);
        let wanted = Value::from(vec!["norm_W", "cos_WB"]);
        for text in [
            "cos_WB, norm_W",
            "[\"norm_W\", 'cos_WB', \"norm_W\"]",
            "[\n  \"cos_WB\",\n  \"norm_W\",\n]",
        ] {
            assert_eq!(kind.read(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(kind.read("[]").unwrap(), Value::Array(Vec::new()));
        assert_eq!(
            kind.read("norm_W, shares").unwrap_err().to_string(),
            "a list of norm_W, share, cos_WB; did you mean 'share'?"
        );
    }

    #[test]
    fn of_a_choice_what_is_near_is_suggested() {
        let kind = Kind::Choice(&["adam", "guarded", "none"]);
        let wrong = |text| kind.read(text).unwrap_err().to_string();
        assert_eq!(
            wrong("guardd"),
            "one of adam, guarded, none; did you mean 'guarded'?"
        );
        assert_eq!(wrong("sgd"), "one of adam, guarded, none");
    }
}
