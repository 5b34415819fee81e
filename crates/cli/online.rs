//! `metaplast online`: learn one long stream of images with frozen coefficients.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use meta::{OnlineSummary, Spread, Threads};
use paper::Learned;
use runs::{OnlineConfig, OnlineRun, RunError, next_free_directory, open_halves};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::{Progress, say, say_standing};
use crate::signals;

const EXAMPLES: &str = "\
Examples:
  metaplast online bio --data mnist
  metaplast online runs/bio-glyphs-1 --data glyphs --images 5000 -o runs/digits
  metaplast online fa --theta 0.0029 sizes=784-100-10 --trials 4";

/// Learn one long stream of images with frozen coefficients
///
/// As in Fig. 1 of the paper: a network sees each image of the training half once, and is
/// tested on images of the other half now and then. Writes a run directory with config.toml,
/// online.csv (a row for each test), summary.json and their checksums. `resume` and `verify`
/// know it, and Ctrl-C stops it so that it can go on later.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A rule's name, a rule file, or the run directory of a training, which brings rule and
    /// coefficients (their mean over trials); and settings as for `train`, such as
    /// sizes=784-100-10
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
    /// A data set's name or folder, with both halves
    #[arg(long, value_name = "NAME|PATH", default_value = "mnist")]
    data: String,
    /// Images to learn from, at most
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = count)]
    images: usize,
    /// Images from one test to the next
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = count)]
    every: usize,
    /// Images of a test, at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = count)]
    tests: usize,
    /// Only the first N classes [default: all that the network has outputs for]
    #[arg(long, value_name = "N", value_parser = count)]
    classes: Option<usize>,
    /// Independent trials
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        default_value = "20"
    )]
    trials: String,
    /// What every random number follows from
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        default_value = "0"
    )]
    seed: String,
    /// Worker threads; never changes a result [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
    /// The run directory [default: the next free runs/online-RULE-DATA-N]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the summary as JSON, with the run directory
    #[arg(long)]
    json: bool,
}

/// A count of images or classes.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1_000_000_000) => Ok(n),
        _ => Err("is not a whole number from 1 to 1000000000".to_owned()),
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let learned = plan(&args)?;
    let data = open_halves(&args.data)?;
    let config = learned.online(args.classes, (args.images, args.every, args.tests))?;
    config.online.check(&data.0, &data.1)?;
    let path = match args.out {
        Some(path) => path,
        None => {
            let rule = &config.online.learner.rule.name;
            next_free_directory(&format!("online-{rule}"), data.0.name())?
        }
    };
    let threads = Threads::new(config.threads())?;
    let run = OnlineRun::open(&config, data, &path, &threads)?;
    if run.is_finished() {
        return Err(RunError::Finished(path).into());
    }
    carry_out(run, &config, args.json)
}

/// What learns, and its coefficients.
fn plan(args: &Args) -> Result<Learned, Failure> {
    let is_setting = |text: &&String| text.contains('=') && !Path::new(text.as_str()).exists();
    let (assignments, what): (Vec<&String>, Vec<&String>) = args.given.iter().partition(is_setting);
    let [what] = what.as_slice() else {
        return Err(Failure::Input(format!(
            "one rule or run directory is to learn, got {}",
            what.len()
        )));
    };
    let assignments: Vec<String> = assignments.into_iter().cloned().collect();
    let options = vec![
        ("data", Some(args.data.clone())),
        ("trials", Some(args.trials.clone())),
        ("seed", Some(args.seed.clone())),
        ("threads", args.threads.clone()),
    ];
    Ok(Learned::of(
        what,
        args.theta.clone(),
        options,
        &assignments,
    )?)
}

/// Runs what is left of a run, and tells what came out.
pub(crate) fn carry_out(
    mut run: OnlineRun,
    config: &OnlineConfig,
    json: bool,
) -> Result<(), Failure> {
    let stop = signals::stop_on_request()?;
    say(format_args!(
        "{} with frozen coefficients, online: {} of {}, seed {}, {}",
        config.online.learner.rule.name,
        words::count(config.trials(), "trial"),
        words::count(run.total() / config.trials(), "test"),
        config.online.seed,
        words::count(config.threads() as u64, "thread")
    ));
    let (done, total) = (run.done(), run.total());
    let so_far = (done, total);
    say_standing(run.path(), run.notes(), run.is_finished(), so_far, "test");
    let mut progress = Progress::new("tests", total);
    progress.start_at(done);
    let summary = run.finish(&stop, |_| progress.advance(1))?;
    progress.finish();
    if json {
        return print_json(&Document {
            directory: run.path(),
            summary: &summary,
        });
    }
    let text = describe(&summary, run.path());
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    directory: &'a Path,
    #[serde(flatten)]
    summary: &'a OnlineSummary,
}

/// The summary for people.
fn describe(summary: &OnlineSummary, path: &Path) -> String {
    let trials = words::count(summary.trials, "trial");
    let mut text = format!(
        "Mean over {trials} after {}\n",
        words::count(summary.images, "image")
    );
    let mut line = |name: &str, spread: &Option<Spread>| {
        let shown = match spread {
            None => "none".to_owned(),
            Some(Spread { mean, sd, .. }) => {
                let sd = sd.map(|sd| format!(" ± {}", words::number(sd)));
                words::number(*mean) + &sd.unwrap_or_default()
            }
        };
        let _ = writeln!(text, "  {name:<22}{shown:>10}");
    };
    line("accuracy", &summary.accuracy);
    line("cross-entropy", &summary.cross_entropy);
    if summary.diverged_trials > 0 {
        let _ = writeln!(
            text,
            "{} of {trials} diverged, and left out of the means",
            summary.diverged_trials
        );
    }
    let _ = writeln!(text, "run directory: {}", path.display());
    text
}
