//! The two halves every set is published in.

use std::{fmt, str::FromStr};

use crate::DataError;

/// The half of a data set that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Split {
    /// The larger half, which networks are usually trained on.
    Train,
    /// The smaller half (`test` in EMNIST, `t10k` in MNIST); tasks are drawn from it.
    Test,
}

impl Split {
    /// Both halves, in the order in which they are listed.
    pub const ALL: [Split; 2] = [Split::Train, Split::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Split::Train => "train",
            Split::Test => "test",
        })
    }
}

impl FromStr for Split {
    type Err = DataError;

    /// Reads `train` or `test`.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] for anything else.
    fn from_str(text: &str) -> Result<Split, DataError> {
        match text {
            "train" => Ok(Split::Train),
            "test" => Ok(Split::Test),
            _ => Err(DataError::UnknownSplit(text.to_owned())),
        }
    }
}
