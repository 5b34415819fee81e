//! The IDX format of MNIST and its relatives: a big-endian header, then unsigned bytes.
//!
//! Images: magic 2051, count, rows, columns. Labels: magic 2049, count.
//! Source: <http://yann.lecun.com/exdb/mnist/>, "File formats".
//!
//! A header is never believed before it is held against the file's actual size, so a damaged
//! one costs an error message and no memory.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Chain, Cursor, Read},
    path::{Path, PathBuf},
};

use crate::{DataError, gzip::Members};
use byteorder::{BigEndian, ByteOrder};

/// Largest image height or width accepted, in pixels.
pub const MAX_SIDE: u32 = 1024;

/// Most bytes of data accepted in one file: twice the largest EMNIST file (ByClass, 547 MB).
pub(crate) const MAX_DATA: u64 = 1 << 30;

/// A deflate stream expands at most 1032 times, so a header that claims more is damaged.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// First allocation for a gzipped file; it grows only as bytes really arrive.
const FIRST_CHUNK: usize = 1 << 20;

/// The two kinds of IDX file a set consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Three dimensions of unsigned bytes (`idx3-ubyte`).
    Images,
    /// One dimension of unsigned bytes (`idx1-ubyte`).
    Labels,
}

impl Kind {
    /// The file's first four bytes as a big-endian number.
    #[must_use]
    pub fn magic(self) -> u32 {
        match self {
            Kind::Images => 2051,
            Kind::Labels => 2049,
        }
    }

    /// Length of the header in bytes.
    #[must_use]
    pub fn header_len(self) -> usize {
        match self {
            Kind::Images => 16,
            Kind::Labels => 8,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Images => "IDX images",
            Kind::Labels => "IDX labels",
        })
    }
}

/// What an IDX header says; `rows` and `cols` are 1 for labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) count: u32,
    pub(crate) rows: u32,
    pub(crate) cols: u32,
}

/// An IDX file whose header has been read and found possible.
pub(crate) struct IdxFile {
    path: PathBuf,
    kind: Kind,
    header: Header,
    gzipped: bool,
    stream: Box<dyn Read>,
}

impl IdxFile {
    /// Opens a plain or gzipped file (told apart by its first two bytes) and checks its header
    /// against the file's size.
    pub(crate) fn open(path: &Path, kind: Kind) -> Result<IdxFile, DataError> {
        let fail = |action| {
            move |source| DataError::Io {
                path: path.to_owned(),
                action,
                source,
            }
        };
        let mut file = File::open(path).map_err(fail("open"))?;
        let stored = file.metadata().map_err(fail("read"))?.len();
        let mut start = Vec::with_capacity(2);
        (&mut file)
            .take(2)
            .read_to_end(&mut start)
            .map_err(fail("read"))?;
        let gzipped = start == [0x1f, 0x8b];
        let raw: BufReader<Chain<Cursor<Vec<u8>>, File>> =
            BufReader::with_capacity(1 << 16, Cursor::new(start).chain(file));
        let stream: Box<dyn Read> = if gzipped {
            Box::new(Members::new(raw))
        } else {
            Box::new(raw)
        };
        let mut idx = IdxFile {
            path: path.to_owned(),
            kind,
            header: Header {
                count: 0,
                rows: 1,
                cols: 1,
            },
            gzipped,
            stream,
        };
        idx.read_header()?;
        idx.check_size(stored)?;
        Ok(idx)
    }

    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// Bytes of data that the header announces.
    fn announced(&self) -> u64 {
        let Header { count, rows, cols } = self.header;
        // At most 2^32 · 2^10 · 2^10, which fits.
        u64::from(count) * u64::from(rows) * u64::from(cols)
    }

    fn what(&self) -> String {
        let Header { count, rows, cols } = self.header;
        match self.kind {
            Kind::Images => format!("{count} images of {rows} x {cols}"),
            Kind::Labels => format!("{count} labels"),
        }
    }

