//! Re-running the paper: which runs are needed, and from runs to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use datasets::Dataset;
use meta::{Estimate, Frozen, Probes, Settings, Threads};
use plots::Setting;
use rayon::prelude::*;
use runs::{Metrics, OnlineRun, Run, RunError, read_online};

use crate::context::Context;
use crate::experiments::{Experiment, FRESH_TASKS, FrozenExperiment, OnlineExperiment};
use crate::frozen::{self, final_theta};
use crate::online::OnlineMetrics;
use crate::plan::{self, Digits};
use crate::report::Report;
use crate::results::Results;
use crate::study::Study;
use crate::target::Target;
use crate::verdict::Verdict;

/// What is to be reproduced, and how.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The figures and tables.
    pub targets: Vec<&'static Target>,
    /// Trials of each run.
    pub trials: u64,
    /// Episodes of each run, if not the paper's.
    pub episodes: Option<u64>,
    /// The seed of every run.
    pub seed: u64,
    /// Worker threads.
    pub threads: usize,
    /// Whether to mark the results as made in a hurry.
    pub quick: bool,
    /// The part of every training that is to be run, if not the whole, as in "2/3".
    pub shard: Option<String>,
    /// Settings of every run, as `key=value`, over those of its experiment.
    pub assignments: Vec<String>,
    /// The folder for runs, pictures and the report.
    pub out: PathBuf,
}

impl Ask {
    /// Where a reproduction of targets on `data` goes, unless it is told to go elsewhere.
    pub fn folder(targets: &[&Target], data: &Dataset, quick: bool) -> PathBuf {
        let study = Study::of(targets).next().map_or("", |study| study.suffix);
        let quick = if quick { "-quick" } else { "" };
        Path::new("results").join(format!("{}{study}{quick}", data.name()))
    }
}

/// How far a reproduction has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The experiment that is running.
    pub experiment: &'static str,
    /// Work done since the last call, in the unit of [`Reproduction::work`].
    pub work: u64,
}

/// A reproduction that is ready to run.
pub struct Reproduction {
    ask: Ask,
    context: Context,
    digits: Option<Digits>,
    data: Arc<Dataset>,
    experiments: Vec<Planned>,
    online: Vec<&'static OnlineExperiment>,
    frozen: Vec<&'static FrozenExperiment>,
    /// Data sets that tests need besides `data`, as far as they were found.
    elsewhere: BTreeMap<&'static str, Dataset>,
    notes: Vec<String>,
    threads: Threads,
}

/// An experiment and its run.
struct Planned {
    experiment: &'static Experiment,
    settings: Settings,
    run: Run,
    /// Microseconds from one finished episode to the next.
    pace: u64,
}

impl Reproduction {
    /// Opens every run, so that what would not work is known before the first starts.
    /// Tasks are drawn from `data`, which was asked for as `name`; `digits`, to learn
    /// from and to be tested on, are for [`Target::online`] experiments alone.
    ///
    /// # Errors
    /// If a run's settings do not fit the data or replace what an experiment is about, or the folder holds runs with other
    /// settings or cannot be written.
    ///
    /// # Panics
    /// If a target has online experiments and there are no digits.
    pub fn open(
        ask: Ask,
        (name, data): (&str, Arc<Dataset>),
        digits: Option<Digits>,
    ) -> Result<Self, RunError> {
        for assignment in &ask.assignments {
            let key = assignment.split('=').next().unwrap_or_default();
            if let "rule" | "split" = key {
                return Err(RunError::Input(format!(
                    "{assignment}: a figure has a {key} of its own; metaplast train takes any"
                )));
            }
        }
        let threads = Threads::new(ask.threads)?;
        let mut experiments: Vec<Planned> = Vec::new();
        let mut online: Vec<&'static OnlineExperiment> = Vec::new();
        let mut frozen: Vec<&'static FrozenExperiment> = Vec::new();
        for target in &ask.targets {
            for experiment in target.experiments {
                if experiments.iter().all(|p| p.experiment.name != *experiment) {
                    let experiment = Experiment::named(experiment);
                    let config = plan::configure(&ask, experiment, name)?;
                    let folder = ask.out.join("runs").join(experiment.name);
                    experiments.push(Planned {
                        experiment,
                        run: Run::open(&config, Arc::clone(&data), &folder, &threads)?,
                        settings: config.settings_of_part(),
                        pace: 1,
                    });
                }
            }
            for experiment in target.online {
                if online.iter().all(|e| e.name != *experiment) {
                    online.push(OnlineExperiment::named(experiment));
                }
            }
            for experiment in target.frozen {
                if frozen.iter().all(|e| e.name != *experiment) {
                    frozen.push(FrozenExperiment::named(experiment));
                }
            }
        }
        if ask.shard.is_some() {
            // They take coefficients that all trials together have learned.
            online.clear();
            frozen.clear();
        }
        let (elsewhere, notes) = plan::open_elsewhere(&mut frozen, &data);
        assert!(
            online.is_empty() || digits.is_some(),
            "online experiments need digits"
        );
        let (online_data, online_images) = match &digits {
            Some((train, _)) => (train.name(), plan::digits_of(train)),
            None => ("", 0),
        };
        let network = experiments.first().map(|p| &p.settings.learner.network);
        let outputs = network.map_or(1, |network| network.sizes[network.layers()]);
        let context = Context {
            data: data.name().to_owned(),
            synthetic: data.is_synthetic(),
            online_data: online_data.to_owned(),
            online_images,
            trials: ask.trials,
            episodes: ask.episodes,
            seed: ask.seed,
            quick: ask.quick,
            assignments: ask.assignments.clone(),
            outputs,
        };
        Ok(Reproduction {
            ask,
            context,
            digits,
            data,
            experiments,
            online,
            frozen,
            elsewhere,
            notes,
            threads,
        })
    }

