//! `metaplast data check`: sets read in full and described.

use std::io::{self, Write};

use datasets::{DataError, Dataset, Pair, Roots, Source, Split, file_md5, glyphs, pairs, read};

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
        match pairs(name, roots) {
            // Without names, all that is there is checked; what is not there is no fault.
            Err(DataError::NotFound { .. }) if all => {}
            Err(error) => errors.push(error),
            Ok(pairs) => {
                for pair in pairs {
                    match check_pair(&mut out, &pair)? {
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
fn check_pair(out: &mut impl Write, pair: &Pair) -> io::Result<Result<(), DataError>> {
    let (set, sums) = match read(pair).and_then(|set| Ok((set, file_sums(pair)?))) {
        Ok(both) => both,
        Err(error) => {
            writeln!(out, "{} {}: damaged", pair.name(), pair.split())?;
            return Ok(Err(error));
        }
    };
    describe(out, &set)?;
    for (file, sum) in pair.files().into_iter().zip(sums) {
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let verdict = match Source::published_md5(pair.name(), &file_name) {
            Some(published) if published == sum => "as published",
            Some(_) => "not the published file: packed anew, or other content",
            None => "no published sum for this file",
        };
        writeln!(out, "  file md5 {sum}  {} ({verdict})", file.display())?;
    }
    Ok(Ok(()))
}

fn file_sums(pair: &Pair) -> Result<[String; 2], DataError> {
    let [images, labels] = pair.files();
    Ok([file_md5(images)?, file_md5(labels)?])
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
    let of = |class| set.of_class(class).len();
    if (1..set.classes()).all(|class| of(class) == of(0)) {
        return format!("{} each", of(0));
    }
    let each = (0..set.classes()).map(|class| format!("{class}:{}", of(class)));
    each.collect::<Vec<_>>().join(" ")
}
