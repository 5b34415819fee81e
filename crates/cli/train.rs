//! `metaplast train`: meta-train a rule.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use datasets::Dataset;
use meta::{Estimate, OptimiserKind, Settings, Spread, Summary, Threads};
use runs::{Config, KEYS, Run, next_free_directory, parse_value};
use toml::Value;

use crate::failure::Failure;
use crate::progress::{Progress, say};
use crate::signals;

const SETTINGS: &str = "\
Settings, as `key = value` in CONFIG.toml or key=value on the command line [default]:
  rule, data, episodes, trials, seed, threads, lambda, out   as the options above
  sizes       units of each layer [784-170-130-100-70-47]
  activation  softplus, tanh or sigmoid [softplus]; beta is softplus's sharpness [10]
  feedback    fixed, direct, symmetric or symmetric-exact [the rule's own]
  M, K, Q     classes of a task [5], training [50] and query [10] images of each
  tasks       text: distinct classes, images drawn anew; code: as the paper's released
              code draws them, with repeats and always the first images [text]
  split       test or train, of the data set [test]
  eta         step size of the outer optimiser, above 0 [0.001]
  optimiser   adam, as in the paper, or guarded: Adam that gets every rule through [adam]
  penalty     none, l1, l2 or elastic: the norm that lambda multiplies [l1]
  theta0      initial value of the first coefficient [0.001]
  precision   f32 or f64 [f32]
  gradient    reverse, forward or auto: how the meta-gradient is taken [auto]
key=value goes before an option, and an option before CONFIG.toml.";

/// Meta-train a plasticity rule
///
/// Runs trials of episodes of online learning, each episode followed by one step on the
/// rule's coefficients. Writes a run directory (config.toml, metrics.csv, summary.json, their
/// checksums, and report.html) and prints a summary. Ctrl-C stops it so that it can go on later.
#[derive(clap::Args)]
#[command(after_help = SETTINGS)]
pub(crate) struct Args {
    /// A configuration file ending in .toml, and settings (see below)
    #[arg(value_name = "CONFIG.toml | key=value")]
    settings: Vec<String>,
    /// bp, bp-exact, fa, dfa, ehebb, oja, bio, pool, or a rule file [default: bio]
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// A data set's name or path [default: emnist-balanced where found, else glyphs]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    // Numbers are taken as text, so that they are checked as those of `key=value` are.
    /// Episodes of each trial [default: 600]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    episodes: Option<String>,
    /// Independent trials [default: 20]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trials: Option<String>,
    /// The seed of every random number [default: 0]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<String>,
    /// Worker threads; never changes a result [default: as many as there are cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
    /// The penalty λ on the sum of |θ| [default: 0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lambda: Option<String>,
    /// The run directory: new, empty, or that of this very run, to go on with it
    /// [default: the next free runs/RULE-DATA-N]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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
        let number = |text: Option<String>| text.map(|text| parse_value(&text));
        let out = match self.out.map(PathBuf::into_os_string) {
            None => None,
            Some(out) => Some(out.into_string().map_err(|out| {
                let shown = out.display();
                Failure::Input(format!("--out {shown}: is not UTF-8; choose another name"))
            })?),
        };
        let options = vec![
            ("rule", self.rule.map(Value::String)),
            ("data", self.data.map(Value::String)),
            ("episodes", number(self.episodes)),
            ("trials", number(self.trials)),
            ("seed", number(self.seed)),
            ("threads", number(self.threads)),
            ("lambda", number(self.lambda)),
            ("out", out.map(Value::String)),
        ];
        debug_assert!(options.iter().all(|(key, _)| KEYS.contains(key)));
        let file = files.first().map(|f| f.as_ref());
        Ok(Config::new(file, options, &assignments)?)
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let config = args.config()?;
    let data = Arc::new(match &config.data {
        Some(name) => datasets::open(name, config.split)?,
        None => datasets::open_default(config.split)?,
    });
    config.settings.check(&data)?;
    let path = match &config.out {
        Some(path) => path.clone(),
        None => next_free_directory(&config.settings.learner.rule.name, data.name())?,
    };
    let threads = Threads::new(config.threads)?;
    let run = Run::open(&config, Arc::clone(&data), &path, &threads)?;
    if run.is_finished() {
        return Err(Failure::Input(format!(
            "{} holds this very run, finished; name a new directory with --out",
            path.display()
        )));
    }
    carry_out(run, &config, &data, &threads)
}

/// Runs what is left of a run, and tells what came out.
pub(crate) fn carry_out(
    mut run: Run,
    config: &Config,
    data: &Dataset,
    threads: &Threads,
) -> Result<(), Failure> {
    let settings = &config.settings;
    let stop = signals::stop_on_request()?;
    let note = if data.is_synthetic() {
        " (synthetic: drawn characters, not handwriting)"
    } else {
        ""
    };
    say(format_args!(
        "{} on {}{note}, {} split: {} trials of {} episodes, seed {}, {} threads",
        settings.learner.rule.name,
        data.name(),
        data.split(),
        settings.outer.trials,
        settings.outer.episodes,
        settings.seed,
        config.threads
    ));
    for note in run.notes() {
        say(format_args!("note: {note}"));
    }
    let (done, total) = (run.done(), run.total());
    if run.is_finished() {
        say(format_args!("finished before; nothing is left to run"));
    } else if done > 0 {
        say(format_args!("going on after {done} of {total} episodes"));
    }
    if !run.is_finished() {
        let estimate = Estimate::of(settings, data, threads, total - done)?;
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
    let mut text = describe(settings, &summary);
    if done < total {
        let rate = took.as_secs_f64() * 1e3 / (total - done) as f64;
        let _ = writeln!(
            text,
            "{} episodes in {:.1} s, {rate:.2} ms each",
            total - done,
            took.as_secs_f64()
        );
    }
    let _ = writeln!(text, "run directory: {}", run.path().display());
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// The summary for people.
fn describe(settings: &Settings, summary: &Summary) -> String {
    let mut text = String::new();
    let show = |spread: &Option<Spread>| match spread {
        Some(Spread { mean, sd }) => format!("{mean:>10.4} ± {sd:.4}"),
        None => format!("{:>10}", "none"),
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
    let head = format!(
        "Mean over the last {} episodes ± standard deviation over {} trials\n",
        summary.last_episodes, summary.trials
    );
    let mut tail = String::new();
    if summary.diverged_episodes > 0 {
        let _ = writeln!(
            tail,
            "{} episodes of {} trials diverged; they are left out of the means",
            summary.diverged_episodes, summary.diverged_trials
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
            "{} episodes were differentiated by replay, since undoing lost digits",
            summary.replayed_episodes
        );
    }
    head + &text + &tail
}
