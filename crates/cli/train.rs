//! `metaplast train`: meta-train a rule.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use datasets::Dataset;
use meta::{Estimate, OptimiserKind, Settings, Spread, Summary, Threads};
use runs::{Config, Run, RunError, help, help_of_keys, next_free_directory};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::{Progress, say, say_standing};
use crate::signals;

const EXAMPLES: &str = "
Examples:
  metaplast train --rule fa --trials 4
  metaplast train --rule pool optimiser=guarded lambda=2.1
  metaplast train sizes=784-130-70-47 -o runs/small
  metaplast train runs/small/config.toml -o runs/same";

/// Meta-train a plasticity rule
///
/// Runs trials of episodes of online learning, each episode followed by one step on the
/// rule's coefficients. Writes a run directory (config.toml, metrics.csv, summary.json, their
/// checksums, and report.html) and prints a summary. Ctrl-C stops it so that it can go on later.
#[derive(clap::Args)]
#[command(after_help = help_of_keys() + EXAMPLES)]
pub(crate) struct Args {
    /// A configuration file ending in .toml, and settings (see below)
    #[arg(value_name = "CONFIG.toml | key=value")]
    settings: Vec<String>,
    // Values are taken as text, so that they are read as those of `key=value` are.
    #[arg(long, value_name = "RULE", help = help("rule"))]
    rule: Option<String>,
    #[arg(long, value_name = "NAME|PATH", help = help("data"))]
    data: Option<String>,
    #[arg(long, value_name = "N", allow_negative_numbers = true, help = help("episodes"))]
    episodes: Option<String>,
    #[arg(long, value_name = "N", allow_negative_numbers = true, help = help("trials"))]
    trials: Option<String>,
    #[arg(long, value_name = "S", allow_negative_numbers = true, help = help("seed"))]
    seed: Option<String>,
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true, help = help("threads"))]
    threads: Option<String>,
    #[arg(long, value_name = "X", allow_negative_numbers = true, help = help("lambda"))]
    lambda: Option<String>,
    #[arg(long, value_name = "I/N|slurm", help = help("shard"))]
    shard: Option<String>,
    #[arg(short, long, value_name = "DIR", help = help("out"))]
    out: Option<String>,
    /// Print the summary as JSON, with the run directory
    #[arg(long)]
    json: bool,
}

