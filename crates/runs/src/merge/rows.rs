//! The rows of all parts, in the order of one run.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{MergeError, Part, Whole, damaged};
use crate::metrics::METRICS;

/// Bytes of all parts together that are held in memory.
const HELD: usize = 1 << 26;

/// Bytes of a part that are read at once: at least, and at most.
const BLOCK: (usize, usize) = (1 << 12, 1 << 18);

/// Writes the rows of all parts, by episode and then trial, or says which part is not as
/// its run would have written it.
pub(super) fn interleave(
    whole: &Whole,
    parts: &[Part],
    file: &mut File,
) -> io::Result<Option<MergeError>> {
    let block = (HELD / parts.len().max(1)).clamp(BLOCK.0, BLOCK.1);
    let open = |part: &Part| Lines::of(part.path.join(METRICS), block);
    let mut lines: Vec<Lines> = parts.iter().map(open).collect();
    let mut out = BufWriter::with_capacity(BLOCK.1, file);
    let mut header = Vec::new();
    for (part, lines) in parts.iter().zip(&mut lines) {
        let found = lines.next()?.unwrap_or_default();
        if header.is_empty() {
            header = found.to_vec();
            out.write_all(&header)?;
        } else if header != found {
            return Ok(Some(damaged(
                &part.path,
                format!("{METRICS}: has other columns than the first part"),
            )));
        }
    }
    // Which part has the next trial is the same in every episode.
    let mut turns: Vec<(u64, usize)> = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        turns.extend(part.shard.trials(whole.trials()).map(|trial| (trial, i)));
    }
    turns.sort_unstable();
    for episode in 0..whole.config.settings.outer.episodes {
        for (trial, i) in &turns {
            let line = lines[*i].next()?.unwrap_or_default();
            if !line.starts_with(format!("{trial},{episode},").as_bytes()) {
                return Ok(Some(damaged(
                    &parts[*i].path,
                    format!(
                        "{METRICS}: has no row of trial {trial}, episode {episode} in its place"
                    ),
                )));
            }
            out.write_all(line)?;
        }
    }
    for (part, lines) in parts.iter().zip(&mut lines) {
        if lines.next()?.is_some() {
            return Ok(Some(damaged(
                &part.path,
                format!("{METRICS}: goes on after its last episode"),
            )));
        }
    }
    out.flush()?;
    Ok(None)
}

/// The lines of a file, each with its end. The file is open only while a block of it is
/// read: there may be more parts than a process may have files open.
struct Lines {
    path: PathBuf,
    /// How far it was read.
    read: u64,
    block: usize,
    held: Vec<u8>,
    /// How much of what is held was given out.
    given: usize,
}

impl Lines {
    fn of(path: PathBuf, block: usize) -> Lines {
        Lines {
            path,
            read: 0,
            block,
            held: Vec::new(),
            given: 0,
        }
    }

    /// The next line; none at the end, nor of a last line that has no end.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            let rest = &self.held[self.given..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let start = self.given;
                self.given += end + 1;
                return Ok(Some(&self.held[start..self.given]));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Reads the next block, and whether there was one.
    fn fill(&mut self) -> io::Result<bool> {
        self.held.drain(..self.given);
        self.given = 0;
        let read = read_at(&self.path, self.read, self.block, &mut self.held).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })?;
        self.read += read as u64;
        Ok(read > 0)
    }
}

/// Adds up to `block` bytes of a file from `at` on.
fn read_at(path: &Path, at: u64, block: usize, to: &mut Vec<u8>) -> io::Result<usize> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    file.take(block as u64).read_to_end(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_small_the_blocks_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "a,b\n\n1,22,333\nlast without an end").unwrap();
        for block in 1..40 {
            let mut lines = Lines::of(path.clone(), block);
            for wanted in ["a,b\n", "\n", "1,22,333\n"] {
                assert_eq!(lines.next().unwrap().unwrap(), wanted.as_bytes());
            }
            assert!(lines.next().unwrap().is_none());
            assert!(lines.next().unwrap().is_none());
        }
    }
}
