//! The file of a grid: its tables, with the values as they stand there.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SweepError;
use crate::config::{ConfigError, Key, Kind, Place};
use crate::files::read_text;

/// A grid is a few lines; anything near this is something else.
const LARGEST: u64 = 1 << 20;

/// The most runs of a grid.
pub(super) const MOST: usize = 1_000_000;

/// A key with the values that it takes, as `key=value` has them.
pub(super) struct List {
    pub(super) key: String,
    pub(super) values: Vec<String>,
    place: Place,
}

/// What stands in the file.
pub(super) struct Grid {
    pub(super) out: PathBuf,
    pub(super) parts: u64,
    /// Each with one value.
    pub(super) settings: Vec<List>,
    pub(super) zip: Vec<List>,
    pub(super) cross: Vec<List>,
}

impl Grid {
    pub(super) fn read(file: &Path) -> Result<Grid, SweepError> {
        let text = read_text(file, LARGEST).map_err(|error| ConfigError::Unreadable {
            file: file.to_owned(),
            error,
        })?;
        let source = Source { file, text: &text };
        let tables = DeTable::parse(&text).map_err(|error| ConfigError::Syntax {
            place: Some(source.place(error.span().map_or(0, |span| span.start))),
            reason: error.message().to_owned(),
        })?;
        let name = file.file_stem().unwrap_or_default();
        let mut grid = Grid {
            out: Path::new("sweeps").join(name),
            parts: 1,
            settings: Vec::new(),
            zip: Vec::new(),
            cross: Vec::new(),
        };
        for (name, value) in tables.get_ref() {
            let place = source.place(name.span().start);
            let kind = |wanted| SweepError::Kind {
                place: place.clone(),
                name: name.get_ref().to_string(),
                wanted,
            };
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("out", DeValue::String(folder)) => {
                    let read = Kind::Name.read(folder);
                    let read = read.map_err(|_| kind("a folder's name"))?;
                    grid.out = read.as_str().unwrap_or_default().into();
                }
                ("out", _) => return Err(kind("a folder's name in quotes")),
                ("parts", _) => {
                    let read = Kind::Count { most: 1_000_000 }.read(source.written(value));
                    let parts = read.ok().and_then(|parts| parts.as_integer());
                    let parts = parts.and_then(|parts| u64::try_from(parts).ok());
                    grid.parts = parts.ok_or_else(|| kind("a whole number from 1 to 1000000"))?;
                }
                ("settings", DeValue::Table(table)) => {
                    grid.settings = source.lists(table, Source::one)?;
                }
                ("zip", DeValue::Table(table)) => grid.zip = source.lists(table, Source::many)?,
                ("cross", DeValue::Table(table)) => {
                    grid.cross = source.lists(table, Source::many)?;
                }
                ("settings" | "zip" | "cross", _) => return Err(kind("a table")),
                (other, _) => {
                    let name = other.to_owned();
                    return Err(SweepError::Unknown { place, name });
                }
            }
        }
        grid.check()?;
        Ok(grid)
    }

    /// The keys that vary, those in step first.
    pub(super) fn varied(&self) -> impl Iterator<Item = &List> {
        self.zip.iter().chain(&self.cross)
    }

    /// Checks that no key is set twice, and that lists in step are as long.
    fn check(&self) -> Result<(), SweepError> {
        let mut seen = std::collections::BTreeSet::new();
        for list in self.settings.iter().chain(self.varied()) {
            if !seen.insert(&list.key) {
                return Err(SweepError::Twice {
                    place: list.place.clone(),
                    key: list.key.clone(),
                });
            }
        }
        let Some(first) = self.zip.first() else {
            return Ok(());
        };
        let wanted = first.values.len();
        match self.zip.iter().find(|list| list.values.len() != wanted) {
            Some(list) => Err(SweepError::Lengths {
                place: list.place.clone(),
                key: list.key.clone(),
                found: list.values.len(),
                other: first.key.clone(),
                wanted,
            }),
            None => Ok(()),
        }
    }

    /// Every combination of the values that vary, the last key changing the fastest.
    ///
    /// # Errors
    /// How many there are, if there are too many.
    pub(super) fn points(&self) -> Result<Vec<Vec<(String, String)>>, usize> {
        let steps = self.zip.first().map_or(1, |list| list.values.len());
        let lengths = self.cross.iter().map(|list| list.values.len());
        let runs = lengths.fold(steps, usize::saturating_mul);
        if runs > MOST {
            return Err(runs);
        }
        let pair = |list: &List, i: usize| (list.key.clone(), list.values[i].clone());
        let mut points: Vec<Vec<(String, String)>> = (0..steps)
            .map(|i| self.zip.iter().map(|list| pair(list, i)).collect())
            .collect();
        for list in &self.cross {
            let longer = points.iter().flat_map(|point| {
                (0..list.values.len()).map(move |i| {
                    let mut point = point.clone();
                    point.push(pair(list, i));
                    point
                })
            });
            points = longer.collect();
        }
        Ok(points)
    }
}

