//! Random streams, each keyed by what it is for.
//!
//! Nothing is ever drawn from a stream shared between trials, episodes or threads, so
//! what is drawn depends on the seed and its purpose alone. The built-in glyphs are keyed
//! alike, by (seed, split, class, index): some of their images and some tasks come of the
//! same numbers, put to uses that have nothing in common. Another key would change the
//! images, and with them every run on them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The initial weights W.
    Weights = 1,
    /// The feedback weights B.
    Feedback = 2,
    /// Classes and images of a task.
    Task = 3,
    /// The order of the training images.
    Order = 4,
    /// The direct feedback weights D beside B.
    Direct = 5,
    /// What an outer optimiser tries.
    Outer = 6,
}

impl Purpose {
    /// Those of W, B and D.
    pub(crate) const OF_MATRICES: [Purpose; 3] =
        [Purpose::Weights, Purpose::Feedback, Purpose::Direct];
}

/// The stream of a purpose in one episode of one trial.
pub fn stream(seed: u64, trial: u64, episode: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, part) in key
        .chunks_exact_mut(8)
        .zip([seed, trial, episode, purpose as u64])
    {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::Rng;

    #[test]
    fn streams_that_differ_in_any_part_of_their_key_differ() {
        let first = |s, t, e, p| stream(s, t, e, p).next_u64();
        let base = first(1, 2, 3, Purpose::Task);
        assert_eq!(base, first(1, 2, 3, Purpose::Task));
        assert_ne!(base, first(2, 2, 3, Purpose::Task));
        assert_ne!(base, first(1, 3, 3, Purpose::Task));
        assert_ne!(base, first(1, 2, 4, Purpose::Task));
        assert_ne!(base, first(1, 2, 3, Purpose::Order));
    }
}
