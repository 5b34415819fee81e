//! Re-running the paper: which runs are needed, and from runs to a report.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use datasets::Dataset;
use meta::{Estimate, Online, Settings, Threads};
use model::{Network, Rule};
use plots::Setting;
use rayon::prelude::*;
use runs::{Config, Metrics, Run, RunError, write_whole};
use toml::Value;

use crate::claims::CLAIMS;
use crate::experiments::{
    COMMON, Experiment, ONLINE_IMAGES, ONLINE_SIZES, OnlineExperiment, RuleSource, ehebb_rule_file,
};
use crate::online;
use crate::report::Report;
use crate::results::{Context, Results};
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
    /// The folder for runs, pictures and the report.
    pub out: PathBuf,
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
    digits: Option<(Arc<Dataset>, Arc<Dataset>)>,
    data: Arc<Dataset>,
    experiments: Vec<Planned>,
    online: Vec<&'static OnlineExperiment>,
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
    /// If a run's settings do not fit the data, or the folder holds runs with other
    /// settings or cannot be written.
    ///
    /// # Panics
    /// If a target has online experiments and there are no digits.
    pub fn open(
        ask: Ask,
        (name, data): (&str, Arc<Dataset>),
        digits: Option<(Arc<Dataset>, Arc<Dataset>)>,
    ) -> Result<Self, RunError> {
        let threads =
            Threads::new(ask.threads).map_err(|error| RunError::Input(error.to_string()))?;
        let mut experiments: Vec<Planned> = Vec::new();
        let mut online: Vec<&'static OnlineExperiment> = Vec::new();
        for target in &ask.targets {
            for experiment in target.experiments {
                if experiments.iter().all(|p| p.experiment.name != *experiment) {
                    let experiment = Experiment::named(experiment);
                    let config = configure(&ask, experiment, name)?;
                    let folder = ask.out.join("runs").join(experiment.name);
                    experiments.push(Planned {
                        experiment,
                        run: Run::open(&config, Arc::clone(&data), &folder, &threads)?,
                        settings: config.settings,
                        pace: 1,
                    });
                }
            }
            for experiment in target.online {
                if online.iter().all(|e| e.name != *experiment) {
                    online.push(OnlineExperiment::named(experiment));
                }
            }
        }
        assert!(
            online.is_empty() || digits.is_some(),
            "online experiments need digits"
        );
        let context = Context {
            data: data.name().to_owned(),
            synthetic: data.is_synthetic(),
            online_data: digits
                .as_ref()
                .map_or("", |(train, _)| train.name())
                .to_owned(),
            trials: ask.trials,
            episodes: ask.episodes,
            seed: ask.seed,
            quick: ask.quick,
        };
        Ok(Reproduction {
            ask,
            context,
            digits,
            data,
            experiments,
            online,
            threads,
        })
    }

    /// How the results are made.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What a user should know about how the runs were opened, a line each.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let runs = self.experiments.iter();
        runs.flat_map(|planned| planned.run.notes().iter().map(String::as_str))
    }

    /// How many runs there are, finished ones among them.
    pub fn runs(&self) -> usize {
        self.experiments.len() + self.online.len()
    }

    /// Whether no run is left, so that only the pictures are to be made again.
    pub fn is_finished(&self) -> bool {
        let mut runs = self.experiments.iter();
        runs.all(|planned| planned.run.is_finished()) && self.online_left() == 0
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
                let estimate = Estimate::of(&planned.settings, &self.data, &self.threads, left)
                    .map_err(|error| RunError::Input(error.to_string()))?;
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
        runs.sum::<u64>() + online
    }

    /// How many online experiments have no records yet.
    fn online_left(&self) -> u64 {
        let folders = self.online.iter().map(|e| self.folder(e.name));
        folders.filter(|f| !online::has_records(f)).count() as u64
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.ask.out.join("runs").join(name)
    }

    /// Microseconds from one finished trial of an online experiment to the next.
    fn online_work(&self) -> u64 {
        ONLINE_WORK / (self.ask.threads as u64).min(self.ask.trials)
    }

    /// Runs what is left, and makes the report of it all. `watch` hears of every piece
    /// of work. Once `stop` is set it ends soon, and can be run again to go on.
    ///
    /// # Errors
    /// [`RunError::Stopped`] if it was stopped, or if the folder cannot be written.
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        watch: impl FnMut(Progress) + Send,
    ) -> Result<Report, RunError> {
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
        for experiment in &self.online {
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Stopped(self.ask.out.clone()));
            }
            let digits = self.digits.as_ref();
            let (train, test) = digits.expect("open made sure that there are digits");
            let online = self.online(experiment, &results);
            let online_work = self.online_work();
            let folder = self.folder(experiment.name);
            let metrics = self.threads.install(|| {
                online::run(&folder, &online, (train, test), self.ask.trials, || {
                    tell(experiment.name, online_work);
                })
            })?;
            settings.push(Setting::read(experiment.name, &folder.join("config.toml"))?);
            results.add_online(experiment.name, metrics);
        }
        Ok(self
            .threads
            .install(|| report(&self.ask, &results, settings)))
    }

    /// An online experiment with the coefficients that its meta-training arrived at.
    fn online(&self, experiment: &OnlineExperiment, results: &Results) -> Online {
        let rule = Rule::built_in(experiment.learned_by).expect("its rule is built in");
        let theta = rule.terms.iter().map(|term| {
            let trials = results.theta(experiment.learned_by, &term.name);
            let mean = trials.and_then(|trials| trials.interval(trials.end()));
            // Without any episode left to learn from, the rule does nothing.
            mean.map_or(0.0, |theta| theta.mean)
        });
        let (images, every, tests) = ONLINE_IMAGES;
        Online {
            network: Network {
                sizes: ONLINE_SIZES.to_vec(),
                ..Network::default()
            },
            feedback: rule.feedback,
            theta: theta.collect(),
            rule,
            images,
            every,
            tests,
            seed: self.ask.seed,
        }
    }
}

