//! `metaplast test`: how a rule does on tasks and data that it was not learned on.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::Dataset;
use meta::{Frozen, FrozenRecord, Probes, Settings, Threads};
use model::Parameter;
use paper::{FRESH_TASKS, FrozenMetrics, Measured, final_theta};
use rayon::prelude::*;
use runs::{Config, Metrics, RunError};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::{Progress, say};
use crate::signals;
use crate::theta::coefficients;

/// Try a rule, its coefficients frozen, on fresh tasks
///
/// Each task starts from new weights and feedback, is learned online, and scored on its
/// query images; tasks, weights and feedback are none that a training has seen. A run
/// directory brings its rule, its settings, and the coefficients that each of its trials
/// arrived at (their mean over the last sixth of its episodes). Means are over trials, with
/// a 98 % t interval; a task that diverged counts as a guess.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  metaplast test bio --data fashion-mnist\n  metaplast test runs/bio-glyphs-1 --data glyphs --trials 4"
)]
pub(crate) struct Args {
    /// A run directory, a rule's name, or a rule file; and settings as for `train`, such as
    /// M=9 Q=5
    #[arg(value_name = "RULE|RUN_DIR | key=value", required = true)]
    given: Vec<String>,
    /// The rule's coefficients, as in 0.01,-0.02,0.002 [default: the run's, or about what
    /// training finds]
    #[arg(
        long,
        value_name = "X,X,…",
        allow_hyphen_values = true,
        value_delimiter = ','
    )]
    theta: Option<Vec<f64>>,
    /// A data set's name or path; may be given again [default: the run's, or emnist-balanced
    /// where found, else glyphs]
    #[arg(long, value_name = "NAME|PATH")]
    data: Vec<String>,
    /// Independent trials [default: the run's, or 20]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trials: Option<String>,
    /// Fresh tasks of each trial
    #[arg(long, value_name = "N", default_value_t = FRESH_TASKS, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    fresh: u64,
    /// Worker threads; never changes a result [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What a test came to.
#[derive(Serialize)]
struct Tested {
    rule: String,
    /// The terms of the rule, in the order of `theta`.
    terms: Vec<String>,
    /// The coefficients of each trial.
    theta: Vec<Vec<f64>>,
    tasks_a_trial: u64,
    data: Vec<OnData>,
}

/// What it came to on one data set.
#[derive(Serialize)]
struct OnData {
    data: String,
    synthetic: bool,
    accuracy: Spread,
    cross_entropy: Option<Spread>,
    diverged_tasks: usize,
}

