//! Meta-learning of plasticity rules, as a library: the crates of Metaplast under one roof.
//!
//! | module | what |
//! |---|---|
//! | [`autodiff`] | the engine: a tape, plastic matrices that change in place, derivatives of any order |
//! | [`model`] | networks, feedback pathways, plasticity rules |
//! | [`datasets`] | image sets, and the built-in glyphs |
//! | [`meta`] | tasks, episodes, training |
//! | [`runs`] | training on disk: configuration, run directories, parts, grids |
//! | [`plots`] | figures and reports |
//! | [`paper`] | the paper's figures, and verdicts on its claims |
//! | [`card`] | a page about a meta-learned rule |
//! | [`explain`] | one episode as a page |
//! | [`playground`] | the engine in a browser |
//!
//! # A gradient
//! ```
//! use metaplast::autodiff::Tape;
//!
//! let mut tape = Tape::<f64>::new();
//! let x = tape.variable_vector(&[0.5, -1.0]);
//! let y = tape.tanh(x);
//! let sum = tape.sum(y);
//! let gradient = tape.gradient(sum, &[x]);
//! let slope = |x: f64| 1.0 - x.tanh().powi(2);
//! assert!((gradient.of(0)[0] - slope(0.5)).abs() < 1e-15);
//! ```
//!
//! # A training in memory
//! ```
//! use std::sync::Arc;
//!
//! use metaplast::datasets::{Split, glyphs};
//! use metaplast::meta::{Settings, Summariser, Threads, Training};
//! use metaplast::model::Rule;
//!
//! // The paper's settings for a rule, made small.
//! let mut settings = Settings::of(Rule::built_in("bio").unwrap());
//! settings.learner.network.sizes = vec![784, 20, 47];
//! (settings.tasks.shots, settings.tasks.queries) = (3, 2);
//! (settings.outer.episodes, settings.outer.trials) = (4, 2);
//!
//! let data = Arc::new(glyphs(Split::Test, 0));
//! let mut training = Training::new(&settings, data, &Threads::new(1)?)?;
//! let mut summariser = Summariser::new(&settings);
//! for record in training.finish() {
//!     summariser.add(&record);
//! }
//! let accuracy = summariser.finish().accuracy.expect("no trial diverges");
//! assert_eq!((accuracy.trials, accuracy.episodes), (2, 8));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A run on disk
//! The keys are those of `metaplast train --help`; see [`runs::KEYS`].
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::AtomicBool;
//!
//! use metaplast::meta::Threads;
//! use metaplast::runs::{Config, Metrics, Run};
//!
//! let keys = ["rule=fa", "data=glyphs", "sizes=784-20-47", "K=3", "Q=2", "episodes=4", "trials=2"];
//! let config = Config::new(None, Vec::new(), &keys.map(str::to_owned))?;
//! let data = Arc::new(metaplast::datasets::open("glyphs", config.split)?);
//!
//! let folder = std::env::temp_dir().join(format!("metaplast-{}", std::process::id()));
//! let mut run = Run::open(&config, data, &folder, &Threads::new(1)?)?;
//! run.finish(&AtomicBool::new(false), |record| println!("{}", record.scores.accuracy))?;
//!
//! let metrics = Metrics::read(&folder.join("metrics.csv"))?;
//! assert_eq!(metrics.rows.len(), 2 * 4);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use {autodiff, card, datasets, explain, meta, model, paper, playground, plots, runs};
