//! From a name or a path to the pair of files behind it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    DataError, Roots, Split,
    catalog::{self, FileSet},
};

/// The two files that hold one split of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub(crate) name: String,
    pub(crate) split: Split,
    pub(crate) images: PathBuf,
    pub(crate) labels: PathBuf,
    pub(crate) transposed: bool,
}

impl Pair {
    /// The name of the set, as [`crate::Dataset::name`] gives it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The half of the set that the files hold.
    #[must_use]
    pub fn split(&self) -> Split {
        self.split
    }

    /// Images file, then labels file.
    #[must_use]
    pub fn files(&self) -> [&Path; 2] {
        [&self.images, &self.labels]
    }

    fn in_folder(
        folder: &Path,
        stem: &str,
        name: String,
        split: Split,
    ) -> Result<Option<Pair>, DataError> {
        let images = plain_or_gz(folder, &catalog::images_file(stem));
        let labels = plain_or_gz(folder, &catalog::labels_file(stem));
        let half = |missing: String, present| DataError::HalfPair {
            missing: folder.join(missing),
            present,
        };
        match (images, labels) {
            (None, None) => Ok(None),
            (Some(present), None) => Err(half(catalog::labels_file(stem), present)),
            (None, Some(present)) => Err(half(catalog::images_file(stem), present)),
            (Some(images), Some(labels)) => Ok(Some(Pair {
                name,
                split,
                images,
                labels,
                transposed: catalog::is_transposed(stem),
            })),
        }
    }
}