/// The configuration of an experiment; writes its rule file, if it has one.
fn configure(ask: &Ask, experiment: &Experiment, data: &str) -> Result<Config, RunError> {
    let rule = match experiment.rule {
        RuleSource::BuiltIn(name) => name.to_owned(),
        RuleSource::EHebbOn(layers) => {
            let folder = ask.out.join("rules");
            std::fs::create_dir_all(&folder)
                .map_err(|error| RunError::Input(format!("{}: {error}", folder.display())))?;
            let path = folder.join(format!("{}.toml", experiment.name));
            write_whole(&path, ehebb_rule_file(experiment.name, layers).as_bytes())?;
            path.display().to_string()
        }
    };
    let number = |n: u64| Some(Value::Integer(i64::try_from(n).unwrap_or(i64::MAX)));
    let options = vec![
        ("rule", Some(Value::String(rule))),
        ("data", Some(Value::String(data.to_owned()))),
        ("trials", number(ask.trials)),
        (
            "episodes",
            number(ask.episodes.unwrap_or(experiment.episodes)),
        ),
        ("seed", number(ask.seed)),
        ("threads", number(ask.threads as u64)),
    ];
    let assignments = COMMON.iter().chain(experiment.settings);
    let assignments: Vec<String> = assignments.map(|text| (*text).to_owned()).collect();
    Config::new(None, options, &assignments)
}

/// Microseconds that a trial of an online experiment takes a core.
const ONLINE_WORK: u64 = 3_000_000;

fn report(ask: &Ask, results: &Results, settings: Vec<Setting>) -> Report {
    let figures = ask.targets.par_iter();
    let figures = figures.filter_map(|target| Some(target.draw?(target, results)));
    let tables = ask.targets.iter();
    let tables = tables.filter_map(|target| Some(target.table?(target, results)));
    Report {
        context: results.context.clone(),
        verdicts: CLAIMS
            .iter()
            .map(|claim| Verdict::of(claim, results))
            .collect(),
        figures: figures.collect(),
        tables: tables.collect(),
        settings,
    }
}
