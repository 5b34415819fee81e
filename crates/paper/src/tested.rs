//! A rule, or what a run has learned, with frozen coefficients on data of one's choice.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use datasets::Dataset;
use meta::{Frozen, Learner, Probes, Threads};
use model::Parameter;
use runs::{Config, Metrics, RunError};
use serde::Serialize;

use crate::frozen::{final_theta, try_frozen};
use crate::measured::Measured;

/// A rule that is ready to be tested.
#[derive(Clone, Debug)]
pub struct RuleTest {
    /// The rule, the network, and how tasks are drawn.
    pub config: Config,
    /// The coefficients of each trial.
    pub theta: Vec<Vec<f64>>,
    /// Fresh tasks of each trial.
    pub tasks: u64,
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tested {
    /// The rule's name.
    pub rule: String,
    /// The terms of the rule, in the order of `theta`.
    pub terms: Vec<String>,
    /// The coefficients of each trial.
    pub theta: Vec<Vec<f64>>,
    /// Fresh tasks of each trial.
    pub tasks_a_trial: u64,
    /// What came out, by data set.
    pub data: Vec<OnData>,
}

/// What a test came to on one data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnData {
    /// The data set's name.
    pub data: String,
    /// Whether it was drawn by a program.
    pub synthetic: bool,
    /// The share of query images classified right; a diverged task counts as a guess.
    pub accuracy: Spread,
    /// The mean cross-entropy on the query images of tasks that did not diverge.
    pub cross_entropy: Option<Spread>,
    /// How many tasks diverged.
    pub diverged_tasks: usize,
}

/// A mean over trials with a 98 % interval; that is missing if there is but one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// Where the interval starts.
    pub lower: Option<f64>,
    /// Where it ends.
    pub upper: Option<f64>,
    /// Over how many trials.
    pub trials: usize,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Spread> {
        let Measured { value, trials } = Measured::mean(values)?;
        let end = |end: f64| end.is_finite().then_some(end);
        Some(Spread {
            mean: value.mean,
            lower: end(value.lower),
            upper: end(value.upper),
            trials,
        })
    }
}

impl RuleTest {
    /// A test of what `config` configures, each trial with the coefficients `theta`, or if
    /// there are none, with about what training finds.
    ///
    /// # Errors
    /// If `theta` does not fit the rule.
    pub fn of_rule(config: Config, theta: Option<Vec<f64>>, tasks: u64) -> Result<Self, RunError> {
        let theta = coefficients(theta, &config.settings.learner)?;
        let trials = config.settings.outer.trials as usize;
        Ok(RuleTest {
            theta: vec![theta; trials],
            config,
            tasks,
        })
    }

    /// A test of the rule that the run in `dir` has learned, each trial with the
    /// coefficients it arrived at, or all with `theta`. `options` and `assignments` are as
    /// for [`Config::new`].
    ///
    /// # Errors
    /// If `dir` is no run directory, has fewer trials than are asked for, or `theta` does
    /// not fit its rule.
    pub fn of_run(
        dir: &Path,
        theta: Option<Vec<f64>>,
        tasks: u64,
        options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Self, RunError> {
        let config = Config::of_run(dir, options, assignments)?;
        if theta.is_some() {
            return RuleTest::of_rule(config, theta, tasks);
        }
        let asked = config.settings.outer.trials as usize;
        let mut theta = final_theta(
            &Metrics::read(&dir.join("metrics.csv"))?,
            &config.settings.outer,
        );
        if theta.len() < asked {
            return Err(RunError::Input(format!(
                "--trials: {asked} are asked for, but the run in {} has {}",
                dir.display(),
                theta.len()
            )));
        }
        theta.truncate(asked);
        Ok(RuleTest {
            config,
            theta,
            tasks,
        })
    }

    /// A test of whatever `what` names: a run directory, a rule or its file.
    ///
    /// # Errors
    /// As [`RuleTest::of_run`], and those of [`Config::new`].
    pub fn of(
        what: &str,
        theta: Option<Vec<f64>>,
        tasks: u64,
        mut options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Self, RunError> {
        let dir = Path::new(what);
        if dir.is_dir() {
            return RuleTest::of_run(dir, theta, tasks, options, assignments);
        }
        options.push(("rule", Some(what.to_owned())));
        RuleTest::of_rule(Config::new(None, options, assignments)?, theta, tasks)
    }

    /// Opens the data sets of these names, or if there are none, the one that the
    /// configuration names.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn open(&self, names: &[String]) -> Result<Vec<Dataset>, RunError> {
        if names.is_empty() {
            return Ok(vec![self.config.open_data()?]);
        }
        let open = |name: &String| Ok(datasets::open(name, self.config.split)?);
        names.iter().map(open).collect()
    }

    /// Learns the fresh tasks on each data set, all trials side by side. `watch` is called
    /// as each trial on each data set ends.
    ///
    /// # Errors
    /// [`RunError::Stopped`] once `stop` is set, and if the settings do not fit the data.
    pub fn run(
        &self,
        sets: &[Dataset],
        threads: &Threads,
        stop: &AtomicBool,
        watch: impl Fn() + Sync,
    ) -> Result<Tested, RunError> {
        for data in sets {
            self.config.check(data)?;
        }
        let on_data = |data| threads.install(|| self.on_data(data, stop, &watch));
        let data: Result<Vec<OnData>, RunError> = sets.iter().map(on_data).collect();
        let learner = &self.config.settings.learner;
        Ok(Tested {
            rule: learner.rule.name.clone(),
            terms: learner.parameters().iter().map(Parameter::shown).collect(),
            theta: self.theta.clone(),
            tasks_a_trial: self.tasks,
            data: data?,
        })
    }

    fn on_data(
        &self,
        data: &Dataset,
        stop: &AtomicBool,
        watch: &(impl Fn() + Sync),
    ) -> Result<OnData, RunError> {
        let frozen = Frozen {
            settings: &self.config.settings,
            data,
            tasks: self.tasks,
            probes: Probes::default(),
        };
        let metrics = try_frozen(&frozen, &self.theta, stop, watch)?;
        let metrics = metrics.ok_or_else(|| RunError::Stopped(PathBuf::new()))?;
        Ok(OnData {
            data: data.name().to_owned(),
            synthetic: data.is_synthetic(),
            accuracy: Spread::of(&metrics.accuracy()).expect("diverged tasks count as a guess"),
            cross_entropy: Spread::of(&metrics.means(|record| record.cross_entropy)),
            diverged_tasks: metrics.lost(),
        })
    }
}

/// One finite number for each coefficient: those that were given, or about what training
/// finds.
///
/// # Errors
/// If they are too many or too few, or one is not finite.
pub fn coefficients(given: Option<Vec<f64>>, learner: &Learner) -> Result<Vec<f64>, RunError> {
    let rule = &learner.rule;
    let theta = given.unwrap_or_else(|| rule.example(learner.feedback));
    let parameters = learner.parameters();
    if theta.len() != parameters.len() {
        let names: Vec<String> = parameters.iter().map(Parameter::shown).collect();
        return Err(RunError::Input(format!(
            "--theta: {}, but rule '{}' has the terms {}; give one for each",
            words::count(theta.len() as u64, "number"),
            rule.name,
            names.join(", ")
        )));
    }
    match theta.iter().find(|x| !x.is_finite()) {
        Some(wrong) => Err(RunError::Input(format!(
            "--theta: {wrong} is not a finite number"
        ))),
        None => Ok(theta),
    }
}
