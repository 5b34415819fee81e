//! `metaplast data list`: every known set, and whether and where it is found.

use std::io::{self, Write};

use datasets::{Located, Roots, Split, find, glyphs, names_in, summary};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;

/// A split of a set, or a set of which nothing was found.
#[derive(Serialize)]
struct Listed {
    name: String,
    split: Option<String>,
    images: Option<usize>,
    classes: Option<usize>,
    state: State,
    /// The folder, or the file that holds both splits.
    folder: Option<String>,
    /// What is wrong with a damaged set.
    problem: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    BuiltIn,
    Found,
    Damaged,
    NotFound,
}

#[derive(Serialize)]
struct Document {
    sets: Vec<Listed>,
}

pub(super) fn list(roots: &Roots, json: bool) -> Result<(), Failure> {
    let mut sets = Vec::new();
    for name in names_in(roots)? {
        if name == "glyphs" {
            sets.extend(Split::ALL.map(built_in));
            continue;
        }
        let found = Split::ALL.map(|split| of_split(&name, split, roots));
        let mut found: Vec<Listed> = found.into_iter().flatten().collect();
        if found.is_empty() {
            found.push(Listed {
                name,
                split: None,
                images: None,
                classes: None,
                state: State::NotFound,
                folder: None,
                problem: None,
            });
        }
        sets.append(&mut found);
    }
    if json {
        return print_json(&Document { sets });
    }
    let mut out = io::stdout().lock();
    line(&mut out, ["set", "split", "images", "classes", "where"])?;
    for set in &sets {
        let shown = |number: Option<usize>| number.map_or("-".to_owned(), |n| n.to_string());
        let note = set.note();
        line(
            &mut out,
            [
                &set.name,
                set.split.as_deref().unwrap_or("-"),
                &shown(set.images),
                &shown(set.classes),
                &note,
            ],
        )?;
    }
    Ok(out.flush()?)
}

fn line(out: &mut impl Write, [name, split, images, classes, note]: [&str; 5]) -> io::Result<()> {
    writeln!(
        out,
        "{name:<18} {split:<6} {images:>7} {classes:>8}  {note}"
    )
}

fn built_in(split: Split) -> Listed {
    let set = glyphs(split, 0);
    Listed {
        name: set.name().to_owned(),
        split: Some(split.to_string()),
        images: Some(set.len()),
        classes: Some(set.classes()),
        state: State::BuiltIn,
        folder: None,
        problem: None,
    }
}

/// A split that is there. A damaged one must not hide the others; `data check` fails on it.
fn of_split(name: &str, split: Split, roots: &Roots) -> Option<Listed> {
    let found = find(name, split, roots);
    let size = found.and_then(|found| found.map(|f| Ok((summary(&f)?, f))).transpose());
    let listed = |images, classes, state, folder, problem| Listed {
        name: name.to_owned(),
        split: Some(split.to_string()),
        images,
        classes,
        state,
        folder,
        problem,
    };
    match size {
        Ok(None) => None,
        Ok(Some((size, located))) => Some(listed(
            Some(size.images),
            Some(size.classes),
            State::Found,
            Some(place(&located)),
            None,
        )),
        Err(error) => {
            let problem = Some(error.to_string());
            Some(listed(None, None, State::Damaged, None, problem))
        }
    }
}

/// The folder of a pair of files, or the one file that has both splits.
fn place(located: &Located) -> String {
    match located.files()[..] {
        [images, _, ..] => images.parent().unwrap_or(images),
        [file] => file,
        [] => return String::new(),
    }
    .display()
    .to_string()
}

impl Listed {
    fn note(&self) -> String {
        match (self.state, &self.folder, &self.problem) {
            (State::BuiltIn, ..) => "built in, synthetic".to_owned(),
            (State::NotFound, ..) => format!("not found; metaplast data fetch {}", self.name),
            (_, Some(folder), _) => format!("{folder}, real"),
            (_, _, problem) => format!("damaged: {}", problem.as_deref().unwrap_or_default()),
        }
    }
}
