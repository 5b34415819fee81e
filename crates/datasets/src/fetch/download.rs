//! One download into a `.part` file, taken up where an earlier one broke off.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use ureq::{Body, http::Response};

use super::{Download, Progress, io_error, make_parent, network::Client};
use crate::{DataError, checksum::Md5Sum};

const BLOCK: usize = 1 << 16;

const AGAIN: &str = "run the same command again to resume";
const ELSEWHERE: &str = "check the network and the address, or give another with --from";

/// Downloads into `part` until its MD5 is the published one; on return the file is whole and
/// synced. After a network error the file stays, for the next attempt.
pub(super) fn to_part(
    download: &Download,
    part: &Path,
    progress: &mut dyn Progress,
) -> Result<(), DataError> {
    let client = Client::for_url(&download.url)?;
    make_parent(part)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(part)
        .map_err(io_error(part, "write"))?;
    // Two processes writing one file would both lose.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(DataError::Busy(part.to_owned()));
    }
    let mut attempt = Attempt {
        download,
        client,
        part,
        file,
        sum: Md5Sum::new(),
        length: 0,
    };
    let result = attempt.run(progress);
    // An empty file is no help to the next attempt, nor is one that turned out wrong.
    let useless = matches!(
        result,
        Err(DataError::Checksum { .. } | DataError::TooLong { .. })
    );
    if result.is_err() && (useless || attempt.length == 0) {
        fs::remove_file(part).map_err(io_error(part, "remove"))?;
    }
    result
}

struct Attempt<'a> {
    download: &'a Download,
    client: Client,
    part: &'a Path,
    file: File,
    /// MD5 of the first `length` bytes, which are all there are.
    sum: Md5Sum,
    length: u64,
}

impl Attempt<'_> {
    fn run(&mut self, progress: &mut dyn Progress) -> Result<(), DataError> {
        self.take_up()?;
        if self.length > 0 && self.sum.clone().hex() == self.download.md5 {
            return Ok(()); // only the renaming or unpacking had been missing
        }
        for note in &self.client.notes {
            progress.note(note);
        }
        let mut response = self.request(self.length)?;
        if self.length > 0 && !continues_at(&response, self.length) {
            self.start_over()?;
            // 200 is the file from its start; anything else (416, another range) needs asking anew.
            if response.status() != 200 {
                response = self.request(0)?;
            }
        }
        let status = response.status().as_u16();
        if !(status == 200 || (status == 206 && self.length > 0)) {
            return Err(self.failed(
                format!("the server answers {}", response.status()),
                ELSEWHERE,
            ));
        }
        let rest = content_length(&response);
        let total = rest.map(|rest| self.length + rest);
        let file_name = self.download.url.rsplit('/').next().unwrap_or_default();
        progress.begin(file_name, self.length, total);
        let received = self.receive(response, progress);
        progress.end();
        received?;
        if let Some(total) = total
            && self.length != total
        {
            let detail = format!(
                "the connection broke off after {} of {total} bytes",
                self.length
            );
            return Err(self.failed(detail, AGAIN));
        }
        let found = self.sum.clone().hex();
        if found != self.download.md5 {
            return Err(DataError::Checksum {
                url: self.download.url.clone(),
                found,
                expected: self.download.md5.clone(),
            });
        }
        self.file.sync_all().map_err(io_error(self.part, "write"))
    }

    /// Sums up what an earlier attempt left.
    fn take_up(&mut self) -> Result<(), DataError> {
        let mut block = vec![0; BLOCK];
        loop {
            let n = self
                .file
                .read(&mut block)
                .map_err(io_error(self.part, "read"))?;
            if n == 0 {
                return Ok(());
            }
            self.sum.update(&block[..n]);
            self.length += n as u64;
        }
    }

    fn start_over(&mut self) -> Result<(), DataError> {
        self.file.set_len(0).map_err(io_error(self.part, "write"))?;
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(io_error(self.part, "write"))?;
        self.sum = Md5Sum::new();
        self.length = 0;
        Ok(())
    }

    fn request(&self, from: u64) -> Result<Response<Body>, DataError> {
        let mut request = self.client.agent.get(&self.download.url);
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request
            .call()
            .map_err(|error| self.failed(error.to_string(), ELSEWHERE))
    }

    fn receive(
        &mut self,
        response: Response<Body>,
        progress: &mut dyn Progress,
    ) -> Result<(), DataError> {
        let mut body = response.into_body().into_reader();
        let mut block = vec![0; BLOCK];
        loop {
            let n = match body.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) => {
                    let detail = format!(
                        "the connection broke off after {} bytes ({error})",
                        self.length
                    );
                    return Err(self.failed(detail, AGAIN));
                }
            };
            if self.length + n as u64 > self.download.max_bytes {
                return Err(DataError::TooLong {
                    url: self.download.url.clone(),
                    max: self.download.max_bytes,
                });
            }
            self.file
                .write_all(&block[..n])
                .map_err(io_error(self.part, "write"))?;
            self.sum.update(&block[..n]);
            self.length += n as u64;
            progress.advance(n as u64);
        }
    }

    fn failed(&self, detail: String, advice: &'static str) -> DataError {
        DataError::Download {
            url: self.download.url.clone(),
            detail,
            advice,
        }
    }
}

/// Whether an answer is the rest of the file from byte `from` on.
fn continues_at(response: &Response<Body>, from: u64) -> bool {
    response.status() == 206
        && response
            .headers()
            .get("content-range")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

fn content_length(response: &Response<Body>) -> Option<u64> {
    let value = response.headers().get("content-length")?;
    value.to_str().ok()?.trim().parse().ok()
}
