//! `metaplast test`: how a rule does on tasks and data that it was not learned on.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;

use datasets::Dataset;
use meta::Threads;
use paper::{FRESH_TASKS, OnData, RuleTest, Tested};
use runs::RunError;

use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::{Progress, say};
use crate::signals;

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

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let test = test(&args)?;
    let threads = Threads::new(test.config.threads)?;
    let sets = test.open(&args.data)?;
    for data in &sets {
        test.config.settings.check(data)?;
    }
    let stop = signals::stop_on_request()?;
    say(format_args!(
        "{} with frozen coefficients: {} of {} each on {}",
        test.config.settings.learner.rule.name,
        words::count(test.theta.len() as u64, "trial"),
        words::count(test.tasks, "fresh task"),
        sets.iter()
            .map(Dataset::name)
            .collect::<Vec<_>>()
            .join(", ")
    ));
    let trials = (test.theta.len() * sets.len()) as u64;
    let progress = Mutex::new(Progress::new("trials", trials));
    let tested = test.run(&sets, &threads, &stop, || {
        let mut progress = progress.lock().unwrap_or_else(|p| p.into_inner());
        progress.advance(1);
    });
    let tested = tested.map_err(|error| match error {
        RunError::Stopped(_) => Failure::Stopped("stopped; nothing is kept of a test".to_owned()),
        other => other.into(),
    })?;
    progress
        .into_inner()
        .unwrap_or_else(|p| p.into_inner())
        .finish();
    if args.json {
        return print_json(&tested);
    }
    Ok(io::stdout().write_all(describe(&tested).as_bytes())?)
}

/// The rule and its coefficients: a run's, or as given.
fn test(args: &Args) -> Result<RuleTest, Failure> {
    let is_setting = |text: &&String| text.contains('=') && !Path::new(text.as_str()).exists();
    let (assignments, what): (Vec<&String>, Vec<&String>) = args.given.iter().partition(is_setting);
    let [what] = what.as_slice() else {
        return Err(Failure::Input(format!(
            "one rule or run directory is to be tested, got {}",
            what.len()
        )));
    };
    let assignments: Vec<String> = assignments.into_iter().cloned().collect();
    let options = vec![
        ("trials", args.trials.clone()),
        ("threads", args.threads.clone()),
    ];
    let theta = args.theta.clone();
    Ok(RuleTest::of(
        what,
        theta,
        args.fresh,
        options,
        &assignments,
    )?)
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
