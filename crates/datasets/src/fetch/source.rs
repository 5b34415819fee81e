//! Where the published sets come from.

use std::path::PathBuf;

use crate::{
    DataError, Split,
    catalog::{self, EMNIST_SPLITS, FileSet},
    idx::Kind,
};

/// Everything to download for a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What was asked for, such as `mnist`.
    pub name: String,
    /// The files behind it.
    pub downloads: Vec<Download>,
    /// What is made of them, if they are not the set itself.
    pub cut: Option<Cut>,
}

/// A set that consists of the first images of each class of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The set that is made, such as `emnist-bymerge400`.
    pub name: String,
    /// The name of the set that it is cut from.
    pub from: String,
    /// The split of both.
    pub split: Split,
    /// How many images of each class are taken, in the order of the file.
    pub per_class: usize,
    /// MD5 of the bytes of the images and then the labels that come out, as they are stored.
    pub md5: String,
}

/// One file on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its address, `http://` or `https://`.
    pub url: String,
    /// The published MD5, 32 lower-case hex digits.
    pub md5: String,
    /// More bytes than this are refused.
    pub max_bytes: u64,
    /// What it is and where it goes.
    pub content: Content,
}

/// What a download holds; all paths are relative to the root folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A data file, kept as it is.
    File(PathBuf),
    /// A zip archive of which some members are unpacked.
    Zip {
        /// Where the archive would stand; used instead of a download if it is there and whole.
        archive: PathBuf,
        /// The members wanted.
        members: Vec<Member>,
    },
}

/// A file inside an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name inside.
    pub name: String,
    /// Where it goes, relative to the root folder.
    pub path: PathBuf,
}

const EMNIST_URL: &str = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip";
const EMNIST_MD5: &str = "58c8d27c78d21e728a6bc7b3cc06412e";