    fn read_header(&mut self) -> Result<(), DataError> {
        let mut bytes = Vec::with_capacity(16);
        let read = (&mut self.stream)
            .take(self.kind.header_len() as u64)
            .read_to_end(&mut bytes);
        if let Err(error) = read
            && !(self.gzipped && error.kind() == io::ErrorKind::UnexpectedEof)
        {
            return Err(self.broken(error));
        }
        // The magic first: a short file of another kind is best named as such.
        if bytes.len() >= 4 {
            self.check_magic(BigEndian::read_u32(&bytes))?;
        }
        if bytes.len() < self.kind.header_len() {
            return Err(DataError::ShortHeader {
                path: self.path.clone(),
                kind: self.kind,
                found: bytes.len(),
            });
        }
        self.header.count = BigEndian::read_u32(&bytes[4..]);
        if self.kind == Kind::Images {
            let (rows, cols) = (
                BigEndian::read_u32(&bytes[8..]),
                BigEndian::read_u32(&bytes[12..]),
            );
            if ![rows, cols].iter().all(|n| (1..=MAX_SIDE).contains(n)) {
                return Err(DataError::Sides {
                    path: self.path.clone(),
                    rows,
                    cols,
                });
            }
            self.header.rows = rows;
            self.header.cols = cols;
        }
        Ok(())
    }

    fn check_magic(&self, found: u32) -> Result<(), DataError> {
        if found == self.kind.magic() {
            return Ok(());
        }
        let hint = if found == Kind::Images.magic() {
            "; this is an images file"
        } else if found == Kind::Labels.magic() {
            "; this is a labels file"
        } else {
            "; this is not an IDX file of unsigned bytes"
        };
        Err(DataError::Magic {
            path: self.path.clone(),
            kind: self.kind,
            found,
            hint,
        })
    }

    fn check_size(&self, stored: u64) -> Result<(), DataError> {
        let claimed = self.announced();
        // A plain file under the bound is better told how much it lacks, further below.
        let limit = match self.gzipped {
            true => MAX_DATA.min(stored.saturating_mul(MAX_DEFLATE_RATIO)),
            false if claimed > MAX_DATA => MAX_DATA.min(stored),
            false => MAX_DATA,
        };
        if claimed > limit {
            return Err(DataError::TooLarge {
                path: self.path.clone(),
                claimed,
                stored,
                limit,
            });
        }
        if self.gzipped {
            return Ok(()); // its true size shows only on decoding
        }
        let found = stored.saturating_sub(self.kind.header_len() as u64);
        if found < claimed {
            return Err(self.truncated(found));
        }
        if found > claimed {
            return Err(self.trailing());
        }
        Ok(())
    }

    /// Reads the data after the header: exactly what is announced, to the end of the file.
    pub(crate) fn data(mut self) -> Result<Vec<u8>, DataError> {
        let expected = self.announced();
        // check_size held `expected` under 2^30, so it fits a usize.
        let capacity = if self.gzipped {
            FIRST_CHUNK.min(expected as usize)
        } else {
            expected as usize
        };
        let mut bytes = Vec::with_capacity(capacity);
        match (&mut self.stream).take(expected).read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if self.gzipped && error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(self.broken(error)),
        }
        let found = bytes.len() as u64;
        if found < expected {
            return Err(self.truncated(found));
        }
        // One byte more also makes the decoder compare gzip's own check sum.
        match self.stream.read(&mut [0]) {
            Ok(0) => Ok(bytes),
            Ok(_) => Err(self.trailing()),
            Err(error) => Err(self.broken(error)),
        }
    }

    fn truncated(&self, found: u64) -> DataError {
        DataError::Truncated {
            path: self.path.clone(),
            found,
            expected: self.announced(),
            what: self.what(),
        }
    }

    fn trailing(&self) -> DataError {
        DataError::Trailing {
            path: self.path.clone(),
            expected: self.announced(),
            what: self.what(),
        }
    }

    fn broken(&self, error: io::Error) -> DataError {
        let path = self.path.clone();
        if self.gzipped && error.raw_os_error().is_none() {
            return DataError::Gzip {
                path,
                detail: error.to_string(),
            };
        }
        DataError::Io {
            path,
            action: "read",
            source: error,
        }
    }
}

#[cfg(test)]
mod tests;
