//! How files get into folders, and text out of files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::RunError;

/// Writes a whole file: to a temporary name first, then renamed, so that neither a reader
/// nor a crash ever leaves half of one.
///
/// # Errors
/// If it cannot be written; what stood there before still does then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.part"));
    put(&draft, path, |file| file.write_all(bytes))
}

/// Puts what `write` writes at `path`, by way of `draft` on the same file system.
pub(crate) fn put(
    draft: &Path,
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), RunError> {
    let written = File::create(draft).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(draft, path)?;
        sync_folder(path.parent().unwrap_or(Path::new("")))
    });
    written.map_err(|error| {
        // The draft is worthless; if it cannot be removed either, so be it.
        let _ = fs::remove_file(draft);
        failed(path, error)
    })
}

/// Why a text cannot be read, without the name of its file.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It cannot be read, or is no UTF-8.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is larger than any such file is.
    #[error("is larger than {largest} bytes")]
    Large {
        /// The bytes that it may have.
        largest: u64,
    },
}

/// The text of a file of at most `largest` bytes: what a device or a wrong file gives may
/// have no end.
///
/// # Errors
/// If it cannot be read, is larger, or is no text.
pub fn read_text(path: &Path, largest: u64) -> Result<String, TextError> {
    let mut text = String::new();
    let length = File::open(path)?
        .take(largest + 1)
        .read_to_string(&mut text)?;
    if length as u64 > largest {
        return Err(TextError::Large { largest });
    }
    // Editors on Windows put a byte order mark before UTF-8.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Makes renames and removals in a folder last through a power cut, where the system
/// lets folders be synced.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    tolerate(File::open(folder)?.sync_all())
}

/// Network shares answer that they do not do that for folders. The files themselves are
/// safe; that their names are is then up to the share.
fn tolerate(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Makes a folder, with those that it lies in.
///
/// # Errors
/// If it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), RunError> {
    fs::create_dir_all(path).map_err(|error| input(path, error))
}

/// Makes the next free `runs/RULE-DATA-1`, `runs/RULE-DATA-2`, …
///
/// # Errors
/// If it cannot be made.
pub fn next_free_directory(rule: &str, data: &str) -> Result<PathBuf, RunError> {
    next_free(Path::new("runs"), &format!("{}-{}", tame(rule), tame(data)))
}

/// A name as part of a path: what is neither letter nor digit of any script, nor one of
/// `-_.`, becomes `_`, and it stays far below the 255 bytes a name may have.
pub fn tame(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let name: String = name
        .trim_start_matches('.')
        .chars()
        .take(48)
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

fn next_free(parent: &Path, name: &str) -> Result<PathBuf, RunError> {
    fs::create_dir_all(parent).map_err(|error| input(parent, error))?;
    for n in 1_u32.. {
        let path = parent.join(format!("{name}-{n}"));
        // Creating it, not looking for it, decides between two runs that start at once.
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(input(&path, error)),
        }
    }
    Err(RunError::Crowded(parent.join(name)))
}

pub(crate) fn input(path: &Path, error: io::Error) -> RunError {
    RunError::Folder {
        path: path.to_owned(),
        error,
    }
}

pub(crate) fn failed(path: &Path, error: io::Error) -> RunError {
    RunError::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_share_that_does_not_sync_folders_ends_no_run_but_a_failing_disk_does() {
        // EINVAL, EOPNOTSUPP and EACCES of Linux; EIO is a disk that fails.
        for courtesy in [22, 95, 13] {
            assert!(tolerate(Err(io::Error::from_raw_os_error(courtesy))).is_ok());
        }
        assert!(tolerate(Err(io::Error::from_raw_os_error(5))).is_err());
    }

    #[test]
    fn a_name_of_a_rule_becomes_one_harmless_part_of_a_path() {
        assert_eq!(tame("bp-exact"), "bp-exact");
        assert_eq!(tame("../a/b c"), "_a_b_c");
        assert_eq!(tame("Регель \u{3b8}\n"), "Регель_θ_");
        assert_eq!(tame(".."), "_");
        assert!(tame(&"語".repeat(400)).len() < 200);
    }
}
