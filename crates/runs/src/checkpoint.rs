//! Checkpoints: all that an unfinished run needs to go on as if it had never stopped.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use meta::{Summariser, TrainingState};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::RunError;
use crate::files::{failed, input, sync_folder, write_whole};
use crate::rows::Extent;
use crate::sums::{Digest, sha256};

/// The folder of a run directory that holds its checkpoints and its lock. It is there
/// from before the first file until after the last.
pub(crate) const FOLDER: &str = "checkpoints";

const LOCK: &str = "lock";
const PREFIX: &str = "checkpoint-";

/// How many are kept: if the newest is damaged, the one before it will do.
const KEPT: u64 = 2;

/// What every checkpoint begins with; the last byte is the version of the layout, to be
/// raised whenever the layout of anything in [`Checkpoint`] changes.
const MAGIC: &[u8; 12] = b"metaplast c\x05";

/// The state of a run at some moment: of a training, unless it says otherwise.
///
/// A file is `metaplast c`, a version byte, the length of what follows the head as eight
/// bytes (little-endian), its SHA-256, and then the state in the format of postcard,
/// which keeps every bit of every number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint<S = (TrainingState, Summariser)> {
    /// The SHA-256 of the run's config.toml.
    pub(crate) config: Digest,
    /// How far the table of its records had come.
    pub(crate) rows: Extent,
    /// All else.
    pub(crate) state: S,
}

/// Why the bytes of a file are no checkpoint that this program can use.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is something else.
    #[error("is no checkpoint")]
    Foreign,
    /// It ends too early.
    #[error("is cut off")]
    Cut,
    /// Another version of the program wrote it.
    #[error("has version {found}, this program reads {}", MAGIC[11])]
    Version {
        /// The version of its layout.
        found: u8,
    },
    /// It has another length than it says.
    #[error("is cut off, or has something after its end")]
    Length,
    /// Something in it was changed.
    #[error("is damaged: its checksum is wrong")]
    Sum,
    /// There is more in it than a state.
    #[error("has something after its end")]
    Rest,
    /// What stands in it is no state.
    #[error("cannot be read: {0}")]
    Layout(postcard::Error),
}

impl<S: Serialize> Checkpoint<S> {
    /// As the bytes of a file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let state = postcard::to_allocvec(self).expect("a checkpoint is plain data");
        let length = (state.len() as u64).to_le_bytes();
        [&MAGIC[..], &length, &sha256(&state), &state].concat()
    }
}

impl<S: DeserializeOwned> Checkpoint<S> {
    /// From the bytes of a file. What is allocated is at most 128 times the length of
    /// `bytes`, and two megabytes.
    ///
    /// # Errors
    /// If they are not a whole checkpoint of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (name, version) = (&MAGIC[..11], MAGIC[11]);
        let rest = bytes.strip_prefix(name).ok_or(CheckpointError::Foreign)?;
        let (head, state) = rest
            .split_at_checked(1 + 8 + 32)
            .ok_or(CheckpointError::Cut)?;
        if head[0] != version {
            return Err(CheckpointError::Version { found: head[0] });
        }
        if head[1..9] != (state.len() as u64).to_le_bytes() {
            return Err(CheckpointError::Length);
        }
        if head[9..] != sha256(state) {
            return Err(CheckpointError::Sum);
        }
        Checkpoint::from_state(state)
    }

    /// From what follows the head.
    ///
    /// # Errors
    /// If it has another layout.
    #[doc(hidden)]
    pub fn from_state(state: &[u8]) -> Result<Self, CheckpointError> {
        match postcard::take_from_bytes(state) {
            Ok((checkpoint, [])) => Ok(checkpoint),
            Ok(_) => Err(CheckpointError::Rest),
            Err(error) => Err(CheckpointError::Layout(error)),
        }
    }
}

/// The checkpoints of a run directory, locked against other processes.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    /// Held, and so locked, for as long as the run is open.
    _lock: File,
    last: u64,
}

