//! The names of known sets, and what their folders and files are called.

use crate::{Split, idx::Kind};

/// What a name may be, for error messages.
pub(crate) const NAMES: &str =
    "glyphs, emnist-<split> (such as emnist-balanced), mnist, fashion-mnist or kmnist";

/// Prefix of every EMNIST name and file.
const EMNIST: &str = "emnist-";

/// The splits in which EMNIST is published.
pub const EMNIST_SPLITS: [&str; 6] = [
    "balanced", "bymerge", "byclass", "letters", "digits", "mnist",
];

/// MNIST and the sets in its format; the name is also the folder's.
const MNIST_LIKE: [&str; 3] = ["mnist", "fashion-mnist", "kmnist"];

/// Every name with a fixed meaning, in the order in which `data list` shows them.
#[must_use]
pub fn known_names() -> Vec<String> {
    let emnist = EMNIST_SPLITS.iter().map(|split| format!("{EMNIST}{split}"));
    std::iter::once("glyphs".to_owned())
        .chain(emnist)
        .chain(MNIST_LIKE.map(str::to_owned))
        .collect()
}

/// A set that consists of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileSet {
    /// `emnist-<split>`; the split is held here.
    Emnist(String),
    /// MNIST or a set in its format.
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
        let known = MNIST_LIKE.into_iter().find(|known| *known == name);
        known.map(FileSet::MnistLike)
    }

    pub(crate) fn name(&self) -> String {
        match self {
            FileSet::Emnist(split) => format!("{EMNIST}{split}"),
            FileSet::MnistLike(name) => (*name).to_owned(),
        }
    }

    /// The folder below a root that fetched files go to, and that is looked into first.
    pub(crate) fn folder(&self) -> &'static str {
        match self {
            FileSet::Emnist(_) => "emnist",
            FileSet::MnistLike(name) => name,
        }
    }

    /// Whether files of the set may stand in a folder of that name: `mnist`, `MNIST`,
    /// `FashionMNIST`, `fashion_mnist`, as torchvision, Keras and Kaggle have them.
    pub(crate) fn may_be_in(&self, folder: &str) -> bool {
        let folder = bare(folder);
        match self {
            // `gzip` is in NIST's archive, `emnist_source_files` in Kaggle's.
            FileSet::Emnist(_) => {
                ["emnist", "gzip", "emnistsourcefiles"].contains(&folder.as_str())
            }
            FileSet::MnistLike(name) => folder == bare(name),
        }
    }

    /// How the names of a split's files begin, the publisher's way first.
    pub(crate) fn stems(&self, split: Split) -> Vec<String> {
        match (self, split) {
            (FileSet::Emnist(name), _) => vec![format!("{EMNIST}{name}-{split}")],
            (FileSet::MnistLike(_), Split::Train) => vec!["train".to_owned()],
            (FileSet::MnistLike(_), Split::Test) => vec!["t10k".to_owned(), "test".to_owned()],
        }
    }

    /// The publisher's name of a file, without `.gz`.
    pub(crate) fn file(&self, split: Split, kind: Kind) -> String {
        let (stem, kind) = (&self.stems(split)[0], suffix(kind));
        format!("{stem}-{kind}")
    }
}

/// A name without case and separators.
fn bare(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// The set that a folder's name stands for: `fashion-mnist` for `FashionMNIST`.
pub(crate) fn known_folder(name: &str) -> Option<&'static str> {
    let name = bare(name);
    MNIST_LIKE.into_iter().find(|known| bare(known) == name)
}

/// How the name of a file of that kind ends, after its stem and a hyphen.
pub(crate) fn suffix(kind: Kind) -> &'static str {
    match kind {
        Kind::Images => "images-idx3-ubyte",
        Kind::Labels => "labels-idx1-ubyte",
    }
}

/// What the name of an IDX file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdxName {
    /// What stands before `-images…`: `t10k`, `emnist-balanced-test`.
    pub(crate) stem: String,
    pub(crate) kind: Kind,
}

