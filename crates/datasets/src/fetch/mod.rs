//! Fetching published sets: resumed downloads, checked before anything takes its final name.
//!
//! A download grows in a `.part` file beside its place; broken off, it is taken up there the next
//! time. Only what has the published MD5 is renamed or unpacked, and a renamed file is on disk in
//! full, so a reader never meets half of one.

mod cut;
mod download;
mod network;
mod progress;
mod source;
mod unpack;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub use progress::Progress;
pub use source::{Content, Cut, Download, Member, Source};

use crate::{DataError, catalog::IdxName, file_md5, idx::IdxFile};

/// What [`fetch`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Files that were written.
    pub written: Vec<PathBuf>,
    /// Files that were there already, and are whole.
    pub present: Vec<PathBuf>,
}

/// Brings all files of `source` into the root folder `into`, which is made if need be.
///
/// Files that are there and whole are left alone; a file that is there and is another one is
/// never overwritten.
///
/// # Errors
/// [`DataError::Download`] when the network fails (call again to resume),
/// [`DataError::Checksum`] when something else came than was published,
/// [`DataError::Occupied`] when another file has the place, [`DataError::Archive`],
/// [`DataError::Cut`] when what is cut out of a set is not what it should be, and
/// [`DataError::Io`].
pub fn fetch(
    source: &Source,
    into: &Path,
    progress: &mut dyn Progress,
) -> Result<Fetched, DataError> {
    let mut fetched = Fetched::default();
    if let Some(cut) = &source.cut
        && cut::make(cut, into, &mut fetched)?
    {
        return Ok(fetched);
    }
    for download in &source.downloads {
        match &download.content {
            Content::File(path) => {
                fetch_file(download, &below(into, path)?, progress, &mut fetched)?;
            }
            Content::Zip { archive, members } => {
                let archive = below(into, archive)?;
                fetch_members(download, &archive, members, into, progress, &mut fetched)?;
            }
        }
    }
    if let Some(cut) = &source.cut {
        cut::make(cut, into, &mut fetched)?;
    }
    Ok(fetched)
}

fn fetch_file(
    download: &Download,
    path: &Path,
    progress: &mut dyn Progress,
    fetched: &mut Fetched,
) -> Result<(), DataError> {
    if path.exists() {
        let found = file_md5(path)?;
        if found == download.md5 {
            fetched.present.push(path.to_owned());
            return Ok(());
        }
        return Err(DataError::Occupied {
            path: path.to_owned(),
            found,
            expected: download.md5.clone(),
        });
    }
    let part = with_suffix(path, ".part");
    download::to_part(download, &part, progress)?;
    put_in_place(&part, path)?;
    fetched.written.push(path.to_owned());
    Ok(())
}

fn fetch_members(
    download: &Download,
    archive: &Path,
    members: &[Member],
    into: &Path,
    progress: &mut dyn Progress,
    fetched: &mut Fetched,
) -> Result<(), DataError> {
    let mut wanted = Vec::new();
    for member in members {
        let path = below(into, &member.path)?;
        // The publisher gives no MD5 of single members, but gzip and IDX headers tell a whole
        // file from a damaged one. A damaged one is not worth keeping.
        if path.exists() && is_whole(&path) {
            fetched.present.push(path);
        } else {
            wanted.push((member.name.as_str(), path));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    // An archive that the user put there is used and left; ours is removed when unpacked.
    let own = archive.is_file() && file_md5(archive)? == download.md5;
    let zip = if own {
        archive.to_owned()
    } else {
        let part = with_suffix(archive, ".part");
        download::to_part(download, &part, progress)?;
        part
    };
    unpack::unpack(&zip, &wanted)?;
    if !own {
        fs::remove_file(&zip).map_err(io_error(&zip, "remove"))?;
    }
    fetched
        .written
        .extend(wanted.into_iter().map(|(_, path)| path));
    Ok(())
}

/// Whether an IDX file reads from end to end; files of other kinds count as whole.
fn is_whole(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    IdxName::parse(&name).is_none_or(|name| {
        IdxFile::open(path, name.kind)
            .and_then(IdxFile::data)
            .is_ok()
    })
}

/// A path of a source table below the target; the table must not point outside of it.
fn below(into: &Path, path: &Path) -> Result<PathBuf, DataError> {
    use std::path::Component;
    let inside = path.components().all(|c| matches!(c, Component::Normal(_)));
    if inside && path.file_name().is_some() {
        return Ok(into.join(path));
    }
    Err(DataError::Archive {
        path: path.to_owned(),
        problem: "points outside the data folder, should be a plain path below it".to_owned(),
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames a file that is already synced, and syncs the folder so that the name lasts too.
fn put_in_place(from: &Path, to: &Path) -> Result<(), DataError> {
    fs::rename(from, to).map_err(io_error(to, "write"))?;
    if let Some(folder) = to.parent()
        && let Ok(folder) = fs::File::open(folder)
    {
        // Some systems cannot sync a folder; the file itself is safe by then.
        let _ = folder.sync_all();
    }
    Ok(())
}

fn make_parent(path: &Path) -> Result<(), DataError> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(io_error(folder, "create")),
        None => Ok(()),
    }
}

fn io_error(path: &Path, action: &'static str) -> impl Fn(std::io::Error) -> DataError + use<> {
    let path = path.to_owned();
    move |source| DataError::Io {
        path: path.clone(),
        action,
        source,
    }
}
