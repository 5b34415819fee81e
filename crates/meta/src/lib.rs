//! Meta-learning of plasticity rules (PAPER, "Meta-training", Alg. 1, Eq. 6): tasks,
//! episodes, measures, outer optimiser, and trials in parallel.
//!
//! A *task* is a handful of classes with training and query images. An *episode* lets a
//! freshly drawn network learn one task online with the rule, and differentiates its
//! loss on the query images, the *meta-loss*, by the rule's coefficients θ. A *trial*
//! is a sequence of episodes in which an *outer optimiser* learns θ.
//!
//! One episode on glyphs, with its meta-gradient:
//!
//! ```
//! use autodiff::Tape;
//! use datasets::Split;
//! use meta::{Episode, Settings, draw_setting};
//!
//! // The paper's settings, but for a smaller network and fewer images.
//! let mut settings = Settings::default();
//! settings.learner.network.sizes = vec![784, 20, 47];
//! (settings.tasks.shots, settings.tasks.queries) = (5, 2);
//! let data = datasets::glyphs(Split::Test, 0);
//! settings.check(&data)?;
//!
//! // θ_0, θ_2 and θ_9 of the rule "bio", in the first episode of the first trial.
//! let setting = draw_setting(&settings, &data, 0, 0, &[0.01, -0.02, 0.002]);
//! let mut episode = Episode::of(&settings)?;
//! let outcome = episode.run(&mut Tape::<f64>::new(), &setting);
//!
//! assert!(outcome.meta_loss.is_finite());
//! assert_eq!(outcome.gradient.theta.len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod divergence;
mod drawn;
mod episode;
mod estimate;
mod frozen;
mod held;
mod measures;
mod online;
mod outer;
mod penalty;
mod requested;
mod settings;
mod start;
mod streams;
mod summary;
mod task;
mod term_size;
mod threads;
mod training;
mod weights;

pub use divergence::{Divergence, Quantity};
pub use drawn::{Drawn, draw_setting};
pub use episode::{Episode, MetaGradient, Outcome, Queried, Recorded, Scores, Step};
pub use estimate::Estimate;
pub use frozen::{FRESH, Frozen, FrozenRecord, Probes};
pub use held::Held;
pub use online::{ImageStream, Online, OnlineRecord, OnlineState, OnlineTrial, advance_all};
pub use outer::{
    Adam, Cma, Evaluated, Evidence, Evolution, Guarded, Newton, Optimiser, OptimiserKind, Outer,
    Wants,
};
pub use penalty::{Norm, Penalty};
pub use requested::Measure;
pub use settings::{
    GradientMode, Learner, Numerics, OuterSettings, Place, Precision, Settings, SettingsError,
    TaskSettings,
};
pub use start::{Batch, Part, Setting, Start};
pub use streams::{Purpose, stream};
pub use summary::{OnlineSummary, Spread, Summariser, Summary};
pub use task::{Task, TaskStyle};
pub use threads::Threads;
pub use training::{
    EpisodeRecord, Idle, News, StateError, Status, Training, TrainingState, Trial, TrialState,
    measure_episode,
};
pub use weights::{Init, Initial, draw_weights};
