//! The names of known sets and where their files stand below a root.

use std::path::PathBuf;

use crate::Split;

/// What a name may be, for error messages.
pub(crate) const NAMES: &str =
    "glyphs, emnist-<split> (such as emnist-balanced), mnist or fashion-mnist";

/// Prefix of every EMNIST name and file.
const EMNIST: &str = "emnist-";

/// The splits in which EMNIST is published.
pub const EMNIST_SPLITS: [&str; 6] = [
    "balanced", "bymerge", "byclass", "letters", "digits", "mnist",
];

/// Every name with a fixed meaning, in the order in which `data list` shows them.
#[must_use]
pub fn known_names() -> Vec<String> {
    let emnist = EMNIST_SPLITS.iter().map(|split| format!("{EMNIST}{split}"));
    std::iter::once("glyphs".to_owned())
        .chain(emnist)
        .chain(["mnist".to_owned(), "fashion-mnist".to_owned()])
        .collect()
}

/// A set that consists of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileSet {
    /// `emnist-<split>`; the split is held here.
    Emnist(String),
    /// MNIST or a set in its format; the name is also its folder.
    MnistLike(&'static str),
}

impl FileSet {
    /// The set of that name, if the name is one of a set of files.
    pub(crate) fn named(name: &str) -> Option<FileSet> {
        if let Some(split) = name.strip_prefix(EMNIST) {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let ok = !split.is_empty() && split.chars().all(plain);
            return ok.then(|| FileSet::Emnist(split.to_owned()));
        }
        ["mnist", "fashion-mnist"]
            .into_iter()
            .find(|known| *known == name)
            .map(FileSet::MnistLike)
    }

    pub(crate) fn name(&self) -> String {
        match self {
            FileSet::Emnist(split) => format!("{EMNIST}{split}"),
            FileSet::MnistLike(name) => (*name).to_owned(),
        }
    }

    /// Folder and first part of the file names, below a root.
    pub(crate) fn stem(&self, split: Split) -> (PathBuf, String) {
        match self {
            FileSet::Emnist(name) => (PathBuf::from("emnist"), format!("{EMNIST}{name}-{split}")),
            FileSet::MnistLike(name) => {
                let half = match split {
                    Split::Train => "train",
                    Split::Test => "t10k",
                };
                (PathBuf::from(name), half.to_owned())
            }
        }
    }
}

/// The images file of a stem, without `.gz`.
pub(crate) fn images_file(stem: &str) -> String {
    format!("{stem}{IMAGES}")
}

/// The labels file of a stem, without `.gz`.
pub(crate) fn labels_file(stem: &str) -> String {
    format!("{stem}{LABELS}")
}

const IMAGES: &str = "-images-idx3-ubyte";
const LABELS: &str = "-labels-idx1-ubyte";

/// The stem of an images file's name, gzipped or not; `None` if it is not named like one.
pub(crate) fn stem_of_images(file_name: &str) -> Option<&str> {
    file_name
        .strip_suffix(".gz")
        .unwrap_or(file_name)
        .strip_suffix(IMAGES)
}

/// The stem of a labels file's name, gzipped or not; `None` if it is not named like one.
pub(crate) fn stem_of_labels(file_name: &str) -> Option<&str> {
    file_name
        .strip_suffix(".gz")
        .unwrap_or(file_name)
        .strip_suffix(LABELS)
}

/// The split that a stem speaks of, if it does.
pub(crate) fn split_of_stem(stem: &str) -> Option<Split> {
    match stem.rsplit('-').next()? {
        "train" => Some(Split::Train),
        "test" | "t10k" => Some(Split::Test),
        _ => None,
    }
}

/// Whether files of that stem are stored with rows and columns swapped, as NIST publishes EMNIST.
pub(crate) fn is_transposed(stem: &str) -> bool {
    stem.starts_with(EMNIST)
}

/// The nearest of some names, when it is near enough for the given one to be a typo of it.
#[must_use]
pub fn nearest(name: &str, among: &[String]) -> Option<String> {
    // `emnist` and `fashion` are begun names rather than misspelt ones.
    if let Some(whole) = among
        .iter()
        .find(|other| other.starts_with(&format!("{name}-")))
    {
        return Some(whole.clone());
    }
    let near = |other: &&String| strsim::jaro_winkler(name, other) >= 0.85;
    among
        .iter()
        .filter(near)
        .filter(|other| *other != name)
        .min_by_key(|other| strsim::damerau_levenshtein(name, other))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_name_and_nonsense_finds_none() {
        let names = known_names();
        let cases = [
            ("emnist-balancd", Some("emnist-balanced")),
            ("fashon-mnist", Some("fashion-mnist")),
            ("glyph", Some("glyphs")),
            ("minst", Some("mnist")),
            ("emnist", Some("emnist-balanced")),
            ("fashion", Some("fashion-mnist")),
            ("cifar", None),
            ("mnist", None),
        ];
        for (typed, meant) in cases {
            assert_eq!(nearest(typed, &names).as_deref(), meant, "{typed}");
        }
    }

    #[test]
    fn an_emnist_split_cannot_be_a_path() {
        assert_eq!(FileSet::named("emnist-../x"), None);
        assert_eq!(FileSet::named("emnist-"), None);
        assert!(FileSet::named("emnist-bymerge400").is_some());
    }

    #[test]
    fn file_names_tell_set_half_and_orientation() {
        let stem = stem_of_images("emnist-balanced-test-images-idx3-ubyte.gz").unwrap();
        assert_eq!(stem, "emnist-balanced-test");
        assert_eq!(split_of_stem(stem), Some(Split::Test));
        assert!(is_transposed(stem));
        assert_eq!(split_of_stem("t10k"), Some(Split::Test));
        assert!(!is_transposed("train"));
        assert_eq!(stem_of_images("notes.txt"), None);
    }
}
