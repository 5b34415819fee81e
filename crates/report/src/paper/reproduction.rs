//! Re-running the paper: which runs are needed, and from runs to a report.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::Dataset;
use meta::Online;
use model::{Network, Rule};
use rayon::prelude::*;
use runs::{Config, Metrics, Run, RunError, write_whole};
use toml::Value;

use super::experiments::{COMMON, Experiment, ONLINE_IMAGES, ONLINE_SIZES, OnlineExperiment};
use super::results::{Context, Results};
use super::{CLAIMS, Target, online, table1};
use crate::report::{Report, Setting};
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
pub struct Reproduction<'a> {
    ask: Ask,
    context: Context,
    digits: Option<(&'a Dataset, &'a Dataset)>,
    experiments: Vec<(&'static Experiment, Run<'a>)>,
    online: Vec<&'static OnlineExperiment>,
    pool: rayon::ThreadPool,
}

impl<'a> Reproduction<'a> {
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
        (name, data): (&str, &'a Dataset),
        digits: Option<(&'a Dataset, &'a Dataset)>,
    ) -> Result<Self, RunError> {
        let mut experiments: Vec<(&'static Experiment, Run<'a>)> = Vec::new();
        let mut online: Vec<&'static OnlineExperiment> = Vec::new();
        for target in &ask.targets {
            for experiment in target.experiments {
                if experiments.iter().all(|(e, _)| e.name != *experiment) {
                    let experiment = Experiment::named(experiment);
                    let config = configure(&ask, experiment, name)?;
                    let folder = ask.out.join("runs").join(experiment.name);
                    experiments.push((experiment, Run::open(&config, data, &folder)?));
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
            online_data: digits.map_or("", |(train, _)| train.name()).to_owned(),
            trials: ask.trials,
            episodes: ask.episodes,
            seed: ask.seed,
            quick: ask.quick,
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(ask.threads)
            .build()
            .map_err(|error| RunError::Input(format!("threads: {}: {error}", ask.threads)))?;
        Ok(Reproduction {
            ask,
            context,
            digits,
            experiments,
            online,
            pool,
        })
    }

    /// How the results are made.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What a user should know about how the runs were opened, a line each.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let runs = self.experiments.iter();
        runs.flat_map(|(_, run)| run.notes().iter().map(String::as_str))
    }

    /// How many runs there are, finished ones among them.
    pub fn runs(&self) -> usize {
        self.experiments.len() + self.online.len()
    }

    /// What is left to do, in microseconds on one core of some machine.
    pub fn work(&self) -> u64 {
        let runs = self.experiments.iter();
        let runs = runs.map(|(e, run)| (run.total() - run.done()) * episode_work(e));
        let online = self.online.len() as u64 * self.ask.trials * ONLINE_WORK;
        runs.sum::<u64>() + online
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
        for (experiment, run) in &mut self.experiments {
            let work = episode_work(experiment);
            run.finish(stop, |_| tell(experiment.name, work))?;
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
            let digits = self.digits.expect("open made sure that there are digits");
            let online = self.online(experiment, &results);
            let folder = self.ask.out.join("runs").join(experiment.name);
            let metrics = self.pool.install(|| {
                online::run(&folder, &online, digits, self.ask.trials, || {
                    tell(experiment.name, ONLINE_WORK);
                })
            })?;
            settings.push(Setting::read(experiment.name, &folder.join("config.toml"))?);
            results.add_online(experiment.name, metrics);
        }
        Ok(self.pool.install(|| report(&self.ask, &results, settings)))
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
    let layers = 3;
    let rule = match (
        experiment.rule.file(experiment.name, layers),
        experiment.rule,
    ) {
        (Some(text), _) => {
            let folder = ask.out.join("rules");
            std::fs::create_dir_all(&folder)
                .map_err(|error| RunError::Input(format!("{}: {error}", folder.display())))?;
            let path = folder.join(format!("{}.toml", experiment.name));
            write_whole(&path, text.as_bytes())?;
            path.display().to_string()
        }
        (None, super::RuleSource::BuiltIn(name)) => name.to_owned(),
        (None, source) => unreachable!("{source:?} has a file"),
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

/// Microseconds of one trial of an online experiment.
const ONLINE_WORK: u64 = 3_000_000;

/// Microseconds of an episode, as measured at the paper's size for 1, 2, 3 and 10 terms.
/// The network of Table 1 has two thirds of the weights.
fn episode_work(experiment: &Experiment) -> u64 {
    match experiment.rule.terms() {
        1 => 11_000,
        2 => 25_000,
        3 => 34_000,
        _ => 49_000,
    }
}

fn report(ask: &Ask, results: &Results, settings: Vec<Setting>) -> Report {
    let figures = ask.targets.par_iter();
    let figures = figures.filter_map(|target| Some(target.draw?(target, results)));
    let table1 = ask.targets.iter().find(|target| target.draw.is_none());
    Report {
        context: results.context.clone(),
        verdicts: CLAIMS
            .iter()
            .map(|claim| Verdict::of(claim, results))
            .collect(),
        figures: figures.collect(),
        tables: table1
            .map(|target| {
                (
                    table1::table(target.title, results),
                    table1::source(results),
                )
            })
            .into_iter()
            .collect(),
        settings,
    }
}
