//! The wanted members of a zip archive, each written whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use zip::{ZipArchive, read::ZipFile};

use super::{io_error, make_parent, put_in_place, with_suffix};
use crate::DataError;

/// Largest member unpacked, in bytes; EMNIST's largest is under 200 MB.
const MAX_MEMBER: u64 = 512 << 20;

/// Unpacks `(name inside, final path)` pairs.
///
/// An archive with any name that climbs out of its folder is refused as a whole, though only the
/// wanted members would be written: nobody who publishes data makes such a one.
pub(super) fn unpack(archive: &Path, wanted: &[(&str, PathBuf)]) -> Result<(), DataError> {
    let bad = |problem: String| DataError::Archive {
        path: archive.to_owned(),
        problem,
    };
    let damaged = |error| bad(format!("{error}, should be a whole zip archive"));
    let file = File::open(archive).map_err(io_error(archive, "open"))?;
    let mut zip = ZipArchive::new(io::BufReader::new(file)).map_err(damaged)?;
    for i in 0..zip.len() {
        let member = zip.by_index_raw(i).map_err(damaged)?;
        let name = String::from_utf8_lossy(member.name_raw());
        if climbs_out(&name) {
            return Err(bad(format!(
                "member '{}' points outside the archive, should be a plain relative name",
                name.escape_debug()
            )));
        }
    }
    for (name, path) in wanted {
        let member = zip.by_name(name).map_err(|error| match error {
            zip::result::ZipError::FileNotFound => bad(format!(
                "holds no '{name}', should be the published archive"
            )),
            other => bad(format!("{name}: {other}, should be a whole zip archive")),
        })?;
        if !member.is_file() || member.size() > MAX_MEMBER {
            return Err(bad(format!(
                "{name}: {} bytes, should be a file of at most {MAX_MEMBER}",
                member.size()
            )));
        }
        let broken =
            |error: io::Error| bad(format!("{name}: {error}, should be a whole zip archive"));
        write_member(member, path, &broken)?;
    }
    Ok(())
}

fn climbs_out(name: &str) -> bool {
    let rooted = name.starts_with(['/', '\\']) || name.contains(['\0', ':']);
    rooted || name.split(['/', '\\']).any(|part| part == "..")
}

/// `broken` makes an error of one met in reading the archive.
fn write_member<R: Read>(
    member: ZipFile<'_, R>,
    path: &Path,
    broken: &dyn Fn(io::Error) -> DataError,
) -> Result<(), DataError> {
    make_parent(path)?;
    let temporary = with_suffix(path, ".unpacking");
    let result = copy(member, &temporary, broken).and_then(|()| put_in_place(&temporary, path));
    if result.is_err() {
        // The first error is the one to tell; a leftover does no harm to readers.
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn copy<R: Read>(
    mut member: ZipFile<'_, R>,
    to: &Path,
    broken: &dyn Fn(io::Error) -> DataError,
) -> Result<(), DataError> {
    let writing = io_error(to, "write");
    let mut file = File::create(to).map_err(&writing)?;
    let mut block = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let n = member.read(&mut block).map_err(broken)?;
        if n == 0 {
            return file.sync_all().map_err(&writing);
        }
        length += n as u64;
        // The size that the archive gives is a claim like any other.
        if length > MAX_MEMBER {
            return Err(broken(io::Error::other("longer than it says")));
        }
        file.write_all(&block[..n]).map_err(&writing)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_climb_out_are_told_from_plain_ones() {
        for bad in ["../x", "a/../../x", "/x", "a\\..\\x", "C:x"] {
            assert!(climbs_out(bad), "{bad}");
        }
        for good in ["gzip/x.gz", "a..b/c", "gzip/"] {
            assert!(!climbs_out(good), "{good}");
        }
    }
}
