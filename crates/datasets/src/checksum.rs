//! MD5 sums as lower-case hex: what the publishers of the data sets give.

use std::{fs::File, io::Read, path::Path};

use md5::{Digest, Md5};

use crate::DataError;

/// A running MD5 sum.
#[derive(Clone)]
pub(crate) struct Md5Sum(Md5);

impl Md5Sum {
    pub(crate) fn new() -> Self {
        Md5Sum(Md5::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 32 lower-case hex digits.
    pub(crate) fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// MD5 of a whole file as 32 lower-case hex digits.
///
/// # Errors
/// [`DataError::Io`] when the file cannot be read.
pub fn file_md5(path: &Path) -> Result<String, DataError> {
    let fail = |action| {
        move |source| DataError::Io {
            path: path.to_owned(),
            action,
            source,
        }
    };
    let mut file = File::open(path).map_err(fail("open"))?;
    let mut sum = Md5Sum::new();
    let mut block = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut block).map_err(fail("read"))?;
        if n == 0 {
            return Ok(sum.hex());
        }
        sum.update(&block[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_of_abc_is_that_of_rfc_1321() {
        let mut sum = Md5Sum::new();
        sum.update(b"abc");
        assert_eq!(sum.hex(), "900150983cd24fb0d6963f7d28e17f72");
    }
}
