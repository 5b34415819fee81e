//! From a name or a path to the files behind it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    DataError, Roots, Split,
    catalog::{self, FileSet, IdxName},
    idx::Kind,
};

/// One split of a set, where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    pub(crate) name: String,
    pub(crate) split: Split,
    pub(crate) files: Files,
    pub(crate) reference: String,
}

/// The files that hold one split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// A pair of IDX files; rows and columns may be swapped in them.
    Idx {
        images: PathBuf,
        labels: PathBuf,
        transposed: bool,
    },
    /// An archive of NumPy arrays, with the other split beside this one.
    Npz(PathBuf),
}

impl Files {
    pub(crate) fn paths(&self) -> Vec<&Path> {
        match self {
            Files::Idx { images, labels, .. } => vec![images, labels],
            Files::Npz(path) => vec![path],
        }
    }
}

impl Located {
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

    /// The images file, then the labels file; or the one file that holds both.
    #[must_use]
    pub fn files(&self) -> Vec<&Path> {
        self.files.paths()
    }

    /// The same files, to be opened again by a path that means the same in any folder.
    fn by_path(self, path: &Path) -> Located {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Located {
            reference: path.to_string_lossy().into_owned(),
            ..self
        }
    }
}

/// The files of a known set in the first root that has them; `None` if none has.
///
/// In a root the set's own folder is looked into first, then folders of its name in other
/// spellings (`FashionMNIST`), `raw` inside them, and the root itself: as torchvision, Kaggle
/// and Keras (`mnist.npz`) lay them out.
///
/// # Errors
/// [`DataError::HalfPair`] when a root has only one of the two files;
/// [`DataError::UnknownName`] when the name is not one of a set of files.
pub fn find(name: &str, split: Split, roots: &Roots) -> Result<Option<Located>, DataError> {
    let set = FileSet::named(name).ok_or_else(|| unknown(name, roots))?;
    for root in roots.folders() {
        for folder in folders_of(&set, root)? {
            let Some(found) = of_set(&set, &folder, split)? else {
                continue;
            };
            // A relative root is another one for a command that is run elsewhere.
            let path = found.files()[0].to_owned();
            return Ok(Some(match root.is_absolute() {
                true => found,
                false => found.by_path(&path),
            }));
        }
    }
    Ok(None)
}

/// Where files of a set may stand below a root, the most proper place first.
fn folders_of(set: &FileSet, root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut named: Vec<String> = list(root)?
        .into_iter()
        .filter(|name| set.may_be_in(name) && root.join(name).is_dir())
        .collect();
    named.sort_by_key(|name| (name != set.folder(), name.clone()));
    let mut folders: Vec<PathBuf> = named.into_iter().map(|name| root.join(name)).collect();
    folders.push(root.to_owned());
    Ok(folders
        .into_iter()
        .flat_map(|folder| [folder.clone(), folder.join("raw")])
        .collect())
}

/// A split of the set in a folder that may hold others too.
fn of_set(set: &FileSet, folder: &Path, split: Split) -> Result<Option<Located>, DataError> {
    let located = |files| {
        let name = set.name();
        Some(Located {
            reference: name.clone(),
            name,
            split,
            files,
        })
    };
    // EMNIST's files bear its name; those of MNIST and its likes are told apart by folder.
    if matches!(set, FileSet::Emnist(_)) || own_name(folder).is_some_and(|own| set.may_be_in(&own))
    {
        let seen = scan(folder)?;
        for stem in set.stems(split) {
            if let Some(files) = pair(folder, &seen, &stem)? {
                return Ok(located(files));
            }
        }
    }
    let wanted = format!("{}.npz", set.name());
    let archive = list(folder)?
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(&wanted));
    Ok(archive.and_then(|name| located(Files::Npz(folder.join(name)))))
}

/// Names in a folder, sorted; none where there is no folder.
fn list(folder: &Path) -> Result<Vec<String>, DataError> {
    let fail = |source| DataError::Io {
        path: folder.to_owned(),
        action: "list",
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Vec::new()),
                _ => Err(fail(error)),
            };
        }
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<io::Result<_>>().map_err(fail)?;
    names.sort_unstable();
    Ok(names)
}

/// An IDX file seen in a folder.
struct Seen {
    name: IdxName,
    path: PathBuf,
}

