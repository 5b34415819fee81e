//! `metaplast bench`: how long an episode takes at the paper's size.

mod breakdown;

use std::io::{self, Write};
use std::time::Instant;

use autodiff::Tape;
use autodiff::simd::{self, Level};
use clap::builder::PossibleValuesParser;
use datasets::Split;
use meta::{Episode, GradientMode, Setting, Settings, Threads, draw_setting};
use model::Rule;
use rayon::prelude::*;
use serde::Serialize;
use strum::VariantNames;

use crate::failure::Failure;
use crate::output::print_json;
use breakdown::Breakdown;

const EXAMPLES: &str = "\
Examples:
  metaplast bench --rule bio --json
  metaplast bench --rule pool --breakdown
  metaplast bench --rule bp -j 2";

/// Time episodes with their meta-gradients at the paper's size
///
/// On built-in glyphs, without what train measures besides (angles and orthonormality).
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// bp, bp-exact, fa, dfa, ehebb, oja, bio, pool, or a rule file
    #[arg(long, value_name = "RULE", default_value = "bio")]
    rule: String,
    /// Timed episodes of each thread
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        allow_negative_numbers = true,
        value_parser = |text: &str| count(text, u32::MAX)
    )]
    episodes: u32,
    /// Trials side by side
    #[arg(
        short = 'j',
        long,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true,
        value_parser = |text: &str| count(text, 1024)
    )]
    threads: u32,
    /// Units of each layer [default: the paper's, 784-170-130-100-70-47]
    #[arg(long, value_name = "N-N-…")]
    sizes: Option<String>,
    /// How the meta-gradient is taken
    #[arg(
        long,
        value_name = "MODE",
        default_value = "auto",
        value_parser = PossibleValuesParser::new(GradientMode::VARIANTS)
    )]
    gradient: String,
    /// The vector instructions to use [default: the best there are]
    #[arg(
        long,
        value_name = "LEVEL",
        value_parser = PossibleValuesParser::new(Level::ALL.iter().map(|level| level.name()))
    )]
    level: Option<String>,
    /// Tell the cost of each operation too, from further episodes
    #[arg(long)]
    breakdown: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A whole number from 1 to `most`.
fn count(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|n| (1..=most).contains(n));
    number.ok_or_else(|| format!("is not a whole number from 1 to {most}"))
}

#[derive(Serialize)]
struct Report {
    rule: String,
    precision: &'static str,
    level: &'static str,
    threads: u32,
    episodes: u32,
    ms_per_episode: Times,
    peak_rss_mb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<Breakdown>,
}

#[derive(Serialize)]
struct Times {
    min: f64,
    median: f64,
    max: f64,
}

/// What a thread needs to run an episode.
struct Worker {
    tape: Tape<f32>,
    episode: Episode,
    setting: Setting<f32>,
}

impl Worker {
    fn run(&mut self) {
        let recorded = self.episode.record(&mut self.tape, &self.setting);
        self.episode.differentiate(&mut self.tape, &recorded);
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    use_level(args.level.as_deref())?;
    let mut workers = workers(&args)?;
    let threads = Threads::new(args.threads as usize)?;
    // All threads start each episode together; its time is that until the last is done.
    let mut round = || {
        let start = Instant::now();
        threads.install(|| workers.par_iter_mut().for_each(Worker::run));
        start.elapsed().as_secs_f64() * 1e3 / f64::from(args.threads)
    };
    round();
    let mut times: Vec<f64> = (0..args.episodes).map(|_| round()).collect();
    times.sort_by(f64::total_cmp);
    let report = Report {
        rule: args.rule,
        precision: "f32",
        level: simd::level().name(),
        threads: args.threads,
        episodes: args.episodes,
        ms_per_episode: Times {
            min: times[0],
            median: times[times.len() / 2],
            max: times[times.len() - 1],
        },
        peak_rss_mb: peak_rss_mb(),
        breakdown: args
            .breakdown
            .then(|| break_down(&mut workers[0], args.episodes)),
    };
    let mut out = io::stdout();
    if args.json {
        return print_json(&report);
    }
    let Times { min, median, max } = report.ms_per_episode;
    let rule = &report.rule;
    writeln!(
        out,
        "{rule}: {median:.2} ms an episode (from {min:.2} to {max:.2})"
    )?;
    match report.breakdown {
        Some(breakdown) => Ok(write!(out, "\n{breakdown}")?),
        None => Ok(()),
    }
}

/// Restricts the whole process to a level of vector instructions.
fn use_level(name: Option<&str>) -> Result<(), Failure> {
    let Some(name) = name else {
        return Ok(());
    };
    let level = Level::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Level::ALL.iter().map(|level| level.name()).collect();
        Failure::Input(format!("--level: '{name}' is not {}", names.join(" or ")))
    })?;
    if simd::force_level(level) != level {
        return Err(Failure::Input(format!(
            "--level: this processor has no {name}; it has {}",
            simd::level().name()
        )));
    }
    Ok(())
}

/// A worker for each thread, each with an episode of its own.
fn workers(args: &Args) -> Result<Vec<Worker>, Failure> {
    let rule = Rule::load(&args.rule).map_err(|error| Failure::Input(error.to_string()))?;
    let gradient = args.gradient.parse::<GradientMode>().map_err(|_| {
        let wrong = &args.gradient;
        Failure::Input(format!(
            "--gradient: '{wrong}' is not reverse, forward or auto"
        ))
    })?;
    let mut settings = Settings::of(rule);
    settings.numerics.gradient = gradient;
    if let Some(sizes) = &args.sizes {
        let units = sizes.split('-').map(|n| n.parse().ok().filter(|n| *n > 0));
        let units: Option<Vec<usize>> = units.collect();
        settings.learner.network.sizes =
            units.filter(|units| units.len() > 1).ok_or_else(|| {
                let like = "784-170-130-100-70-47";
                Failure::Input(format!("--sizes: '{sizes}' is not like {like}"))
            })?;
    }
    let data = datasets::glyphs(Split::Test, 0);
    settings.check(&data)?;
    // So that the run neither idles nor diverges.
    let learner = &settings.learner;
    let theta = learner.rule.example(learner.feedback);
    (0..u64::from(args.threads))
        .map(|trial| {
            let episode = Episode::of(&settings)
                .map_err(|error| Failure::Input(error.to_string()))?
                .with_gradient(gradient);
            let setting = draw_setting(&settings, &data, trial, 0, &theta);
            let tape = Tape::new();
            Ok(Worker {
                tape,
                episode,
                setting,
            })
        })
        .collect()
}

/// The cost of an episode by operation, the mean of a few.
fn break_down(worker: &mut Worker, episodes: u32) -> Breakdown {
    worker.tape.start_profile();
    for _ in 0..episodes {
        worker.run();
    }
    Breakdown::new(&worker.tape.take_profile(), episodes)
}

/// The largest resident memory of this process so far, in MiB, where the system tells.
fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