impl IdxName {
    /// Of `t10k-images-idx3-ubyte`, `t10k-images.idx3-ubyte` and either with `.gz`, in capital
    /// letters or not; `None` for other names.
    pub(crate) fn parse(file_name: &str) -> Option<IdxName> {
        let lower = file_name.to_ascii_lowercase();
        let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
        let (rest, kind) = match plain.strip_suffix("idx3-ubyte") {
            Some(rest) => (rest, Kind::Images),
            None => (plain.strip_suffix("idx1-ubyte")?, Kind::Labels),
        };
        let word = match kind {
            Kind::Images => "-images",
            Kind::Labels => "-labels",
        };
        let stem = rest.strip_suffix(['-', '.'])?.strip_suffix(word)?;
        // Lower case is as long: only ASCII was changed.
        (!stem.is_empty()).then(|| IdxName {
            stem: file_name[..stem.len()].to_owned(),
            kind,
        })
    }

    /// The split that the name speaks of, if it does.
    pub(crate) fn split(&self) -> Option<Split> {
        let last = self.stem.rsplit('-').next()?;
        match last.to_ascii_lowercase().as_str() {
            "train" => Some(Split::Train),
            "test" | "t10k" => Some(Split::Test),
            _ => None,
        }
    }

    /// The stem without the split: `emnist-balanced`, or nothing from `t10k`.
    pub(crate) fn set(&self) -> &str {
        match (self.split(), self.stem.rsplit_once('-')) {
            (None, _) => &self.stem,
            (Some(_), Some((set, _))) => set,
            (Some(_), None) => "",
        }
    }

    /// Whether such files are stored with rows and columns swapped, as NIST publishes EMNIST.
    pub(crate) fn is_transposed(&self) -> bool {
        self.stem.to_ascii_lowercase().starts_with(EMNIST)
    }
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
        ];
        for (typed, meant) in cases {
            let names = names.iter().map(String::as_str);
            assert_eq!(words::nearest(typed, names), meant, "{typed}");
        }
    }

    #[test]
    fn an_emnist_split_cannot_be_a_path() {
        assert_eq!(FileSet::named("emnist-../x"), None);
        assert_eq!(FileSet::named("emnist-"), None);
        assert!(FileSet::named("emnist-bymerge400").is_some());
    }

    #[test]
    fn file_names_tell_set_half_and_orientation_however_they_are_spelt() {
        let name = IdxName::parse("emnist-balanced-test-images-idx3-ubyte.gz").unwrap();
        assert_eq!(
            (name.stem.as_str(), name.set()),
            ("emnist-balanced-test", "emnist-balanced")
        );
        assert_eq!((name.split(), name.kind), (Some(Split::Test), Kind::Images));
        assert!(name.is_transposed());
        for spelt in [
            "t10k-images-idx3-ubyte",
            "t10k-images.idx3-ubyte",
            "t10k-images.idx3-ubyte.gz",
            "T10K-IMAGES-IDX3-UBYTE.GZ",
        ] {
            let name = IdxName::parse(spelt).unwrap();
            assert_eq!((name.split(), name.set()), (Some(Split::Test), ""));
            assert!(!name.is_transposed());
        }
        assert_eq!(
            IdxName::parse("x-labels.idx1-ubyte").unwrap().kind,
            Kind::Labels
        );
        for other in ["notes.txt", "images-idx3-ubyte", "t10k-images-idx1-ubyte"] {
            assert_eq!(IdxName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn folders_are_known_by_their_letters() {
        let fashion = FileSet::named("fashion-mnist").unwrap();
        for folder in ["FashionMNIST", "fashion_mnist", "Fashion-MNIST"] {
            assert!(fashion.may_be_in(folder), "{folder}");
            assert_eq!(known_folder(folder), Some("fashion-mnist"));
        }
        assert!(!FileSet::named("mnist").unwrap().may_be_in("FashionMNIST"));
    }
}