const MNIST_URL: &str = "https://ossci-datasets.s3.amazonaws.com/mnist";
const MNIST_MD5: [(&str, &str); 4] = [
    (
        "train-images-idx3-ubyte.gz",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "d53e105ee54ea40749a09fcbcd1e9432",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        "9fb629c4189551a2d022fa330f9573f3",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
];

const FASHION_URL: &str =
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion";
const FASHION_MD5: [(&str, &str); 4] = [
    (
        "train-images-idx3-ubyte.gz",
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "25c81989df183df01b3e8a0aad5dffbe",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        "bef4ecab320f06d8554ea6380940ec79",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
];

const KMNIST_URL: &str = "http://codh.rois.ac.jp/kmnist/dataset/kmnist";
const KMNIST_MD5: [(&str, &str); 4] = [
    (
        "train-images-idx3-ubyte.gz",
        "bdb82020997e1d708af4cf47b453dcf7",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "e144d726b3acfaa3e44228e80efcd344",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        "5c965bf0a639b31b8f53240b1b52f4d7",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "7320c461ea6c1c855c0b718fb2a4b134",
    ),
];

/// The set on which the results of this program's authors were made: as many images of a class
/// as in the test split of EMNIST Balanced.
const BYMERGE400: (&str, usize, &str) =
    ("emnist-bymerge400", 400, "b73073592e758eab2b11c77eb43a3840");

/// About twice the size of EMNIST's archive.
const MAX_ARCHIVE: u64 = 1 << 30;
/// About four times the size of the largest single file.
const MAX_FILE: u64 = 100 << 20;

impl Source {
    /// The published source of a name: `emnist` (its balanced split), `emnist-<split>`,
    /// `emnist-all`, `mnist`, `fashion-mnist` or `kmnist`; and `emnist-bymerge400`, the first 400
    /// images of each class of the test split of `emnist-bymerge`.
    ///
    /// # Errors
    /// [`DataError::NotFetchable`] for any other name.
    pub fn published(name: &str) -> Result<Source, DataError> {
        let (cut_name, per_class, md5) = BYMERGE400;
        let cut = (name == cut_name).then(|| Cut {
            name: name.to_owned(),
            from: "emnist-bymerge".to_owned(),
            split: Split::Test,
            per_class,
            md5: md5.to_owned(),
        });
        let downloads = match name {
            _ if cut.is_some() => vec![emnist(&["bymerge"], &[Split::Test])],
            "emnist" => vec![emnist(&["balanced"], &Split::ALL)],
            "emnist-all" => vec![emnist(&EMNIST_SPLITS, &Split::ALL)],
            "mnist" => files(name, MNIST_URL, &MNIST_MD5),
            "fashion-mnist" => files(name, FASHION_URL, &FASHION_MD5),
            "kmnist" => files(name, KMNIST_URL, &KMNIST_MD5),
            _ => match name.strip_prefix("emnist-") {
                Some(split) if EMNIST_SPLITS.contains(&split) => {
                    vec![emnist(&[split], &Split::ALL)]
                }
                _ => return Err(unknown(name)),
            },
        };
        Ok(Source {
            name: name.to_owned(),
            downloads,
            cut,
        })
    }

    /// The same files from another server or folder: `base` takes the place of everything before
    /// each address's last part.
    ///
    /// # Errors
    /// [`DataError::Address`] when `base` is not an `http://` or `https://` address.
    pub fn from_base(mut self, base: &str) -> Result<Source, DataError> {
        if !["http://", "https://"]
            .iter()
            .any(|scheme| base.starts_with(scheme))
        {
            return Err(DataError::Address(base.to_owned()));
        }
        for download in &mut self.downloads {
            let file = download.url.rsplit('/').next().unwrap_or_default();
            download.url = format!("{}/{file}", base.trim_end_matches('/'));
        }
        Ok(self)
    }

    /// The published MD5 of a file of a set, where single files have one.
    #[must_use]
    pub fn published_md5(set: &str, file_name: &str) -> Option<&'static str> {
        let table = match set {
            "mnist" => &MNIST_MD5,
            "fashion-mnist" => &FASHION_MD5,
            "kmnist" => &KMNIST_MD5,
            _ => return None,
        };
        let row = table.iter().find(|(file, _)| *file == file_name)?;
        Some(row.1)
    }
}

fn files(folder: &str, url: &str, table: &[(&str, &str)]) -> Vec<Download> {
    let download = |(file, md5): &(&str, &str)| Download {
        url: format!("{url}/{file}"),
        md5: (*md5).to_owned(),
        max_bytes: MAX_FILE,
        content: Content::File([folder, file].iter().collect()),
    };
    table.iter().map(download).collect()
}

fn emnist(sets: &[&str], splits: &[Split]) -> Download {
    let mut members = Vec::new();
    for name in sets {
        let set = FileSet::Emnist((*name).to_owned());
        for split in splits {
            for kind in [Kind::Images, Kind::Labels] {
                let file = format!("{}.gz", set.file(*split, kind));
                members.push(Member {
                    name: format!("gzip/{file}"),
                    path: [set.folder(), &file].iter().collect(),
                });
            }
        }
    }
    Download {
        url: EMNIST_URL.to_owned(),
        md5: EMNIST_MD5.to_owned(),
        max_bytes: MAX_ARCHIVE,
        content: Content::Zip {
            archive: ["emnist", "gzip.zip"].iter().collect(),
            members,
        },
    }
}

fn unknown(name: &str) -> DataError {
    let mut names: Vec<String> = vec!["emnist".to_owned(), "emnist-all".to_owned()];
    names.extend(catalog::known_names().into_iter().filter(|n| n != "glyphs"));
    names.push(BYMERGE400.0.to_owned());
    let near = words::nearest(name, names.iter().map(String::as_str));
    DataError::NotFetchable {
        name: name.to_owned(),
        known: names.join(", "),
        suggestion: near.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emnist_means_its_balanced_split_and_all_means_all() {
        let members = |name: &str| match &Source::published(name).unwrap().downloads[0].content {
            Content::Zip { members, .. } => members.clone(),
            Content::File(_) => panic!("EMNIST comes as an archive"),
        };
        assert_eq!(members("emnist"), members("emnist-balanced"));
        assert_eq!(members("emnist-all").len(), 24);
        let first = &members("emnist-letters")[0];
        assert_eq!(first.name, "gzip/emnist-letters-train-images-idx3-ubyte.gz");
        assert_eq!(
            first.path,
            PathBuf::from("emnist/emnist-letters-train-images-idx3-ubyte.gz")
        );
    }

    #[test]
    fn what_is_cut_from_bymerge_needs_its_test_split_alone() {
        let source = Source::published("emnist-bymerge400").unwrap();
        assert_eq!(source.cut.unwrap().from, "emnist-bymerge");
        let Content::Zip { members, .. } = &source.downloads[0].content else {
            panic!("EMNIST comes as an archive");
        };
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "gzip/emnist-bymerge-test-images-idx3-ubyte.gz",
                "gzip/emnist-bymerge-test-labels-idx1-ubyte.gz"
            ]
        );
    }

    #[test]
    fn another_base_keeps_the_last_part_of_each_address() {
        let source = Source::published("mnist").unwrap();
        let moved = source.clone().from_base("http://localhost:1/a/").unwrap();
        assert_eq!(
            moved.downloads[3].url,
            "http://localhost:1/a/t10k-labels-idx1-ubyte.gz"
        );
        assert!(source.from_base("ftp://x").is_err());
    }

    #[test]
    fn a_name_without_a_source_is_answered_with_those_that_have_one() {
        let text = Source::published("emnist-balanc").unwrap_err().to_string();
        assert!(text.contains("; did you mean 'emnist-balanced'?"), "{text}");
        assert!(Source::published("emnist-mine").is_err());
    }
}
