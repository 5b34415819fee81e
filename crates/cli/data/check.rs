//! `metaplast data check`: sets read in full and described.

use std::io::{self, Write};

use datasets::{
    DataError, Dataset, Located, Roots, Source, Split, file_md5, glyphs, located, read,
};

use super::names_in;
use crate::failure::Failure;

/// Checks the named sets, or all that are found; what is whole is described, and the first
/// problem is returned when all have been read.
pub(super) fn check(roots: &Roots, mut names: Vec<String>) -> Result<(), Failure> {
    let all = names.is_empty();
    if all {
        names = names_in(roots)?;
    }
    let mut out = io::stdout().lock();
    let mut errors = Vec::new();
    for name in &names {
        if name == "glyphs" {
            for split in Split::ALL {
                describe(&mut out, &glyphs(split, 0))?;
            }
            continue;
        }
        match located(name, roots) {
            // Without names, all that is there is checked; what is not there is no fault.
            Err(DataError::NotFound { .. }) if all => {}
            Err(error) => errors.push(error),
            Ok(found) => {
                for located in found {
                    match check_one(&mut out, &located)? {
                        Ok(()) => {}
                        Err(error) => errors.push(error),
                    }
                }
            }
        }
    }
    out.flush()?;
    let count = errors.len();
    match errors.into_iter().next() {
        None => Ok(()),
        Some(first) if count == 1 => Err(first.into()),
        Some(first) => Err(Failure::Input(format!(
            "{first} (the first of {count} problems; check the sets one by one for the others)"
        ))),
    }
}

/// The outer error is that of writing, the inner one that of the data.
fn check_one(out: &mut impl Write, located: &Located) -> io::Result<Result<(), DataError>> {
    let files = located.files();
    let sums = || {
        files
            .iter()
            .map(|file| file_md5(file))
            .collect::<Result<Vec<_>, _>>()
    };
    let (set, sums) = match read(located).and_then(|set| Ok((set, sums()?))) {
        Ok(both) => both,
        Err(error) => {
            writeln!(out, "{} {}: damaged", located.name(), located.split())?;
            return Ok(Err(error));
        }
    };
    describe(out, &set)?;
    for (file, sum) in files.into_iter().zip(sums) {
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let verdict = match Source::published_md5(located.name(), &file_name) {
            Some(published) if published == sum => "as published",
            Some(_) => "not the published file: packed anew, or other content",
            None => "no published sum for this file",
        };
        writeln!(out, "  file md5 {sum}  {} ({verdict})", file.display())?;
    }
    Ok(Ok(()))
}

fn describe(out: &mut impl Write, set: &Dataset) -> io::Result<()> {
    let kind = if set.is_synthetic() {
        "synthetic"
    } else {
        "real"
    };
    writeln!(
        out,
        "{} {}: {} images of {} x {}, {} classes, {kind}",
        set.name(),
        set.split(),
        set.len(),
        set.height(),
        set.width(),
        set.classes()
    )?;
    writeln!(out, "  a class: {}", counts(set))?;
    let (mut inked, mut total) = (0usize, 0u64);
    for i in 0..set.len() {
        let image = set.image(i);
        inked += image.iter().filter(|&&p| p > 0).count();
        total += image.iter().map(|&p| u64::from(p)).sum::<u64>();
    }
    let pixels = (set.len() * set.pixels()) as f64;
    writeln!(
        out,
        "  pixels: {:.1} % above 0, mean {:.1} of 255",
        100.0 * inked as f64 / pixels,
        total as f64 / pixels
    )?;
    writeln!(
        out,
        "  data md5 {}  images, then labels, decoded",
        set.checksum()
    )
}

/// `400 each`, or `0:980 1:1135 …`.
fn counts(set: &Dataset) -> String {
    let of = |label| set.of_class(label).len();
    let labels: Vec<usize> = set.labels_in_use().collect();
    if labels.iter().all(|label| of(*label) == of(labels[0])) {
        return format!("{} each", of(labels[0]));
    }
    let each = labels.iter().map(|label| format!("{label}:{}", of(*label)));
    each.collect::<Vec<_>>().join(" ")
}