impl Args {
    fn config(self) -> Result<Config, Failure> {
        let (files, assignments): (Vec<_>, Vec<_>) = self
            .settings
            .into_iter()
            .partition(|s| s.ends_with(".toml") && !s.contains('='));
        if files.len() > 1 {
            return Err(Failure::Input(format!(
                "one configuration file is enough, got {}",
                files.join(" and ")
            )));
        }
        let options = vec![
            ("rule", self.rule),
            ("data", self.data),
            ("episodes", self.episodes),
            ("trials", self.trials),
            ("seed", self.seed),
            ("threads", self.threads),
            ("lambda", self.lambda),
            ("shard", self.shard),
            ("out", self.out),
        ];
        let file = files.first().map(|f| f.as_ref());
        Ok(Config::new(file, options, &assignments)?)
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let json = args.json;
    let config = args.config()?;
    let data = Arc::new(config.open_data()?);
    config.check(&data)?;
    let path = match &config.out {
        Some(path) => path.clone(),
        None => next_free_directory(&config.settings.learner.rule.name, data.name())?,
    };
    if data.split() != config.split {
        say(format_args!(
            "note: {} is of the {} split, and so are the tasks",
            data.reference(),
            data.split()
        ));
    }
    let threads = Threads::new(config.threads)?;
    let run = Run::open(&config, Arc::clone(&data), &path, &threads)?;
    if run.is_finished() {
        return Err(RunError::Finished(path).into());
    }
    carry_out(run, &config, &data, &threads, json)
}

/// Runs what is left of a run, and tells what came out.
pub(crate) fn carry_out(
    mut run: Run,
    config: &Config,
    data: &Dataset,
    threads: &Threads,
    json: bool,
) -> Result<(), Failure> {
    let settings = &config.settings;
    let stop = signals::stop_on_request()?;
    let note = if data.is_synthetic() {
        " (synthetic: drawn characters, not handwriting)"
    } else {
        ""
    };
    say(format_args!(
        "{} on {}{note}, {} split: {} of {}, seed {}, {}",
        settings.learner.rule.name,
        data.name(),
        data.split(),
        match config.shard.is_whole() {
            true => words::count(settings.outer.trials, "trial"),
            false => format!(
                "{} of {} (part {})",
                config.trials().len(),
                words::count(settings.outer.trials, "trial"),
                config.shard
            ),
        },
        words::count(settings.outer.episodes, "episode"),
        settings.seed,
        words::count(config.threads as u64, "thread")
    ));
    let (done, total) = (run.done(), run.total());
    let so_far = (done, total);
    say_standing(
        run.path(),
        run.notes(),
        run.is_finished(),
        so_far,
        "episode",
    );
    if !run.is_finished() {
        let estimate = Estimate::of(&config.settings_of_part(), data, threads, total - done)?;
        say(format_args!("this is going to take {estimate}"));
    }
    let mut progress = Progress::new("episodes", total);
    progress.start_at(done);
    let mut diverged = BTreeSet::new();
    let summary = run.finish(&stop, |record| {
        // The first of each trial; metrics.csv has all.
        if let Some(place) = &record.divergence
            && diverged.insert(record.trial)
        {
            let (trial, episode) = (record.trial, record.episode);
            progress.say(format_args!(
                "trial {trial}: episode {episode} diverged at {place}"
            ));
        }
        progress.advance(1);
    })?;
    // Of a run that was finished before, perhaps where nothing can be written, it is there.
    if done < total || !run.path().join("report.html").is_file() {
        plots::write_run_report(run.path())?;
    }
    let took = progress.finish();
    if json {
        return print_json(&Document {
            directory: run.path().to_owned(),
            summary: &summary,
        });
    }
    let mut text = describe(settings, &summary);
    if done < total {
        let rate = took.as_secs_f64() * 1e3 / (total - done) as f64;
        let _ = writeln!(
            text,
            "{} in {:.1} s, {rate:.2} ms each",
            words::count(total - done, "episode"),
            took.as_secs_f64()
        );
    }
    let _ = writeln!(text, "run directory: {}", run.path().display());
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    directory: PathBuf,
    #[serde(flatten)]
    summary: &'a Summary,
}

/// The summary for people.
fn describe(settings: &Settings, summary: &Summary) -> String {
    let mut text = String::new();
    let whole = summary.trials * summary.last_episodes;
    let show = |spread: &Option<Spread>| match spread {
        None => format!("{:>10}", "none"),
        Some(spread) => {
            let mut text = format!("{:>10}", words::number(spread.mean));
            if let Some(sd) = spread.sd {
                let _ = write!(text, " ± {}", words::number(sd));
            }
            if spread.episodes < whole {
                let of = words::count(summary.trials, "trial");
                let _ = write!(
                    text,
                    "   from {} of {of}, {} of {}",
                    spread.trials,
                    spread.episodes,
                    words::count(whole, "episode")
                );
            }
            text
        }
    };
    let mut line = |name: &str, spread: &Option<Spread>| {
        let _ = writeln!(text, "  {name:<22}{}", show(spread));
    };
    line("accuracy", &summary.accuracy);
    line("meta-loss", &summary.loss);
    line("cross-entropy", &summary.cross_entropy);
    for (name, theta) in &summary.theta {
        line(&format!("theta {name}"), theta);
    }
    if !settings.learner.feedback.is_symmetric() {
        for (l, angle) in summary
            .angles
            .iter()
            .enumerate()
            .take(summary.angles.len() - 1)
        {
            line(&format!("angle {l} (degrees)"), angle);
        }
    }
    for (l, e) in summary.orthonormality.iter().enumerate() {
        line(&format!("orthonormality {}", l + 1), e);
    }
    let trials = words::count(summary.trials, "trial");
    let last = words::count(summary.last_episodes, "episode");
    let head = match summary.trials {
        1 => format!("Mean over the last {last} of {trials}\n"),
        _ => format!("Mean over the last {last} ± standard deviation over {trials}\n"),
    };
    let mut tail = String::new();
    if summary.diverged_episodes > 0 {
        let _ = writeln!(
            tail,
            "{} of {} diverged; they are left out of the means",
            words::count(summary.diverged_episodes, "episode"),
            words::count(summary.diverged_trials, "trial")
        );
        if settings.outer.optimiser == OptimiserKind::Adam {
            let _ = writeln!(
                tail,
                "optimiser=guarded is made for rules that diverge with plain Adam"
            );
        }
    }
    if summary.replayed_episodes > 0 {
        let _ = writeln!(
            tail,
            "differentiated by replay, since undoing lost digits: {}",
            words::count(summary.replayed_episodes, "episode")
        );
    }
    head + &text + &tail
}