fn plain_or_gz(folder: &Path, file: &str) -> Option<PathBuf> {
    [file.to_owned(), format!("{file}.gz")]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

/// The files of a known set in the first root that has them; `None` if none has.
///
/// # Errors
/// [`DataError::HalfPair`] when a root has only one of the two files;
/// [`DataError::UnknownName`] when the name is not one of a set of files.
pub fn find(name: &str, split: Split, roots: &Roots) -> Result<Option<Pair>, DataError> {
    let set = FileSet::named(name).ok_or_else(|| unknown(name, roots))?;
    let (folder, stem) = set.stem(split);
    for root in roots.folders() {
        let pair = Pair::in_folder(&root.join(&folder), &stem, set.name(), split)?;
        if pair.is_some() {
            return Ok(pair);
        }
    }
    Ok(None)
}

/// The files behind a name or a path.
pub(crate) fn locate(name_or_path: &str, split: Split, roots: &Roots) -> Result<Pair, DataError> {
    if FileSet::named(name_or_path).is_some() {
        return find(name_or_path, split, roots)?
            .ok_or_else(|| not_found(name_or_path, split, roots));
    }
    let path = Path::new(name_or_path);
    if path.is_dir() {
        in_folder(path, split)
    } else if path.exists() {
        of_images_file(path, split)
    } else if path.components().count() > 1 || name_or_path.ends_with(".gz") {
        Err(DataError::Folder {
            path: path.to_owned(),
            problem: "there is no such file or folder, should be an IDX images file or a folder that holds one".to_owned(),
        })
    } else {
        Err(unknown(name_or_path, roots))
    }
}

/// All splits that there are of a name or path, train before test; at least one.
///
/// # Errors
/// [`DataError`] when there is none, or a file lacks its partner. `glyphs` has no files, so it
/// is an unknown name here.
pub fn pairs(name_or_path: &str, roots: &Roots) -> Result<Vec<Pair>, DataError> {
    let mut found = Vec::new();
    let mut missing = None;
    for split in Split::ALL {
        match locate(name_or_path, split, roots) {
            // An images file is itself under either split.
            Ok(pair) if found.contains(&pair) => {}
            Ok(pair) => found.push(pair),
            Err(error @ (DataError::NotFound { .. } | DataError::NoSplit { .. })) => {
                missing = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    match missing {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// A file named outright wins over the split asked for; its own name tells which it is.
fn of_images_file(path: &Path, asked: Split) -> Result<Pair, DataError> {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(stem) = catalog::stem_of_images(&file_name) else {
        return Err(DataError::Folder {
            path: path.to_owned(),
            problem:
                "not named like an images file, should end in -images-idx3-ubyte or -images-idx3-ubyte.gz"
                    .to_owned(),
        });
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let split = catalog::split_of_stem(stem).unwrap_or(asked);
    let mut pair = Pair::in_folder(folder, stem, name_from(folder, stem), split)?
        .ok_or_else(|| no_pair(path, asked))?;
    // The very file that was named, even where a plain and a gzipped one stand side by side.
    pair.images = path.to_owned();
    Ok(pair)
}

fn in_folder(folder: &Path, split: Split) -> Result<Pair, DataError> {
    let mut stems = stems_in(folder)?;
    stems.retain(|stem| catalog::split_of_stem(stem) == Some(split));
    match stems.as_slice() {
        [] => Err(no_pair(folder, split)),
        [stem] => Pair::in_folder(folder, stem, name_from(folder, stem), split)?
            .ok_or_else(|| no_pair(folder, split)),
        several => Err(DataError::Folder {
            path: folder.to_owned(),
            problem: format!(
                "holds several sets ({}), should be one; give the images file itself",
                several.join(", ")
            ),
        }),
    }
}

/// Stems of all images files in a folder, sorted, each once.
fn stems_in(folder: &Path) -> Result<Vec<String>, DataError> {
    let fail = |source| DataError::Io {
        path: folder.to_owned(),
        action: "list",
        source,
    };
    let mut stems = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let file_name = entry.map_err(fail)?.file_name();
        if let Some(stem) = catalog::stem_of_images(&file_name.to_string_lossy()) {
            stems.push(stem.to_owned());
        }
    }
    stems.sort_unstable();
    stems.dedup();
    Ok(stems)
}

/// `emnist-balanced` from `emnist-balanced-test`; the folder's name from `t10k`.
fn name_from(folder: &Path, stem: &str) -> String {
    let half = stem.rsplit('-').next().unwrap_or_default();
    let set = match catalog::split_of_stem(stem) {
        Some(_) => stem[..stem.len() - half.len()].trim_end_matches('-'),
        None => stem,
    };
    if !set.is_empty() {
        return set.to_owned();
    }
    folder
        .canonicalize()
        .ok()
        .and_then(|full| Some(full.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| stem.to_owned())
}

/// Names of all EMNIST sets of which some root holds an images file, also unpublished ones.
///
/// # Errors
/// [`DataError::Io`] when a folder exists but cannot be listed.
pub fn emnist_sets_in(roots: &Roots) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    for root in roots.folders() {
        let folder = root.join("emnist");
        if folder.is_dir() {
            let stems = stems_in(&folder)?;
            let ours = stems.iter().filter(|stem| {
                catalog::is_transposed(stem) && catalog::split_of_stem(stem).is_some()
            });
            names.extend(ours.map(|stem| name_from(&folder, stem)));
        }
    }
    // A file may be called what no name can be, with a space for instance.
    names.retain(|name| FileSet::named(name).is_some());
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn no_pair(path: &Path, split: Split) -> DataError {
    DataError::NoSplit {
        path: path.to_owned(),
        split,
        stem: match split {
            Split::Train => "train",
            Split::Test => "test",
        },
    }
}

fn all_names(roots: &Roots) -> Vec<String> {
    let mut names = catalog::known_names();
    names.extend(emnist_sets_in(roots).unwrap_or_default());
    names
}

fn unknown(name: &str, roots: &Roots) -> DataError {
    DataError::UnknownName {
        name: name.to_owned(),
        suggestion: catalog::nearest(name, &all_names(roots)),
    }
}

pub(crate) fn not_found(name: &str, split: Split, roots: &Roots) -> DataError {
    let published = catalog::known_names().iter().any(|known| known == name);
    let suggestion = if published {
        None
    } else {
        catalog::nearest(name, &all_names(roots))
    };
    let example = FileSet::named(name).map_or_else(String::new, |set| {
        let (folder, stem) = set.stem(split);
        let file = catalog::images_file(&stem);
        format!("{}/{file}.gz", folder.display())
    });
    let fetch = match (&suggestion, published) {
        (_, true) => name.to_owned(),
        (Some(near), false) if catalog::known_names().contains(near) => near.clone(),
        (_, false) => "emnist-balanced".to_owned(),
    };
    DataError::NotFound {
        name: name.to_owned(),
        split,
        looked: roots.describe(),
        suggestion,
        advice: format!(
            "run `metaplast data fetch {fetch}`, or set METAPLAST_DATA to a folder with {example}"
        ),
    }
}
