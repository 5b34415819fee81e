use serde::{Deserialize, Serialize};

use crate::{Divergence, Scores};

/// Whether an episode's numbers can be used.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::EnumString,
)]
#[strum(serialize_all = "lowercase")]
pub enum Status {
    /// They can.
    Ok,
    /// The meta-loss, or its gradient where that was wanted, is not finite.
    Diverged,
}

/// One row of the record of a run: an episode, measured before its optimiser step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// The trial, from 0.
    pub trial: u64,
    /// The episode, from 0.
    pub episode: u64,
    /// Whether it diverged.
    pub status: Status,
    /// The coefficients that the episode used.
    pub theta: Vec<f64>,
    /// L_meta, with the penalty.
    pub loss: f64,
    /// What was measured on the query images.
    pub scores: Scores,
    /// The numbers of [`Settings::measures`](crate::Settings::measures).
    pub measured: Vec<f64>,
    /// How precisely the initial weights were restored; 0 where nothing was differentiated.
    pub residual: f64,
    /// Whether the sweep had to replay.
    pub replayed: bool,
    /// Where it diverged, if it did.
    pub divergence: Option<Divergence>,
}
