//! Meta-learning of plasticity rules (PAPER, "Meta-training", Alg. 1, Eq. 6): tasks,
//! episodes, measures, outer optimiser, and trials in parallel.
//!
//! A *task* is a handful of classes with training and query images. An *episode* lets a
//! freshly drawn network learn one task online with the rule, and differentiates its
//! loss on the query images, the *meta-loss*, by the rule's coefficients θ. A *trial*
//! is a sequence of episodes with one optimiser step on θ after each.

mod case;
mod episode;
mod measures;
mod optimiser;
mod settings;
mod streams;
mod summary;
mod task;
mod train;
mod weights;

pub use case::{Case, CaseError, CaseResult};
pub use episode::{Batch, Episode, Outcome, Recorded, Setting};
pub use optimiser::Adam;
pub use settings::{Precision, Settings, SettingsError};
pub use streams::{Purpose, stream};
pub use summary::{Spread, Summariser, Summary};
pub use task::{Task, TaskStyle};
pub use train::{EpisodeRecord, Status, Training, TrialState, draw_setting};
pub use weights::draw_weights;
