use std::fmt;
use std::str::FromStr;

/// A part of a run: of N parts, the I-th has the trials t with t mod N = I − 1.
///
/// ```
/// let shard: runs::Shard = "2/3".parse().unwrap();
/// assert_eq!(shard.trials(7).collect::<Vec<_>>(), [1, 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// I, from 1 to N.
    index: u64,
    /// N.
    of: u64,
}

impl Shard {
    /// The whole of a run.
    pub const WHOLE: Shard = Shard { index: 1, of: 1 };

    /// The `index`-th of `of` parts, from 1; none if there is no such part.
    pub fn new(index: u64, of: u64) -> Option<Shard> {
        (1..=of).contains(&index).then_some(Shard { index, of })
    }

    /// I, from 1.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Whether it is the whole run.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Its trials, of a run of `trials`, in order.
    pub fn trials(self, trials: u64) -> impl ExactSizeIterator<Item = u64> + Clone {
        let count = (trials + self.of - self.index) / self.of;
        // A range of 64 bits does not know its length.
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        (0..count).map(move |k| k as u64 * self.of + self.index - 1)
    }

    /// The part that this task of a Slurm job array is to do.
    ///
    /// # Errors
    /// What is missing.
    pub fn of_slurm() -> Result<Shard, ShardError> {
        let number = |name: &'static str| {
            let text = std::env::var(name).ok();
            let number: Option<u64> = text.and_then(|text| text.parse().ok());
            number.ok_or(ShardError::NoArray { variable: name })
        };
        let (id, count) = (
            number("SLURM_ARRAY_TASK_ID")?,
            number("SLURM_ARRAY_TASK_COUNT")?,
        );
        // An array may begin at 0, and go on in steps. One that begins further on is of
        // some tasks of another array, and nothing says of which.
        let (first, step) = (
            number("SLURM_ARRAY_TASK_MIN").unwrap_or(1),
            number("SLURM_ARRAY_TASK_STEP").unwrap_or(1).max(1),
        );
        let index = id.checked_sub(first).map(|past| past / step + 1);
        let index = index.filter(|_| first <= 1);
        let shard = index.and_then(|index| Shard::new(index, count));
        shard.ok_or(ShardError::NoTask { id, count, first })
    }
}

/// Why there is no part for this process to do. Its text says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// It runs in no job array.
    #[error("I/N outside a Slurm job array, where {variable} is not set")]
    NoArray {
        /// What a job array sets.
        variable: &'static str,
    },
    /// The numbers of the array do not tell which part it is.
    #[error(
        "a whole job array: task {id} of {count} from {first} on may be of another; give the part as I/N"
    )]
    NoTask {
        /// The task.
        id: u64,
        /// Tasks of the array.
        count: u64,
        /// The first of them.
        first: u64,
    },
}

impl fmt::Display for Shard {
    /// As in "2/3".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ();

    /// From "2/3".
    fn from_str(text: &str) -> Result<Shard, ()> {
        let (index, of) = text.split_once('/').ok_or(())?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| ());
        Shard::new(number(index)?, number(of)?).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trial_is_in_one_part() {
        for trials in 0..25 {
            for of in 1..9 {
                let mut all = Vec::new();
                for index in 1..=of {
                    let part = Shard::new(index, of).unwrap().trials(trials);
                    assert_eq!(part.len(), part.clone().count());
                    assert!(part.clone().all(|t| t % of == index - 1));
                    all.extend(part);
                }
                all.sort_unstable();
                assert_eq!(all, (0..trials).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_part_is_written_as_a_fraction() {
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
        for wrong in ["0/3", "4/3", "2", "2/0", "a/b", "", "-1/3", "1/3/4"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