/// The IDX files of a folder, a plain one before its gzipped twin. Where a folder bears the
/// name of a file, as in Kaggle's archives, the file is in it.
fn scan(folder: &Path) -> Result<Vec<Seen>, DataError> {
    let mut seen = Vec::new();
    for file_name in list(folder)? {
        let Some(name) = IdxName::parse(&file_name) else {
            continue;
        };
        let path = folder.join(&file_name);
        if path.is_file() {
            seen.push(Seen { name, path });
        } else if path.is_dir() {
            let inner = list(&path)?
                .into_iter()
                .find(|inner| IdxName::parse(inner).as_ref() == Some(&name));
            let path = inner.map(|inner| path.join(inner));
            seen.extend(path.map(|path| Seen { name, path }));
        }
    }
    Ok(seen)
}

/// Images and labels of a stem; `None` if there is neither.
fn pair(folder: &Path, seen: &[Seen], stem: &str) -> Result<Option<Files>, DataError> {
    let of = |kind| {
        seen.iter()
            .find(|file| file.name.kind == kind && file.name.stem.eq_ignore_ascii_case(stem))
    };
    let missing = |kind, present: &Seen| DataError::HalfPair {
        missing: folder.join(format!("{stem}-{}", catalog::suffix(kind))),
        present: present.path.clone(),
    };
    match (of(Kind::Images), of(Kind::Labels)) {
        (None, None) => Ok(None),
        (Some(images), None) => Err(missing(Kind::Labels, images)),
        (None, Some(labels)) => Err(missing(Kind::Images, labels)),
        (Some(images), Some(labels)) => Ok(Some(Files::Idx {
            transposed: images.name.is_transposed(),
            images: images.path.clone(),
            labels: labels.path.clone(),
        })),
    }
}