impl Checkpoints {
    /// Makes the folder in `dir` if it is missing, and locks it. What a user should know
    /// is added to `notes`.
    ///
    /// # Errors
    /// If another process holds the lock, or the folder cannot be written.
    pub(crate) fn lock(dir: &Path, notes: &mut Vec<String>) -> Result<Self, RunError> {
        let folder = dir.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| input(dir, error))?;
        let path = folder.join(LOCK);
        let opened = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut lock = opened.map_err(|error| input(dir, error))?;
        match lock.try_lock() {
            Ok(()) => {
                // For whoever finds it locked; nothing depends on it.
                let _ = lock
                    .set_len(0)
                    .and_then(|()| write!(lock, "{}", std::process::id()));
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.take(20).read_to_string(&mut holder);
                return Err(RunError::InUse {
                    path: dir.to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(error)) => notes.push(format!(
                "{} cannot be locked on this file system ({error}); see to it that no other metaplast works in it",
                dir.display()
            )),
        }
        let mut checkpoints = Checkpoints {
            folder,
            _lock: lock,
            last: 0,
        };
        checkpoints.last = checkpoints.newest_first()?.first().copied().unwrap_or(0);
        Ok(checkpoints)
    }

    /// The numbers of the checkpoints that are there.
    pub(crate) fn newest_first(&self) -> Result<Vec<u64>, RunError> {
        newest_first(&self.folder).map_err(|error| failed(&self.folder, error))
    }

    pub(crate) fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{PREFIX}{number}"))
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If it cannot be used.
    pub(crate) fn read<S: DeserializeOwned>(
        &self,
        number: u64,
    ) -> Result<Checkpoint<S>, CheckpointError> {
        Checkpoint::from_bytes(&fs::read(self.path(number))?)
    }

    /// Adds a checkpoint, and removes all but the last two.
    pub(crate) fn save<S: Serialize>(
        &mut self,
        checkpoint: &Checkpoint<S>,
    ) -> Result<(), RunError> {
        let number = self.last + 1;
        write_whole(&self.path(number), &checkpoint.to_bytes())?;
        self.last = number;
        for old in self.newest_first()? {
            if old + KEPT <= number {
                let path = self.path(old);
                fs::remove_file(&path).map_err(|error| failed(&path, error))?;
            }
        }
        Ok(())
    }
}

fn newest_first(folder: &Path) -> io::Result<Vec<u64>> {
    let number = |entry: io::Result<fs::DirEntry>| -> Option<u64> {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_prefix(PREFIX)?.parse().ok()
    };
    let mut numbers: Vec<u64> = fs::read_dir(folder)?.filter_map(number).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

/// The newest whole checkpoint in `dir`, without a lock.
pub(crate) fn newest_usable<S: DeserializeOwned>(dir: &Path) -> Option<Checkpoint<S>> {
    let folder = dir.join(FOLDER);
    let numbers = newest_first(&folder).ok()?.into_iter();
    let mut files = numbers.map(|number| folder.join(format!("{PREFIX}{number}")));
    files.find_map(|path| Checkpoint::from_bytes(&fs::read(path).ok()?).ok())
}

/// Removes the folder of a finished run, if it is there.
pub(crate) fn remove(dir: &Path) -> Result<(), RunError> {
    let folder = dir.join(FOLDER);
    match fs::remove_dir_all(&folder).and_then(|()| sync_folder(dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&folder, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use meta::{
        EpisodeRecord, Evidence, OptimiserKind, Scores, Settings, Status, Threads, Training,
    };
    use strum::VariantNames as _;

    /// With numbers that text formats lose.
    fn checkpoint(kind: OptimiserKind) -> Checkpoint {
        let mut settings = Settings::default();
        (settings.outer.trials, settings.outer.optimiser) = (2, kind);
        let data = Arc::new(datasets::glyphs(datasets::Split::Test, 0));
        let training = Training::new(&settings, data, &Threads::new(1).unwrap()).unwrap();
        let mut state = training.state();
        let not_a_number = f64::from_bits(0x7ff8_dead_beef_0001);
        state.trials[1].found.insert(
            0,
            Evidence {
                finite: false,
                loss: f64::INFINITY,
                cross_entropy: not_a_number,
                gradient: vec![-0.0, f64::MIN_POSITIVE / 3.0],
                hessian: vec![0.1 + 0.2],
            },
        );
        let record = EpisodeRecord {
            trial: 1,
            episode: 0,
            status: Status::Diverged,
            theta: vec![-0.0, f64::MIN_POSITIVE / 3.0, 0.1 + 0.2],
            loss: f64::INFINITY,
            scores: Scores {
                cross_entropy: not_a_number,
                accuracy: 0.5,
                angles: vec![1.0; 6],
                orthonormality: vec![2.0; 5],
            },
            measured: vec![0.5],
            residual: 1e-8,
            replayed: true,
            divergence: None,
        };
        state.waiting.insert((0, 1), record);
        Checkpoint {
            config: sha256(b"config"),
            rows: Extent {
                bytes: 300,
                sha256: sha256(b"metrics"),
            },
            state: (state, Summariser::new(&settings)),
        }
    }

    fn of_training(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::from_bytes(bytes)
    }

    #[test]
    fn every_bit_of_every_number_comes_back() {
        for name in OptimiserKind::VARIANTS {
            let bytes = checkpoint(name.parse().unwrap()).to_bytes();
            let again = of_training(&bytes).unwrap().to_bytes();
            // Not a number equals nothing, so the bytes are compared.
            assert_eq!(again, bytes, "{name}");
        }
        let bytes = checkpoint(OptimiserKind::Adam).to_bytes();
        let read = of_training(&bytes).unwrap();
        let record = &read.state.0.waiting[&(0, 1)];
        assert_eq!(record.scores.cross_entropy.to_bits(), 0x7ff8_dead_beef_0001);
        assert!(record.theta[0].is_sign_negative());
    }

    #[test]
    fn any_cut_and_any_changed_byte_is_noticed() {
        let bytes = checkpoint(OptimiserKind::Adam).to_bytes();
        for length in 0..bytes.len() {
            assert!(of_training(&bytes[..length]).is_err(), "{length}");
        }
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[i] ^= 1 << (i % 8);
            assert!(of_training(&changed).is_err(), "{i}");
        }
        let longer = [bytes.as_slice(), b"\0"].concat();
        assert!(of_training(&longer).is_err());
    }

    #[test]
    fn a_new_layout_needs_a_new_version() {
        let all: Vec<u8> = OptimiserKind::VARIANTS
            .iter()
            .flat_map(|name| checkpoint(name.parse().unwrap()).to_bytes())
            .collect();
        let sum = crate::sums::hex(&sha256(&all));
        assert_eq!(
            &sum[..16],
            "6443271b8ec75df9",
            "the layout of a checkpoint has changed: raise the version in MAGIC, then put the new sum here"
        );
    }

    #[test]
    fn two_are_kept_and_a_second_process_is_kept_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut notes = Vec::new();
        let mut store = Checkpoints::lock(dir.path(), &mut notes).unwrap();
        for _ in 0..4 {
            store.save(&checkpoint(OptimiserKind::Adam)).unwrap();
        }
        assert_eq!(store.newest_first().unwrap(), [4, 3]);
        // Another open file is locked out as another process is.
        let message = Checkpoints::lock(dir.path(), &mut notes)
            .unwrap_err()
            .to_string();
        let id = std::process::id();
        assert!(message.contains(&format!("(process {id})")), "{message}");
        drop(store);
        let mut again = Checkpoints::lock(dir.path(), &mut notes).unwrap();
        again.save(&checkpoint(OptimiserKind::Adam)).unwrap();
        assert_eq!(again.newest_first().unwrap(), [5, 4]);
        assert_eq!(notes, Vec::<String>::new());
    }
}
