//! `metaplast data check`: sets read in full and described.

use std::collections::BTreeMap;
use std::io::{self, Write};

use datasets::{
    DataError, Dataset, Located, Roots, Split, file_md5, glyphs, located, names_in, read,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;

/// What was read, and what could not be.
#[derive(Default, Serialize)]
struct Document {
    sets: Vec<Checked>,
    problems: Vec<String>,
}

/// A split that is whole.
#[derive(Serialize)]
struct Checked {
    name: String,
    split: String,
    synthetic: bool,
    images: usize,
    height: usize,
    width: usize,
    classes: usize,
    /// Images of each label that occurs.
    images_of: BTreeMap<usize, usize>,
    /// The share of pixels above 0.
    inked: f64,
    /// The mean of all pixels, from 0 to 255.
    mean: f64,
    /// Of the images' bytes and then the labels', decoded.
    data_md5: String,
    files: Vec<Checksum>,
}

#[derive(Serialize)]
struct Checksum {
    path: String,
    md5: String,
    /// Whether it is the published sum; null where none is published.
    as_published: Option<bool>,
}

/// Checks the named sets, or all that are found; what is whole is described, and the first
/// problem is returned when all have been read.
pub(super) fn check(roots: &Roots, mut names: Vec<String>, json: bool) -> Result<(), Failure> {
    let all = names.is_empty();
    if all {
        names = names_in(roots)?;
    }
    let mut document = Document::default();
    let mut errors = Vec::new();
    let mut whole = |checked: Checked| -> Result<(), Failure> {
        if !json {
            checked.print(&mut io::stdout().lock())?;
        }
        document.sets.push(checked);
        Ok(())
    };
    for name in &names {
        if name == "glyphs" {
            for split in Split::ALL {
                whole(Checked::new(&glyphs(split, 0), Vec::new()))?;
            }
            continue;
        }
        match located(name, roots) {
            // Without names, all that is there is checked; what is not there is no fault.
            Err(DataError::NotFound { .. }) if all => {}
            Err(error) => errors.push(error),
            Ok(found) => {
                for located in found {
                    match checked(&located) {
                        Ok(checked) => whole(checked)?,
                        Err(error) => {
                            if !json {
                                let (name, split) = (located.name(), located.split());
                                writeln!(io::stdout(), "{name} {split}: damaged")?;
                            }
                            errors.push(error);
                        }
                    }
                }
            }
        }
    }
    if json {
        document.problems = errors.iter().map(DataError::to_string).collect();
        print_json(&document)?;
    }
    let count = errors.len();
    match errors.into_iter().next() {
        None => Ok(()),
        Some(first) if count == 1 => Err(first.into()),
        Some(first) => Err(Failure::Input(format!(
            "{first} (the first of {count} problems; check the sets one by one for the others)"
        ))),
    }
}

/// The published MD5 of a file, which is known to what fetches it.
fn published(set: &str, file_name: &str) -> Option<&'static str> {
    #[cfg(feature = "fetch")]
    return datasets::Source::published_md5(set, file_name);
    #[cfg(not(feature = "fetch"))]
    {
        let _ = (set, file_name);
        None
    }
}

fn checked(located: &Located) -> Result<Checked, DataError> {
    let set = read(located)?;
    let mut files = Vec::new();
    for path in located.files() {
        let md5 = file_md5(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files.push(Checksum {
            as_published: published(located.name(), &name).map(|sum| sum == md5),
            path: path.display().to_string(),
            md5,
        });
    }
    Ok(Checked::new(&set, files))
}

impl Checked {
    fn new(set: &Dataset, files: Vec<Checksum>) -> Checked {
        let (mut inked, mut total) = (0_usize, 0_u64);
        for i in 0..set.len() {
            let image = set.image(i);
            inked += image.iter().filter(|&&pixel| pixel > 0).count();
            total += image.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
        }
        let pixels = (set.len() * set.pixels()) as f64;
        Checked {
            name: set.name().to_owned(),
            split: set.split().to_string(),
            synthetic: set.is_synthetic(),
            images: set.len(),
            height: set.height(),
            width: set.width(),
            classes: set.classes(),
            images_of: set
                .labels_in_use()
                .map(|label| (label, set.of_class(label).len()))
                .collect(),
            inked: inked as f64 / pixels,
            mean: total as f64 / pixels,
            data_md5: set.checksum().to_owned(),
            files,
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{} {}: {} of {} x {}, {}, {}",
            self.name,
            self.split,
            words::count(self.images as u64, "image"),
            self.height,
            self.width,
            words::count(self.classes as u64, "class"),
            if self.synthetic { "synthetic" } else { "real" }
        )?;
        writeln!(out, "  a class: {}", self.counts())?;
        writeln!(
            out,
            "  pixels: {:.1} % above 0, mean {:.1} of 255",
            100.0 * self.inked,
            self.mean
        )?;
        writeln!(
            out,
            "  data md5 {}  images, then labels, decoded",
            self.data_md5
        )?;
        for file in &self.files {
            let verdict = match file.as_published {
                Some(true) => "as published",
                Some(false) => "not the published file: packed anew, or other content",
                None => "no published sum for this file",
            };
            writeln!(out, "  file md5 {}  {} ({verdict})", file.md5, file.path)?;
        }
        Ok(())
    }

    /// `400 each`, or `0:980 1:1135 …`.
    fn counts(&self) -> String {
        let mut numbers = self.images_of.values();
        let first = numbers.next().copied().unwrap_or_default();
        if numbers.all(|number| *number == first) {
            return format!("{first} each");
        }
        let each = self.images_of.iter();
        let each = each.map(|(label, number)| format!("{label}:{number}"));
        each.collect::<Vec<_>>().join(" ")
    }
}
