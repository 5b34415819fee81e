//! Opening a set by name or path.

use crate::{
    DataError, Dataset, Pair, Roots, Split, glyphs,
    idx::{IdxFile, Kind},
    locate,
};

/// The seed of the glyphs that go by the name `glyphs`.
const GLYPHS_SEED: u64 = 0;

/// What the default set is called.
const DEFAULT: &str = "emnist-balanced";

/// Opens a set by name or path, looking where [`Roots::from_env`] says.
///
/// A path is a folder with the image and label files of one set, or an images file beside its
/// labels. An images file is read as it is: the returned set's [`Dataset::split`] is what the
/// file's name says, and `split` counts only where that says nothing.
///
/// # Errors
/// [`DataError`], for a set that is unknown, not found, or damaged.
pub fn open(name_or_path: &str, split: Split) -> Result<Dataset, DataError> {
    open_in(&Roots::from_env(), name_or_path, split)
}

/// [`open`], looking in the given roots.
///
/// # Errors
/// As [`open`].
pub fn open_in(roots: &Roots, name_or_path: &str, split: Split) -> Result<Dataset, DataError> {
    if name_or_path == "glyphs" {
        return Ok(glyphs(split, GLYPHS_SEED));
    }
    read(&locate::locate(name_or_path, split, roots)?)
}

/// What a run uses that names no data: `emnist-balanced` where found, else `glyphs`.
///
/// # Errors
/// [`DataError`] when `emnist-balanced` is there but damaged, or only its other split is there:
/// a run on other data than the user believes would be worse than none.
pub fn open_default(split: Split) -> Result<Dataset, DataError> {
    open_default_in(&Roots::from_env(), split)
}

/// [`open_default`], looking in the given roots.
///
/// # Errors
/// As [`open_default`].
pub fn open_default_in(roots: &Roots, split: Split) -> Result<Dataset, DataError> {
    if let Some(pair) = locate::find(DEFAULT, split, roots)? {
        return read(&pair);
    }
    for other in Split::ALL {
        if locate::find(DEFAULT, other, roots)?.is_some() {
            return Err(locate::not_found(DEFAULT, split, roots));
        }
    }
    Ok(glyphs(split, GLYPHS_SEED))
}

/// Reads and checks the whole of a pair of files.
///
/// # Errors
/// [`DataError`] for what is wrong with either file.
pub fn read(pair: &Pair) -> Result<Dataset, DataError> {
    let (images, labels) = open_pair(pair)?;
    let header = images.header();
    let set = Dataset::from_parts(
        pair.name(),
        pair.split(),
        // Sides are at most 1024.
        header.rows as usize,
        header.cols as usize,
        images.data()?,
        labels.data()?,
    )?
    .with_origin(format!(
        "{} and {}",
        pair.images.display(),
        pair.labels.display()
    ));
    Ok(if pair.transposed {
        set.transposed()
    } else {
        set
    })
}

/// Size of a set as its headers and labels tell, without reading its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of images.
    pub images: usize,
    /// Largest label plus one.
    pub classes: usize,
}

/// Reads the headers and the labels of a pair of files.
///
/// # Errors
/// [`DataError`] for what is wrong with the headers or the labels.
pub fn summary(pair: &Pair) -> Result<Summary, DataError> {
    let (_, labels) = open_pair(pair)?;
    let labels = labels.data()?;
    Ok(Summary {
        images: labels.len(),
        classes: labels.iter().max().map_or(0, |&l| usize::from(l) + 1),
    })
}

fn open_pair(pair: &Pair) -> Result<(IdxFile, IdxFile), DataError> {
    let images = IdxFile::open(&pair.images, Kind::Images)?;
    let labels = IdxFile::open(&pair.labels, Kind::Labels)?;
    let (expected, found) = (images.header().count, labels.header().count);
    if expected != found {
        return Err(DataError::Counts {
            labels: pair.labels.clone(),
            found,
            images: pair.images.clone(),
            expected,
        });
    }
    if expected == 0 {
        return Err(DataError::Empty {
            name: pair.images.display().to_string(),
        });
    }
    Ok((images, labels))
}