/// The files behind a name or a path. A known name that no root has, but a folder here bears,
/// is that folder.
pub(crate) fn locate(
    name_or_path: &str,
    split: Split,
    roots: &Roots,
) -> Result<Located, DataError> {
    let path = Path::new(name_or_path);
    if FileSet::named(name_or_path).is_some() {
        return match find(name_or_path, split, roots)? {
            Some(found) => Ok(found),
            None if path.is_dir() => in_folder(path, split),
            None => Err(not_found(name_or_path, split, roots)),
        };
    }
    if path.is_dir() {
        in_folder(path, split)
    } else if path.exists() {
        of_file(path, split)
    } else if path.components().count() > 1 || path.extension().is_some() {
        Err(DataError::Folder {
            path: path.to_owned(),
            problem: "there is no such file or folder, should be an IDX images file, an .npz file, or a folder that holds one".to_owned(),
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
pub fn located(name_or_path: &str, roots: &Roots) -> Result<Vec<Located>, DataError> {
    let mut found: Vec<Located> = Vec::new();
    let mut missing = None;
    for split in Split::ALL {
        match locate(name_or_path, split, roots) {
            // A file whose name tells no split is itself under either.
            Ok(again)
                if matches!(again.files, Files::Idx { .. })
                    && found.iter().any(|one| one.files == again.files) => {}
            Ok(new) => found.push(new),
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
fn of_file(path: &Path, asked: Split) -> Result<Located, DataError> {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    if is_npz(&file_name) {
        return Ok(npz(path, asked));
    }
    let name = IdxName::parse(&file_name).filter(|name| name.kind == Kind::Images);
    let Some(name) = name else {
        return Err(DataError::Folder {
            path: path.to_owned(),
            problem: "not named like an images file, should end in -images-idx3-ubyte, -images-idx3-ubyte.gz or .npz".to_owned(),
        });
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let seen = scan(folder)?;
    let files = match pair(folder, &seen, &name.stem)? {
        // The very file that was named, even where a plain and a gzipped one stand side by side.
        Some(Files::Idx { labels, .. }) => Files::Idx {
            images: path.to_owned(),
            labels,
            transposed: name.is_transposed(),
        },
        _ => return Err(no_split(path, asked)),
    };
    Ok(of_path(path, folder, &name, asked, files))
}

fn in_folder(folder: &Path, split: Split) -> Result<Located, DataError> {
    let seen = scan(folder)?;
    let mut stems: Vec<&IdxName> = seen
        .iter()
        .map(|file| &file.name)
        .filter(|name| name.split() == Some(split))
        .collect();
    stems.dedup_by(|a, b| a.stem == b.stem);
    stems.sort_by_key(|name| &name.stem);
    stems.dedup_by(|a, b| a.stem == b.stem);
    let several = |names: Vec<&str>| {
        let names = names.join(", ");
        Err(DataError::Folder {
            path: folder.to_owned(),
            problem: format!("holds several sets ({names}), should be one; give the file itself"),
        })
    };
    match stems.as_slice() {
        [] => {
            let mut archives = list(folder)?;
            archives.retain(|name| is_npz(name));
            match archives.as_slice() {
                [archive] if seen.is_empty() => {
                    Ok(npz(&folder.join(archive), split).by_path(folder))
                }
                [_, _, ..] if seen.is_empty() => {
                    several(archives.iter().map(String::as_str).collect())
                }
                // A folder as torchvision leaves it.
                _ if folder.join("raw").is_dir() => {
                    Ok(in_folder(&folder.join("raw"), split)?.by_path(folder))
                }
                _ => Err(no_split(folder, split)),
            }
        }
        [name] => match pair(folder, &seen, &name.stem)? {
            Some(files) => Ok(of_path(folder, folder, name, split, files)),
            None => Err(no_split(folder, split)),
        },
        names => several(names.iter().map(|name| name.stem.as_str()).collect()),
    }
}

fn is_npz(file_name: &str) -> bool {
    file_name.to_ascii_lowercase().ends_with(".npz")
}

fn npz(path: &Path, split: Split) -> Located {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = catalog::known_folder(&stem).map_or_else(|| stem.into_owned(), str::to_owned);
    let located = Located {
        name,
        split,
        files: Files::Npz(path.to_owned()),
        reference: String::new(),
    };
    located.by_path(path)
}

fn of_path(path: &Path, folder: &Path, name: &IdxName, asked: Split, files: Files) -> Located {
    let set = match name.set() {
        "" => own_name(folder).map_or_else(
            || name.stem.clone(),
            |own| catalog::known_folder(&own).map_or(own, str::to_owned),
        ),
        set => set.to_owned(),
    };
    let located = Located {
        name: set,
        split: name.split().unwrap_or(asked),
        files,
        reference: String::new(),
    };
    located.by_path(path)
}

/// The name that tells the set in a folder from others: its own, or that of the folder above
/// where its own is one that every set's has.
fn own_name(folder: &Path) -> Option<String> {
    let full = folder.canonicalize().ok()?;
    let name = full.file_name()?.to_string_lossy().into_owned();
    if ["raw", "gzip"].contains(&name.to_ascii_lowercase().as_str()) {
        return own_name(full.parent()?);
    }
    Some(name)
}

/// Known names, then those of unpublished EMNIST sets that were found.
///
/// # Errors
/// As [`emnist_sets_in`].
pub fn names_in(roots: &Roots) -> Result<Vec<String>, DataError> {
    let mut names = catalog::known_names();
    names.extend(emnist_sets_in(roots)?.into_iter().collect::<BTreeSet<_>>());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

/// Names of all EMNIST sets of which some root holds an images file, also unpublished ones.
///
/// # Errors
/// [`DataError::Io`] when a folder exists but cannot be listed.
pub fn emnist_sets_in(roots: &Roots) -> Result<Vec<String>, DataError> {
    let any = FileSet::Emnist(String::new());
    let mut names = Vec::new();
    for root in roots.folders() {
        for folder in folders_of(&any, root)? {
            let seen = scan(&folder)?;
            let ours = seen
                .iter()
                .filter(|file| file.name.is_transposed() && file.name.split().is_some());
            names.extend(ours.map(|file| file.name.set().to_owned()));
        }
    }
    // A file may be called what no name can be, with a space for instance.
    names.retain(|name| FileSet::named(name).is_some());
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

pub(crate) fn no_split(path: &Path, split: Split) -> DataError {
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

fn nearest(name: &str, roots: &Roots) -> Option<String> {
    let names = all_names(roots);
    words::nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

fn unknown(name: &str, roots: &Roots) -> DataError {
    DataError::UnknownName {
        name: name.to_owned(),
        suggestion: nearest(name, roots),
    }
}

pub(crate) fn not_found(name: &str, split: Split, roots: &Roots) -> DataError {
    let fetchable = |name: &str| {
        catalog::known_names().iter().any(|known| known == name) || name == "emnist-bymerge400"
    };
    let suggestion = if fetchable(name) {
        None
    } else {
        nearest(name, roots)
    };
    let example = FileSet::named(name).map_or_else(String::new, |set| {
        format!("{}/{}.gz", set.folder(), set.file(split, Kind::Images))
    });
    let fetch = match &suggestion {
        _ if fetchable(name) => name,
        Some(near) if fetchable(near) => near,
        _ => "emnist-balanced",
    };
    DataError::NotFound {
        name: name.to_owned(),
        split,
        looked: roots.describe(),
        advice: format!(
            "run metaplast data fetch {fetch}, or set METAPLAST_DATA to a folder with {example}"
        ),
        suggestion,
    }
}