    /// How the results are made.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What a user should know about how the runs were opened, a line each, none twice.
    pub fn notes(&self) -> BTreeSet<&str> {
        let runs = self.experiments.iter();
        let of_runs = runs.flat_map(|planned| planned.run.notes());
        of_runs.chain(&self.notes).map(String::as_str).collect()
    }

    /// How many runs there are, finished ones among them.
    pub fn runs(&self) -> usize {
        self.experiments.len() + self.online.len() + self.frozen.len()
    }

    /// Whether no run is left, so that only the pictures are to be made again.
    pub fn is_finished(&self) -> bool {
        let mut runs = self.experiments.iter();
        runs.all(|planned| planned.run.is_finished())
            && self.online_left() == 0
            && self.frozen_left() == 0
    }

    /// Times a few episodes of each run that is left, and tells what the whole is going
    /// to take. Without it every episode counts as the same amount of [`Self::work`].
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn estimate(&mut self) -> Result<Estimate, RunError> {
        let mut bytes = 0;
        for planned in &mut self.experiments {
            let left = planned.run.total() - planned.run.done();
            if left > 0 {
                let estimate = Estimate::of(&planned.settings, &self.data, &self.threads, left)?;
                planned.pace = (estimate.seconds * 1e6 / left as f64).ceil() as u64;
                bytes = bytes.max(estimate.bytes);
            }
        }
        Ok(Estimate {
            seconds: self.work() as f64 / 1e6,
            bytes,
        })
    }

    /// What is left to do, in microseconds as [`Self::estimate`] found them.
    pub fn work(&self) -> u64 {
        let runs = self.experiments.iter();
        let runs = runs.map(|planned| (planned.run.total() - planned.run.done()) * planned.pace);
        let online = self.online_left() * self.ask.trials * self.online_work();
        let frozen = self.frozen_left() * self.ask.trials * self.frozen_work();
        runs.sum::<u64>() + online + frozen
    }

    /// How many online experiments have no records yet.
    fn online_left(&self) -> u64 {
        let folders = self.online.iter().map(|e| self.folder(e.name));
        folders.filter(|f| !runs::is_finished(f)).count() as u64
    }

    /// How many tests have no records yet.
    fn frozen_left(&self) -> u64 {
        let folders = self.frozen.iter().map(|e| self.folder(e.name));
        folders.filter(|f| !frozen::has_records(f)).count() as u64
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.ask.out.join("runs").join(name)
    }

    /// The settings of an experiment, which a target with tests of it has.
    fn settings_of(&self, experiment: &str) -> &Settings {
        let mut planned = self.experiments.iter();
        let planned = planned.find(|p| p.experiment.name == experiment);
        &planned.expect("it is among its target's").settings
    }

    /// Microseconds from one finished trial of an online experiment to the next.
    fn online_work(&self) -> u64 {
        let images = self.context.online_images as u64;
        ONLINE_WORK * images / 10_000 / (self.ask.threads as u64).min(self.ask.trials)
    }

