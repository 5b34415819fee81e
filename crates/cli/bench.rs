//! `metaplast bench`: how long an episode takes at the paper's size.

use std::io::{self, Write};
use std::time::Instant;

use autodiff::Tape;
use datasets::Split;
use meta::{Episode, GradientMode, Setting, Settings, draw_setting};
use model::Rule;
use rayon::prelude::*;
use serde::Serialize;

use crate::failure::Failure;

/// Time episodes with their meta-gradients at the paper's size, on built-in glyphs,
/// without what `train` measures besides (angles and orthonormality).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// bp, bp-exact, fa, dfa, ehebb, oja, bio, pool, or a rule file
    #[arg(long, default_value = "bio")]
    rule: String,
    /// Timed episodes of each thread
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    episodes: u32,
    /// Trials side by side
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,
    /// How the meta-gradient is taken: reverse, forward or auto
    #[arg(long, default_value = "auto")]
    gradient: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    rule: String,
    precision: &'static str,
    threads: u32,
    episodes: u32,
    ms_per_episode: Times,
    peak_rss_mb: Option<f64>,
}

#[derive(Serialize)]
struct Times {
    min: f64,
    median: f64,
    max: f64,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let rule = Rule::load(&args.rule).map_err(|error| Failure::Input(error.to_string()))?;
    let gradient = GradientMode::from_name(&args.gradient).ok_or_else(|| {
        let wrong = &args.gradient;
        Failure::Input(format!(
            "--gradient: '{wrong}' is not reverse, forward or auto"
        ))
    })?;
    let settings = Settings {
        feedback: rule.feedback,
        rule,
        ..Settings::default()
    };
    let data = datasets::glyphs(Split::Test, 0);
    // Coefficients a trained rule has, so that the run neither idles nor diverges.
    let theta = settings.rule.example_theta();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads as usize)
        .build()
        .map_err(|error| Failure::Run(error.to_string()))?;
    let mut workers: Vec<(Tape<f32>, Episode, Setting<f32>)> = (0..u64::from(args.threads))
        .map(|trial| {
            let episode = Episode::new(
                &settings.network,
                settings.feedback,
                &settings.rule,
                settings.penalty,
            )
            .map_err(Failure::Input)?
            .with_gradient(gradient);
            let setting = draw_setting(&settings, &data, trial, 0, &theta);
            Ok((Tape::new(), episode, setting))
        })
        .collect::<Result<_, Failure>>()?;
    // All threads start each episode together; its time is that until the last is done.
    let mut round = || {
        let start = Instant::now();
        pool.install(|| {
            workers.par_iter_mut().for_each(|(tape, episode, setting)| {
                let recorded = episode.record(tape, setting);
                episode.differentiate(tape, &recorded);
            });
        });
        start.elapsed().as_secs_f64() * 1e3 / f64::from(args.threads)
    };
    round();
    let mut times: Vec<f64> = (0..args.episodes).map(|_| round()).collect();
    times.sort_by(f64::total_cmp);
    let report = Report {
        rule: settings.rule.name.clone(),
        precision: "f32",
        threads: args.threads,
        episodes: args.episodes,
        ms_per_episode: Times {
            min: times[0],
            median: times[times.len() / 2],
            max: times[times.len() - 1],
        },
        peak_rss_mb: peak_rss_mb(),
    };
    let mut out = io::stdout();
    if args.json {
        let json = serde_json::to_string(&report).expect("a report is plain data");
        return Ok(writeln!(out, "{json}")?);
    }
    let Times { min, median, max } = report.ms_per_episode;
    let rule = &report.rule;
    writeln!(
        out,
        "{rule}: {median:.2} ms an episode (from {min:.2} to {max:.2})"
    )?;
    Ok(())
}

/// The largest resident memory of this process so far, in MiB, where the system tells.
fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
