//! Everything that can be wrong with data, each as one line that says what would be right.

use std::{io, path::PathBuf};

use crate::{Split, idx::Kind};

/// What is wrong with a data set, its files, its name or its download.
///
/// Every message is a single line: the file or value first, then what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused to read or write a file.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done with it, as a verb: `open`, `read`, `write`.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The first four bytes are not those of the expected kind of IDX file.
    #[error("{}: magic number is {found}, should be {} ({kind}){hint}", path.display(), kind.magic())]
    Magic {
        /// The file.
        path: PathBuf,
        /// The kind of file that should be here.
        kind: Kind,
        /// The big-endian number found.
        found: u32,
        /// A guess at what the file is, or nothing.
        hint: &'static str,
    },
    /// Image height or width is zero or beyond what any known set has.
    #[error("{}: header says images of {rows} x {cols} pixels, should be 1 to {max} each way", path.display(), max = crate::idx::MAX_SIDE)]
    Sides {
        /// The images file.
        path: PathBuf,
        /// Height in the header.
        rows: u32,
        /// Width in the header.
        cols: u32,
    },
    /// The header promises more than a file may hold.
    #[error("{}: header claims {claimed} bytes of data, should be at most {limit} in a file of {stored} bytes; get the file anew", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes that count × height × width come to.
        claimed: u64,
        /// Size of the file on disk, in bytes.
        stored: u64,
        /// The most that a file of this size can decode to and is accepted, in bytes.
        limit: u64,
    },
    /// The file ends before its header is complete.
    #[error("{}: ends within its header ({found} bytes), should start with {} bytes of header; get the file anew", path.display(), kind.header_len())]
    ShortHeader {
        /// The file.
        path: PathBuf,
        /// The kind of file that should be here.
        kind: Kind,
        /// Decoded bytes found.
        found: usize,
    },
    /// The file ends before the data that its header announces.
    #[error("{}: truncated: {found} bytes of data after the header, should be {expected} ({what}); get the file anew", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Decoded bytes after the header.
        found: u64,
        /// Bytes that the header announces.
        expected: u64,
        /// How the expected number comes about, for instance `10 images of 28 x 28`.
        what: String,
    },
    /// The file goes on after the data that its header announces.
    #[error("{}: more bytes follow the {expected} that the header announces ({what}), should end there; get the file anew", path.display())]
    Trailing {
        /// The file.
        path: PathBuf,
        /// Bytes that the header announces.
        expected: u64,
        /// How the expected number comes about.
        what: String,
    },
    /// An archive of NumPy arrays is none that a set can be read from.
    #[error("{}: {problem}", path.display())]
    Npz {
        /// The archive.
        path: PathBuf,
        /// What is wrong, then what would be right.
        problem: String,
    },
    /// The environment variable METAPLAST_DATA names no folder.
    #[error("METAPLAST_DATA: there is no folder {}; name one that is there, or unset the variable", .0.display())]
    Variable(PathBuf),
    /// A gzip stream is not valid, or its check sum does not fit.
    #[error("{}: damaged gzip stream ({detail}), should be an IDX file, plain or gzipped; get the file anew", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        detail: String,
    },
    /// Images and labels differ in number.
    #[error("{}: {found} labels, should be {expected}, one for each image in {}", labels.display(), images.display())]
    Counts {
        /// The labels file.
        labels: PathBuf,
        /// Labels announced by its header.
        found: u32,
        /// The images file.
        images: PathBuf,
        /// Images announced by its header.
        expected: u32,
    },
    /// A set without a single image.
    #[error("{name}: holds no images, should hold at least one")]
    Empty {
        /// The set or file.
        name: String,
    },
    /// Arrays given to [`crate::Dataset::from_parts`] do not fit together.
    #[error(
        "{name}: {images} image bytes for {labels} labels, should be labels x {height} x {width}"
    )]
    Parts {
        /// The name given.
        name: String,
        /// Length of the image array.
        images: usize,
        /// Length of the label array.
        labels: usize,
        /// Height given.
        height: usize,
        /// Width given.
        width: usize,
    },
    /// One file of a pair is there, the other is not.
    #[error("{}: there is no such file (plain or .gz), should stand beside {}", missing.display(), present.display())]
    HalfPair {
        /// The file that is missing, without `.gz`.
        missing: PathBuf,
        /// The file that was found.
        present: PathBuf,
    },
    /// A folder holds no images of the split.
    #[error("{}: no images of the {split} split, should hold …{stem}-images-idx3-ubyte and …{stem}-labels-idx1-ubyte, plain or .gz", path.display())]
    NoSplit {
        /// The folder.
        path: PathBuf,
        /// The split looked for.
        split: Split,
        /// How file names speak of it.
        stem: &'static str,
    },
    /// A path is none that a set can be read from.
    #[error("{}: {problem}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong, then what would be right.
        problem: String,
    },
    /// Neither a known name nor a path that exists.
    #[error("unknown data set '{name}': should be {}, or a path{}", crate::catalog::NAMES, did_you_mean(.suggestion))]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The nearest known name, when it looks like a typo.
        suggestion: Option<String>,
    },
    /// A known set of which no files were found.
    #[error("data set '{name}' ({split} split) not found in {looked}; {advice}{}", did_you_mean(.suggestion))]
    NotFound {
        /// The set's name.
        name: String,
        /// The split looked for.
        split: Split,
        /// The folders searched, joined by commas.
        looked: String,
        /// The nearest known name, when it looks like a typo.
        suggestion: Option<String>,
        /// How to get it, and which file it would be.
        advice: String,
    },
    /// A split that is neither `train` nor `test`.
    #[error("unknown split '{0}': should be train or test")]
    UnknownSplit(String),
    /// There is nowhere to download a set from.
    #[error("data set '{name}' cannot be fetched: should be {known}{}", did_you_mean(.suggestion))]
    NotFetchable {
        /// What was asked for.
        name: String,
        /// What can be fetched.
        known: String,
        /// The nearest of those, when it looks like a typo.
        suggestion: Option<String>,
    },
    /// A download failed on the way.
    #[error("{url}: {detail}; {advice}")]
    Download {
        /// The address.
        url: String,
        /// What happened.
        detail: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// A download is whole but is not the published file.
    #[error(
        "{url}: MD5 of the download is {found}, should be {expected}; it was removed, nothing else was changed; try again or another --from"
    )]
    Checksum {
        /// The address.
        url: String,
        /// MD5 of what came.
        found: String,
        /// The published MD5.
        expected: String,
    },
    /// A download does not end where it should.
    #[error(
        "{url}: sends more than {max} bytes, should be the published file; nothing was kept, give another with --from"
    )]
    TooLong {
        /// The address.
        url: String,
        /// The most that is accepted, in bytes.
        max: u64,
    },
    /// Another process is downloading the same file.
    #[error("{}: another process is writing it, should be one at a time; wait for it to end", .0.display())]
    Busy(PathBuf),
    /// A file of the name exists and is not the published one.
    #[error("{}: exists and is another file (MD5 {found}, should be {expected}); move it away, or choose another folder with --into", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
        /// Its MD5.
        found: String,
        /// The published MD5.
        expected: String,
    },
    /// A set that is cut out of another came out otherwise than it should.
    #[error("{name}: cut from {}, its data have the MD5 {found}, should be {expected}; nothing was written, get {} anew", from.display(), from.display())]
    Cut {
        /// The set to be made.
        name: String,
        /// The images file that it was cut from.
        from: PathBuf,
        /// MD5 of the data that came out.
        found: String,
        /// MD5 that they should have.
        expected: String,
    },
    /// A file of certificates that the environment names cannot be used.
    #[error("{variable}: {}: {problem}; name a file of PEM certificates, or unset the variable", path.display())]
    Certificates {
        /// The environment variable.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A proxy that the environment names cannot be used.
    #[error(
        "{variable}: '{value}' is no proxy, should be like http://host:3128 or socks5://host:1080; mend it, or unset the variable"
    )]
    Proxy {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// Not an address to download from.
    #[error("address '{0}': should begin with http:// or https://")]
    Address(String),
    /// An archive is damaged, lacks a file, or holds what it should not.
    #[error("{}: {problem}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong, then what would be right.
        problem: String,
    },
}

impl DataError {
    /// Whether something outside the user's input failed: the network, or a file system that
    /// refused to write. A command exits with 1 for these and with 2 for all others.
    #[must_use]
    pub fn is_run_failure(&self) -> bool {
        match self {
            DataError::Download { .. }
            | DataError::Checksum { .. }
            | DataError::TooLong { .. }
            | DataError::Busy(_)
            | DataError::Cut { .. }
            | DataError::Archive { .. } => true,
            DataError::Io { action, .. } => !matches!(*action, "open" | "read" | "list"),
            _ => false,
        }
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map_or_else(String::new, |s| format!("; did you mean '{s}'?"))
}
