//! Meta-training on disk: what a run is to do, its directory, and its records.
//!
//! A [`Config`] merges defaults, a TOML file and the command line, and checks every
//! value. A [`Run`] carries it out in a directory, and can be stopped and continued;
//! afterwards the directory holds `config.toml`, `metrics.csv`, `summary.json` and their
//! checksums. [`Metrics`] reads the records back, [`verify`] runs some of them again.
//!
//! | file | what |
//! |---|---|
//! | `case.rs` | one episode with explicit inputs |
//! | `config/` | the keys of a configuration, and how their values are read |
//! | `record.rs` | how a run was made, for its config.toml |
//! | `files.rs` | how files get into folders, and text out of files |
//! | `directory.rs` | a run directory that is open: locked, growing, saved now and then |
//! | `checkpoint.rs` | the state of an unfinished run, and the lock |
//! | `rows.rs` | a table that grows while others read it |
//! | `read_back.rs` | what a run directory was asked to do |
//! | `metrics.rs`, `columns.rs` | `metrics.csv` and how it is read; tables as columns, trial by episode |
//! | `sums.rs` | the checksums of a finished run |
//! | `online/` | online learning, in directories of the same kind |
//! | `run.rs` | a run from its configuration to its summary |
//! | `finished.rs` | a finished run, read back |
//! | `shard.rs`, `merge.rs` | a part of a run, and parts put together |
//! | `sweep/` | a grid of settings as runs in directories of their own |
//! | `verify.rs` | whether a directory holds what its run would write |

mod case;
mod checkpoint;
mod columns;
mod config;
mod directory;
mod error;
mod files;
mod finished;
mod merge;
mod metrics;
mod online;
mod read_back;
mod record;
mod rows;
mod run;
mod shard;
mod sums;
mod sweep;
mod verify;

pub use case::{Case, CaseError, CaseResult};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use columns::{Column, Columns, Values};
pub use config::{
    Config, ConfigError, KEYS, Key, Kind, Place, RuleFile, Section, ValueError, help, help_of_keys,
    reference_of_keys,
};
pub use error::{Fault, RunError};
pub use files::{TextError, make_folder, next_free_directory, read_text, tame, write_whole};
pub use finished::Finished;
pub use merge::{MergeError, merge};
pub use metrics::{Metrics, MetricsError, Row};
pub use online::{Halves, OnlineConfig, OnlineRun, open_halves, read_online, verify_online};
pub use read_back::{read_back, read_back_online};
pub use run::Run;
pub use shard::{Shard, ShardError};
pub use sums::is_finished;
pub use sweep::{Job, Outcome, Point, Sweep, SweepError, table};
pub use verify::{Report, Sample, verify};
