//! Meta-training on disk: what a run is to do, its directory, and its records.
//!
//! A [`Config`] merges defaults, a TOML file and the command line, and checks every
//! value. A [`Run`] carries it out in a directory, which afterwards holds `config.toml`,
//! `metrics.csv` and `summary.json`; [`Metrics`] reads the records back.
//!
//! | file | what |
//! |---|---|
//! | `config.rs` | the keys of a configuration, and their values |
//! | `directory.rs` | folders for runs, and how files get into them |
//! | `metrics.rs` | `metrics.csv`, written and read |
//! | `run.rs` | a run from its configuration to its summary |

mod config;
mod directory;
mod error;
mod metrics;
mod run;

pub use config::{Config, KEYS, parse_value};
pub use directory::{next_free_directory, write_whole};
pub use error::RunError;
pub use metrics::{Metrics, MetricsWriter, Row};
pub use run::Run;