    /// Microseconds from one finished trial of a test to the next.
    fn frozen_work(&self) -> u64 {
        FROZEN_WORK * FRESH_TASKS / (self.ask.threads as u64).min(self.ask.trials)
    }

    /// Runs what is left, and makes the report of it all, unless only a part is to be run.
    /// `watch` hears of every piece of work. Once `stop` is set it ends soon, and can be run
    /// again to go on.
    ///
    /// # Errors
    /// [`RunError::Stopped`] if it was stopped, or if the folder cannot be written.
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        watch: impl FnMut(Progress) + Send,
    ) -> Result<Option<Report>, RunError> {
        let watch = Mutex::new(watch);
        let tell = |experiment, work| {
            let mut watch = watch
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            watch(Progress { experiment, work });
        };
        let mut results = Results::new(self.context.clone());
        let mut settings = Vec::new();
        for planned in &mut self.experiments {
            let Planned {
                experiment,
                run,
                pace,
                ..
            } = planned;
            run.finish(stop, |_| tell(experiment.name, *pace))?;
            let metrics = Metrics::read(&run.path().join("metrics.csv"))?;
            settings.push(Setting::read(
                experiment.name,
                &run.path().join("config.toml"),
            )?);
            results.add(experiment.name, metrics);
        }
        if self.ask.shard.is_some() {
            return Ok(None);
        }
        for experiment in &self.online {
            let digits = self.digits.as_ref();
            let digits = digits.expect("open made sure that there are digits");
            let outer = &self.settings_of(experiment.rule).outer;
            let config = plan::online(&self.ask, experiment, digits.0.name(), &results, outer)?;
            let folder = self.folder(experiment.name);
            let mut run = OnlineRun::open(&config, digits.clone(), &folder, &self.threads)?;
            let work = self.online_work() * self.ask.trials / run.total();
            run.finish(stop, |_| tell(experiment.name, work))?;
            let records = read_online(&folder.join("online.csv"))?;
            settings.push(Setting::read(experiment.name, &folder.join("config.toml"))?);
            results.add_online(experiment.name, OnlineMetrics::of(records));
        }
        for experiment in &self.frozen {
            let learned = self.settings_of(experiment.learned_by);
            let settings = plan::tried(experiment, learned);
            let data = match experiment.data {
                Some(name) => &self.elsewhere[name],
                None => &*self.data,
            };
            let frozen = Frozen {
                settings: &settings,
                data,
                tasks: FRESH_TASKS,
                probes: Probes {
                    input: true,
                    feedback: experiment.feedback,
                },
            };
            let run = results.run(experiment.learned_by);
            let run = run.expect("a target with a test has its experiment");
            let mut theta = final_theta(run, &learned.outer);
            let terms = &settings.learner.rule.terms;
            for (r, term) in terms.iter().enumerate() {
                if !experiment.terms.has(&term.name) {
                    theta.iter_mut().for_each(|trial| trial[r] = 0.0);
                }
            }
            let work = self.frozen_work();
            let folder = self.folder(experiment.name);
            let metrics = self.threads.install(|| {
                frozen::run(&folder, &frozen, &theta, stop, || {
                    tell(experiment.name, work);
                })
            })?;
            results.add_frozen(experiment.name, metrics);
        }
        Ok(Some(
            self.threads
                .install(|| report(&self.ask, &results, settings)),
        ))
    }
}

/// Microseconds that 10,000 images of an online experiment take a core.
const ONLINE_WORK: u64 = 3_000_000;

/// Microseconds that a task of a test takes a core.
const FROZEN_WORK: u64 = 15_000;

fn report(ask: &Ask, results: &Results, settings: Vec<Setting>) -> Report {
    let figures = ask.targets.par_iter();
    let figures = figures.filter_map(|target| Some(target.draw?(target, results)));
    let tables = ask.targets.iter();
    let tables = tables.filter_map(|target| Some(target.table?(target, results)));
    Report {
        context: results.context.clone(),
        targets: ask.targets.clone(),
        verdicts: Study::of(&ask.targets)
            .flat_map(|study| study.claims)
            .map(|claim| Verdict::of(claim, results))
            .collect(),
        figures: figures.collect(),
        tables: tables.collect(),
        settings,
    }
}