/// A mean over trials; the interval is missing if there is but one.
#[derive(Serialize)]
struct Spread {
    mean: f64,
    lower: Option<f64>,
    upper: Option<f64>,
    trials: usize,
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

/// A rule that is ready to be tried.
struct Plan {
    config: Config,
    /// The coefficients of each trial.
    theta: Vec<Vec<f64>>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let plan = plan(&args)?;
    let threads = Threads::new(plan.config.threads)?;
    let sets = open(&args, &plan.config)?;
    let settings = &plan.config.settings;
    for data in &sets {
        settings.check(data)?;
    }
    let stop = signals::stop_on_request()?;
    let learner = &settings.learner;
    let rule = &learner.rule;
    say(format_args!(
        "{} with frozen coefficients: {} trials of {} fresh tasks each on {}",
        rule.name,
        plan.theta.len(),
        args.fresh,
        sets.iter()
            .map(Dataset::name)
            .collect::<Vec<_>>()
            .join(", ")
    ));
    let trials = (plan.theta.len() * sets.len()) as u64;
    let progress = std::sync::Mutex::new(Progress::new("trials", trials));
    let mut tested = Vec::new();
    for data in &sets {
        let watch = || {
            let mut progress = progress.lock().unwrap_or_else(|p| p.into_inner());
            progress.advance(1);
        };
        let work = || on_data(settings, data, (&plan.theta, args.fresh), &stop, watch);
        tested.push(threads.install(work)?);
    }
    progress
        .into_inner()
        .unwrap_or_else(|p| p.into_inner())
        .finish();
    let tested = Tested {
        rule: rule.name.clone(),
        terms: learner.parameters().iter().map(Parameter::shown).collect(),
        theta: plan.theta,
        tasks_a_trial: args.fresh,
        data: tested,
    };
    if args.json {
        return print_json(&tested);
    }
    Ok(io::stdout().write_all(describe(&tested).as_bytes())?)
}

/// The rule and its coefficients: a run's, or as given.
fn plan(args: &Args) -> Result<Plan, Failure> {
    let is_setting = |text: &&String| text.contains('=') && !Path::new(text.as_str()).exists();
    let (assignments, what): (Vec<&String>, Vec<&String>) = args.given.iter().partition(is_setting);
    let [what] = what.as_slice() else {
        return Err(Failure::Input(format!(
            "one rule or run directory is to be tested, got {}",
            what.len()
        )));
    };
    let assignments: Vec<String> = assignments.into_iter().cloned().collect();
    let folder = PathBuf::from(what);
    let mut options = vec![
        ("trials", args.trials.clone()),
        ("threads", args.threads.clone()),
    ];
    if !folder.is_dir() {
        options.push(("rule", Some((*what).clone())));
        let config = Config::new(None, options, &assignments)?;
        let theta = coefficients(args.theta.clone(), &config.settings.learner)?;
        let trials = config.settings.outer.trials as usize;
        return Ok(Plan {
            theta: vec![theta; trials],
            config,
        });
    }
    let file = folder.join("config.toml");
    if !file.is_file() {
        return Err(Failure::Input(format!(
            "{}: is no run directory: it has no config.toml",
            folder.display()
        )));
    }
    let config = Config::new(Some(&file), options, &assignments)?;
    let asked = config.settings.outer.trials as usize;
    if let Some(theta) = &args.theta {
        let theta = coefficients(Some(theta.clone()), &config.settings.learner)?;
        return Ok(Plan {
            theta: vec![theta; asked],
            config,
        });
    }
    let mut theta = final_theta(&Metrics::read(&folder.join("metrics.csv"))?);
    if theta.len() < asked {
        return Err(Failure::Input(format!(
            "--trials: {asked} are asked for, but the run in {} has {}",
            folder.display(),
            theta.len()
        )));
    }
    theta.truncate(asked);
    Ok(Plan { config, theta })
}

/// The data sets that are asked for, or the run's own.
fn open(args: &Args, config: &Config) -> Result<Vec<Dataset>, Failure> {
    let named = args.data.iter().map(String::as_str);
    let mut names: Vec<&str> = named.collect();
    if let (true, Some(own)) = (names.is_empty(), &config.data) {
        names.push(own);
    }
    if names.is_empty() {
        return Ok(vec![datasets::open_default(config.split)?]);
    }
    let open = |name: &&str| Ok(datasets::open(name, config.split)?);
    names.iter().map(open).collect()
}

/// Runs all trials on a data set, side by side.
fn on_data(
    settings: &Settings,
    data: &Dataset,
    (theta, tasks): (&[Vec<f64>], u64),
    stop: &AtomicBool,
    watch: impl Fn() + Sync,
) -> Result<OnData, Failure> {
    let frozen = Frozen {
        settings,
        data,
        tasks,
        probes: Probes::default(),
    };
    let trials: Result<Vec<Vec<FrozenRecord>>, Failure> = theta
        .par_iter()
        .enumerate()
        .map(|(trial, theta)| {
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Stopped(PathBuf::new()).into());
            }
            let records = frozen.run(trial as u64, theta)?;
            watch();
            Ok(records)
        })
        .collect();
    let records = trials.map_err(|failure| match failure {
        Failure::Stopped(_) => Failure::Stopped("stopped; nothing is kept of a test".to_owned()),
        other => other,
    })?;
    let network = &settings.learner.network;
    let chance = 1.0 / network.sizes[network.layers()] as f64;
    let metrics = FrozenMetrics::of(records.into_iter().flatten().collect(), chance);
    Ok(OnData {
        data: data.name().to_owned(),
        synthetic: data.is_synthetic(),
        accuracy: Spread::of(&metrics.accuracy()).expect("diverged tasks count as a guess"),
        cross_entropy: Spread::of(&metrics.means(|record| record.cross_entropy)),
        diverged_tasks: metrics.lost(),
    })
}

/// The result for people.
fn describe(tested: &Tested) -> String {
    let mut text = String::new();
    for OnData {
        data,
        synthetic,
        accuracy,
        diverged_tasks,
        ..
    } in &tested.data
    {
        let note = if *synthetic { " (synthetic)" } else { "" };
        let interval = match (accuracy.lower, accuracy.upper) {
            (Some(low), Some(high)) => format!(" [{low:.4}, {high:.4}]"),
            _ => String::new(),
        };
        let of = if accuracy.trials == 1 {
            "trial"
        } else {
            "trials"
        };
        let _ = write!(
            text,
            "{data}{note}: accuracy {:.4}{interval} over {} {of}",
            accuracy.mean, accuracy.trials
        );
        if *diverged_tasks > 0 {
            let _ = write!(text, ", {diverged_tasks} diverged tasks counted as guesses");
        }
        text.push('\n');
    }
    text
}
