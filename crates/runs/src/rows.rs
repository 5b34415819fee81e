//! The table of a run, which grows a row at a time.
//!
//! Rows are appended to a file among the checkpoints, which nobody else reads, and now and
//! then the whole of it is put in the run directory as one copy. To append where others
//! read is not enough: file systems show the first pages of a write before the rest, and so
//! half a row.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use crate::RunError;
use crate::checkpoint;
use crate::files::{failed, put, sync_folder};
use crate::sums::{Digest, sum_of};

/// Bytes of a table that are copied for its readers in a second of the run: few enough to
/// cost nothing and to wear out no disk, in a run of any length.
const SHOWN_A_SECOND: f64 = 1e6;

/// Writes the rows of a table, one after the other, and keeps count of what it wrote.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Where they are appended.
    path: PathBuf,
    file: File,
    /// Put together here, so that a full disk has room for whole rows or none.
    waiting: csv::Writer<Vec<u8>>,
    bytes: u64,
    sum: Sha256,
    /// Where readers find them.
    shown: PathBuf,
    shown_at: Instant,
}

/// How far a table had come at some moment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Extent {
    pub(crate) bytes: u64,
    pub(crate) sha256: Digest,
}

impl Rows {
    /// Creates the table `name` of the run in `dir`, with its header, for all to see.
    pub(crate) fn create(dir: &Path, name: &str, header: &[String]) -> Result<Self, RunError> {
        let path = growing(dir, name);
        let file = File::create(&path).map_err(|error| failed(&path, error))?;
        let mut rows = Rows::new(dir, name, file, (0, Sha256::new()));
        rows.add([header])?;
        rows.show()?;
        Ok(rows)
    }

    /// Goes on where the table was at `extent`; what was written after that is dropped.
    pub(crate) fn reopen(dir: &Path, name: &str, extent: &Extent) -> Result<Self, RunError> {
        let (path, shown) = (growing(dir, name), dir.join(name));
        let sum = match start_of(&path, extent) {
            Some(sum) => sum,
            // It had just become the table of a run that was finished but for its sums, or
            // is that of a version that appended to the table itself.
            None => {
                let sum = start_of(&shown, extent).ok_or_else(|| damaged(&shown, extent))?;
                put(&path.with_extension("part"), &path, |file| {
                    let mut kept = File::open(&shown)?.take(extent.bytes);
                    io::copy(&mut kept, file).map(|_| ())
                })?;
                sum
            }
        };
        let opened = File::options().write(true).open(&path);
        let opened = opened.and_then(|mut file| {
            file.set_len(extent.bytes)?;
            file.seek(SeekFrom::Start(extent.bytes))?;
            Ok(file)
        });
        let file = opened.map_err(|error| failed(&path, error))?;
        Ok(Rows::new(dir, name, file, (extent.bytes, sum)))
    }

    fn new(dir: &Path, name: &str, file: File, (bytes, sum): (u64, Sha256)) -> Self {
        Rows {
            path: growing(dir, name),
            file,
            waiting: csv::Writer::from_writer(Vec::new()),
            bytes,
            sum,
            shown: dir.join(name),
            shown_at: Instant::now(),
        }
    }

    /// Adds rows, each as its cells.
    pub(crate) fn add<R>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), RunError>
    where
        R: IntoIterator<Item: AsRef<[u8]>>,
    {
        for cells in rows {
            let written = self.waiting.write_record(cells);
            written.expect("writing to memory succeeds");
        }
        let rows = std::mem::replace(&mut self.waiting, csv::Writer::from_writer(Vec::new()));
        let rows = rows.into_inner().expect("writing to memory succeeds");
        if let Err(error) = self.file.write_all(&rows) {
            // As much of a row as a full disk had room for is worth nothing.
            let _ = self.file.set_len(self.bytes);
            return Err(failed(&self.path, error));
        }
        self.bytes += rows.len() as u64;
        self.sum.update(&rows);
        Ok(())
    }

    /// Makes sure that every row is on disk.
    pub(crate) fn sync(&mut self) -> Result<Extent, RunError> {
        let synced = self.file.sync_data();
        synced.map_err(|error| failed(&self.path, error))?;
        Ok(Extent {
            bytes: self.bytes,
            sha256: self.sum.clone().finalize().into(),
        })
    }

    /// Shows readers what there is, if that is due.
    pub(crate) fn show_if_due(&mut self) {
        if self.shown_at.elapsed().as_secs_f64() * SHOWN_A_SECOND >= self.bytes as f64 {
            // A courtesy: what fails here costs nobody a row.
            let _ = self.show();
        }
    }

    /// Shows readers what there is.
    pub(crate) fn show(&mut self) -> Result<(), RunError> {
        let draft = self.path.with_extension("part");
        let mut from = File::open(&self.path).map_err(|error| failed(&self.path, error))?;
        put(&draft, &self.shown, |file| {
            io::copy(&mut from, file).map(|_| ())
        })?;
        self.shown_at = Instant::now();
        Ok(())
    }

    /// Makes it the table that stays.
    pub(crate) fn finish(mut self) -> Result<(), RunError> {
        self.sync()?;
        // Some systems rename no file that is open.
        drop(self.file);
        fs::rename(&self.path, &self.shown)
            .and_then(|()| sync_folder(self.shown.parent().unwrap_or(Path::new(""))))
            .map_err(|error| failed(&self.shown, error))
    }
}

