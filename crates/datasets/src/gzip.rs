//! Gzipped bytes to the true end of the file: members one after another, then padding.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// All members of a gzip file. Zeros after the last are padding, as tapes and some servers
/// leave it, and are passed over as `gzip` itself does; anything else there is damage.
pub(crate) struct Members<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Members<R> {
    pub(crate) fn new(stream: R) -> Self {
        Members(Some(GzDecoder::new(stream)))
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let n = member.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let rest = self.0.take().map(GzDecoder::into_inner);
            self.0 = rest.map_or(Ok(None), next_member)?.map(GzDecoder::new);
        }
        Ok(0)
    }
}

/// The stream at its next member, or nothing if only zeros are left.
fn next_member<R: BufRead>(mut stream: R) -> io::Result<Option<R>> {
    let mut padded = false;
    loop {
        let block = stream.fill_buf()?;
        match block.iter().position(|&byte| byte != 0) {
            None if block.is_empty() => return Ok(None),
            None => {
                let length = block.len();
                stream.consume(length);
                padded = true;
            }
            Some(0) if !padded => return Ok(Some(stream)),
            Some(_) => {
                let kind = io::ErrorKind::InvalidData;
                return Err(io::Error::new(kind, "neither zeros nor a member follow"));
            }
        }
    }
}
