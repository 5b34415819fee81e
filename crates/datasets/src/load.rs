//! Opening a set by name or path.

use std::path::Path;

use crate::{
    DataError, Dataset, Located, Roots, Split, glyphs,
    idx::{IdxFile, Kind},
    locate::{self, Files},
    npz,
};

/// The seed of the glyphs that go by the name `glyphs`.
const GLYPHS_SEED: u64 = 0;

/// What the default set is called.
const DEFAULT: &str = "emnist-balanced";

/// Opens a set by name or path, looking where [`Roots::from_env`] says.
///
/// A path is a folder with the image and label files of one set, an images file beside its
/// labels, or an `.npz` file of Keras' layout. An images file is read as it is: the returned
/// set's [`Dataset::split`] is what the file's name says, and `split` counts only where that
/// says nothing.
///
/// # Errors
/// [`DataError`], for a set that is unknown, not found, or damaged, or a METAPLAST_DATA that
/// names no folder.
pub fn open(name_or_path: &str, split: Split) -> Result<Dataset, DataError> {
    open_in(&Roots::from_env()?, name_or_path, split)
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
/// a run on other data than the user believes would be worse than none. So too when
/// METAPLAST_DATA names no folder.
pub fn open_default(split: Split) -> Result<Dataset, DataError> {
    open_default_in(&Roots::from_env()?, split)
}

/// [`open_default`], looking in the given roots.
///
/// # Errors
/// As [`open_default`].
pub fn open_default_in(roots: &Roots, split: Split) -> Result<Dataset, DataError> {
    if let Some(found) = locate::find(DEFAULT, split, roots)? {
        return read(&found);
    }
    for other in Split::ALL {
        if locate::find(DEFAULT, other, roots)?.is_some() {
            return Err(locate::not_found(DEFAULT, split, roots));
        }
    }
    Ok(glyphs(split, GLYPHS_SEED))
}

/// Reads and checks the whole of what was found.
///
/// # Errors
/// [`DataError`] for what is wrong with a file.
pub fn read(found: &Located) -> Result<Dataset, DataError> {
    let (name, split) = (found.name(), found.split());
    let set = match &found.files {
        Files::Npz(path) => {
            let arrays = npz::Arrays::read(path, split)?;
            let (height, width) = (arrays.height, arrays.width);
            Dataset::from_parts(name, split, height, width, arrays.images, arrays.labels)?
        }
        Files::Idx {
            images,
            labels,
            transposed,
        } => {
            let (images, labels) = open_pair(images, labels)?;
            let header = images.header();
            // Sides are at most 1024.
            let (height, width) = (header.rows as usize, header.cols as usize);
            let (images, labels) = (images.data()?, labels.data()?);
            let set = Dataset::from_parts(name, split, height, width, images, labels)?;
            if *transposed { set.transposed() } else { set }
        }
    };
    let files = found.files().into_iter();
    // By their absolute paths, so that a record says the same from any folder.
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let origin: Vec<String> = files
        .map(|path| absolute(path).display().to_string())
        .collect();
    Ok(set.with_origin(origin.join(" and "), found.reference.clone()))
}

/// Size of a set as its headers and labels tell, without reading its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of images.
    pub images: usize,
    /// How many different labels there are.
    pub classes: usize,
}

/// Reads the headers and the labels of what was found.
///
/// # Errors
/// [`DataError`] for what is wrong with the headers or the labels.
pub fn summary(found: &Located) -> Result<Summary, DataError> {
    let labels = match &found.files {
        Files::Npz(path) => npz::labels(path, found.split())?,
        Files::Idx { images, labels, .. } => open_pair(images, labels)?.1.data()?,
    };
    let mut seen = [false; 256];
    for label in &labels {
        seen[usize::from(*label)] = true;
    }
    Ok(Summary {
        images: labels.len(),
        classes: seen.iter().filter(|seen| **seen).count(),
    })
}

pub(crate) fn open_pair(images: &Path, labels: &Path) -> Result<(IdxFile, IdxFile), DataError> {
    let (images_path, labels_path) = (images, labels);
    let images = IdxFile::open(images_path, Kind::Images)?;
    let labels = IdxFile::open(labels_path, Kind::Labels)?;
    let (expected, found) = (images.header().count, labels.header().count);
    if expected != found {
        return Err(DataError::Counts {
            labels: labels_path.to_owned(),
            found,
            images: images_path.to_owned(),
            expected,
        });
    }
    if expected == 0 {
        return Err(DataError::Empty {
            name: images_path.display().to_string(),
        });
    }
    Ok((images, labels))
}