/// Where the table of a run in `dir` grows.
fn growing(dir: &Path, name: &str) -> PathBuf {
    dir.join(checkpoint::FOLDER).join(name)
}

/// The sum of a file's start, if that is what was written up to `extent`.
fn start_of(path: &Path, extent: &Extent) -> Option<Sha256> {
    let (sum, length) = sum_of(File::open(path).ok()?.take(extent.bytes)).ok()?;
    let same = length == extent.bytes && sum.clone().finalize()[..] == extent.sha256;
    same.then_some(sum)
}

fn damaged(path: &Path, extent: &Extent) -> RunError {
    RunError::Damaged {
        path: path.to_owned(),
        reason: format!(
            "its first {} bytes are not those that were written",
            extent.bytes
        ),
    }
}

/// The table of an unfinished run up to a checkpoint, and whether what readers find of it
/// is the same as far as it goes.
///
/// # Errors
/// If no file has what the checkpoint says.
pub(crate) fn written(dir: &Path, name: &str, extent: &Extent) -> Result<(String, bool), RunError> {
    let shown_path = dir.join(name);
    let shown = fs::read(&shown_path).map_err(|error| failed(&shown_path, error))?;
    let mut paths = [growing(dir, name), shown_path.clone()].into_iter();
    let path = paths.find(|path| start_of(path, extent).is_some());
    let path = path.ok_or_else(|| damaged(&shown_path, extent))?;
    let mut text = String::new();
    File::open(&path)
        .and_then(|file| file.take(extent.bytes).read_to_string(&mut text))
        .map_err(|error| failed(&path, error))?;
    let both = text.len().min(shown.len());
    let same = text.as_bytes()[..both] == shown[..both];
    Ok((text, same))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(checkpoint::FOLDER)).unwrap();
        dir
    }

    fn header() -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }

    #[test]
    fn readers_see_what_was_shown_and_never_what_grows() {
        let dir = place();
        let read = || fs::read_to_string(dir.path().join("t.csv")).unwrap();
        let mut rows = Rows::create(dir.path(), "t.csv", &header()).unwrap();
        assert_eq!(read(), "a,b\n");
        // A reader that has it open keeps what it opened, whatever becomes of the table.
        let mut open = File::open(dir.path().join("t.csv")).unwrap();
        rows.add([["1", "2"]]).unwrap();
        assert_eq!(read(), "a,b\n");
        rows.show().unwrap();
        assert_eq!(read(), "a,b\n1,2\n");
        rows.add([["3", "4"], ["5", "6"]]).unwrap();
        rows.finish().unwrap();
        assert_eq!(read(), "a,b\n1,2\n3,4\n5,6\n");
        let mut text = String::new();
        open.read_to_string(&mut text).unwrap();
        assert_eq!(text, "a,b\n");
        assert!(!growing(dir.path(), "t.csv").exists());
    }

    #[test]
    fn copies_for_readers_are_a_share_of_the_time_and_so_linear_in_it() {
        let dir = place();
        let mut rows = Rows::create(dir.path(), "t.csv", &header()).unwrap();
        // Ten megabytes take ten seconds to become due.
        let cell = "x".repeat(10_000_000);
        rows.add([["1", cell.as_str()]]).unwrap();
        rows.show_if_due();
        let length = || fs::metadata(dir.path().join("t.csv")).unwrap().len();
        assert_eq!(length(), 4);
        rows.shown_at -= std::time::Duration::from_secs(11);
        rows.show_if_due();
        assert_eq!(length(), rows.bytes);
    }

    #[test]
    fn a_table_goes_on_from_an_extent_wherever_its_rows_are() {
        let dir = place();
        let shown = dir.path().join("t.csv");
        let mut rows = Rows::create(dir.path(), "t.csv", &header()).unwrap();
        rows.add([["1", "2"]]).unwrap();
        let extent = rows.sync().unwrap();
        rows.add([["3", "4"]]).unwrap();
        drop(rows);
        let mut again = Rows::reopen(dir.path(), "t.csv", &extent).unwrap();
        assert_eq!(again.sync().unwrap(), extent);
        // Killed when it was already the table that stays.
        again.add([["5", "6"]]).unwrap();
        again.finish().unwrap();
        let mut again = Rows::reopen(dir.path(), "t.csv", &extent).unwrap();
        again.add([["7", "8"]]).unwrap();
        again.finish().unwrap();
        assert_eq!(fs::read_to_string(&shown).unwrap(), "a,b\n1,2\n7,8\n");
        fs::write(&shown, "a,b\n1,3\n").unwrap();
        let error = Rows::reopen(dir.path(), "t.csv", &extent).unwrap_err();
        assert!(error.to_string().contains("first 8 bytes"), "{error}");
    }
}
