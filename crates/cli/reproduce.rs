//! `metaplast reproduce`: re-run the paper, draw its figures, judge its claims.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use datasets::{Dataset, Split};
use paper::{Ask, QUICK, Report, Reproduction, Standing, TRIALS, Target};
use runs::RunError;

use crate::count::count;
use crate::failure::Failure;
use crate::output::print_json;
use crate::progress::{Progress, say};
use crate::signals;

/// Re-run the paper: draw its figures and judge its claims
///
/// Runs what the figures need, each run once and in its own directory under DIR/runs,
/// then writes FIGURE.svg, .png and .csv, captions.json, verdicts.csv and report.html to
/// DIR, and prints the verdicts. Asked again with the same DIR it goes on where it was
/// stopped. Learning digits online (fig1, figs1) uses mnist, or the digits among glyphs
/// with --data glyphs. What goes beyond the paper has claims of its own. Settings of `train`
/// can be given as key=value, and hold for every run: the paper's own outer optimiser is
/// optimiser=adam.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  metaplast reproduce all --quick --data glyphs\n  metaplast reproduce fig3 fig5 --trials 4"
)]
pub(crate) struct Args {
    /// fig1, fig3, fig4, fig5, fig7, fig8, table1, figs1, figs2, figs5, gains, transfer, or
    /// all; beyond the paper kolen-pollack, sign, mixed, outer-loops, additions, shots, or
    /// beyond; and settings of every run
    #[arg(value_name = "FIGURE|all|beyond|key=value", required = true)]
    figures: Vec<String>,
    /// A data set's name or path [default: emnist-balanced where found, else glyphs]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    /// Independent trials of each run [default: the paper's 20]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trials: Option<String>,
    /// Episodes of each run [default: the paper's 600, 500 for table1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    episodes: Option<String>,
    /// A first look in minutes: 4 trials of 60 episodes, unless given
    #[arg(long)]
    quick: bool,
    /// The seed of every run [default: 0]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<String>,
    /// Set what reproductions have already found side by side: instead of figures, name their
    /// folders
    #[arg(long)]
    compare: bool,
    /// Worker threads; never changes a result [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<String>,
    /// A part of every training: of N parts, the I-th has the trials t with t mod N = I - 1.
    /// Put together by `metaplast merge`; figures and verdicts come with the whole
    #[arg(long, value_name = "I/N|slurm")]
    shard: Option<String>,
    /// Where runs, figures and the report go [default: results/DATA,
    /// results/DATA-beyond, and -quick behind them]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Takes the settings out of the figures. Those that are options too are told apart.
    fn assignments(&mut self) -> Result<Vec<String>, Failure> {
        let (given, figures) = std::mem::take(&mut self.figures)
            .into_iter()
            .partition::<Vec<_>, _>(|text| text.contains('='));
        self.figures = figures;
        for text in &given {
            let key = text.split('=').next().unwrap_or_default();
            match key {
                "data" | "trials" | "episodes" | "seed" | "threads" | "shard" | "out" => {
                    return Err(Failure::Input(format!(
                        "{text}: is given as --{key} to reproduce"
                    )));
                }
                _ => {}
            }
        }
        if self.figures.is_empty() {
            return Err(Failure::Input(format!(
                "no figure to reproduce with {}; name one, or all",
                given.join(" ")
            )));
        }
        Ok(given)
    }
}

pub(crate) fn run(mut args: Args) -> Result<(), Failure> {
    if args.compare {
        let folders: Vec<PathBuf> = args.figures.iter().map(PathBuf::from).collect();
        let table = paper::side_by_side(&folders)?;
        return Ok(io::stdout().write_all(table.to_markdown().as_bytes())?);
    }
    let assignments = args.assignments()?;
    let json = args.json;
    let targets = Target::list(&args.figures)?;
    let data = Arc::new(match &args.data {
        Some(name) => datasets::open(name, Split::Test)?,
        None => datasets::open_default(Split::Test)?,
    });
    let digits = paper::digits(&targets, &data)?;
    let name = args.data.clone().unwrap_or_else(|| data.name().to_owned());
    let ask = Ask {
        assignments,
        ..ask(args, targets, &data)?
    };
    let out = ask.out.clone();
    let mut reproduction = Reproduction::open(ask, (&name, data), digits)?;
    let stop = signals::stop_on_request()?;
    announce(&reproduction);
    for note in reproduction.notes() {
        say(format_args!("note: {note}"));
    }
    if !reproduction.is_finished() {
        let estimate = reproduction.estimate()?;
        say(format_args!("this is going to take {estimate}"));
    }
    let mut progress = Progress::of_work(reproduction.work());
    let report = reproduction.run(&stop, |step| {
        progress.work_on(step.experiment, step.work);
    });
    let report = report.map_err(|error| match error {
        // Any of its runs may have been stopped; it is the whole that is to go on.
        RunError::Stopped(_) => {
            Failure::Stopped("stopped; to continue, give the same command again".to_owned())
        }
        other => other.into(),
    })?;
    let Some(report) = report else {
        progress.finish();
        let shown = out.display();
        return Ok(writeln!(
            io::stdout(),
            "this part is done: {shown}; put all together with: metaplast merge PART … --out DIR"
        )?);
    };
    report.write(&out)?;
    let took = progress.finish().as_secs_f64();
    if json {
        return print_json(&report.to_json(&out));
    }
    let mut text = verdicts(&report);
    let _ = writeln!(
        text,
        "{took:.0} s; report: {}",
        out.join("report.html").display()
    );
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn ask(args: Args, targets: Vec<&'static Target>, data: &Dataset) -> Result<Ask, Failure> {
    let (trials, episodes) = if args.quick {
        (QUICK.0, Some(QUICK.1))
    } else {
        (TRIALS, None)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let folder = Ask::folder(&targets, data, args.quick);
    Ok(Ask {
        targets,
        trials: count("trials", args.trials)?.unwrap_or(trials),
        episodes: count("episodes", args.episodes)?.or(episodes),
        seed: count("seed", args.seed)?.unwrap_or(0),
        threads: count("threads", args.threads)?.map_or(threads, |n| n as usize),
        quick: args.quick,
        shard: args.shard,
        assignments: Vec::new(),
        out: args.out.unwrap_or(folder),
    })
}

fn announce(reproduction: &Reproduction) {
    let context = reproduction.context();
    let note = if context.synthetic {
        " (synthetic: drawn characters, not handwriting)"
    } else {
        ""
    };
    let episodes = match context.episodes {
        Some(episodes) => words::count(episodes, "episode"),
        None => "the paper's episodes".to_owned(),
    };
    say(format_args!(
        "{} on {}{note}: {} of {episodes}, seed {}",
        words::count(reproduction.runs() as u64, "run"),
        context.data,
        words::count(context.trials, "trial"),
        context.seed
    ));
}

/// The verdicts for people, with what each was judged by.
fn verdicts(report: &Report) -> String {
    let mut text = String::new();
    for verdict in &report.verdicts {
        let claim = verdict.claim;
        let outcome = verdict.outcome.name();
        let _ = writeln!(
            text,
            "{:<4}{outcome:<11}{:<15} {}",
            claim.id, claim.figure, claim.statement
        );
        for check in &verdict.checks {
            let mark = match check.standing {
                Standing::Missed => '✗',
                Standing::Undecided => '?',
                Standing::Unjudged => '·',
                Standing::Met => '✓',
            };
            let _ = writeln!(text, "    {mark} {check}");
        }
        if !verdict.note.is_empty() {
            let _ = writeln!(text, "      {}", verdict.note);
        }
    }
    text
}