/// The text of the file, to tell where in it something stands and how it is written.
struct Source<'t> {
    file: &'t Path,
    text: &'t str,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Source<'_> {
    fn place(&self, at: usize) -> Place {
        Place {
            file: self.file.to_owned(),
            line: self.text[..at].matches('\n').count() + 1,
        }
    }

    fn written(&self, value: &Value<'_>) -> &str {
        &self.text[value.span()]
    }

    /// The keys of a table in the order of the file, each with what `values` reads.
    fn lists(
        &self,
        table: &DeTable<'_>,
        values: impl Fn(&Self, &str, &Value<'_>) -> Option<Vec<String>>,
    ) -> Result<Vec<List>, SweepError> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let list = |(name, value): (&Spanned<_>, &Value<'_>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let place = self.place(value.span().start);
            let key = self.key(name, &place)?;
            let Some(values) = values(self, key.name, value) else {
                let key = name.to_string();
                return Err(SweepError::NoList { place, key });
            };
            // Rules and data are looked for when their runs are checked.
            for text in &values {
                key.kind.read(text).map_err(|wanted| ConfigError::Value {
                    place: Some(place.clone()),
                    key: key.name,
                    value: text.clone(),
                    wanted,
                })?;
            }
            Ok(List {
                key: key.name.to_owned(),
                values,
                place,
            })
        };
        entries.into_iter().map(list).collect()
    }

    fn key(&self, name: &str, place: &Place) -> Result<&'static Key, SweepError> {
        let advice = match name {
            "out" => "put it before the tables, as the folder of all runs",
            "shard" => "put parts = N before the tables, to do each run in N parts",
            _ => {
                let unknown = || ConfigError::UnknownKey {
                    place: Some(place.clone()),
                    key: name.to_owned(),
                };
                return Ok(Key::named(name).ok_or_else(unknown)?);
            }
        };
        Err(SweepError::NotSwept {
            place: place.clone(),
            key: name.to_owned(),
            advice,
        })
    }

    fn one(&self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        Some(vec![self.text_of(key, value)])
    }

    fn many(&self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        match value.get_ref() {
            DeValue::Array(values) if !values.is_empty() => {
                Some(values.iter().map(|v| self.text_of(key, v)).collect())
            }
            _ => None,
        }
    }

    /// A value as `key=value` has it. A rule file is looked for beside the grid.
    fn text_of(&self, key: &str, value: &Value<'_>) -> String {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Array(values) => {
                let sizes = values
                    .iter()
                    .all(|v| matches!(v.get_ref(), DeValue::Integer(_)));
                let parts: Vec<String> = values.iter().map(|v| self.text_of(key, v)).collect();
                parts.join(if sizes { "-" } else { "," })
            }
            // Of what is no text, what stands there: a path may look like a number.
            _ => self.written(value).to_owned(),
        };
        let beside = self.file.parent().map(|folder| folder.join(&text));
        match beside.filter(|path| key == "rule" && path.is_file()) {
            Some(path) => path.to_string_lossy().into_owned(),
            None => text,
        }
    }
}
