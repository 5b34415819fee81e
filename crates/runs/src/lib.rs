//! Meta-training on disk: what a run is to do, its directory, and its records.
//!
//! A [`Config`] merges defaults, a TOML file and the command line, and checks every
//! value. [`run`] carries it out in a [`RunDir`], which afterwards holds `config.toml`,
//! `metrics.csv` and `summary.json`; [`Metrics`] reads the records back.
//!
//! | file | what |
//! |---|---|
//! | `config.rs` | the keys of a configuration, and their values |
//! | `directory.rs` | a run's directory and how files get into it |
//! | `metrics.rs` | `metrics.csv`, written and read |
//! | `run.rs` | a run from its configuration to its summary |

mod config;
mod directory;
mod error;
mod metrics;
mod run;

pub use config::{Config, KEYS, parse_value};
pub use directory::RunDir;
pub use error::RunError;
pub use metrics::{Metrics, MetricsWriter, Row};
pub use run::run;
