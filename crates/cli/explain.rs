//! `metaplast explain`: one episode as a page to step through.

use std::io::{self, Write};
use std::path::PathBuf;

use explain::Explanation;
use meta::SettingsError;
use model::ParameterKind;
use runs::{Config, tame, write_whole};

use crate::failure::Failure;
use crate::output::check_file;
use crate::progress::say;

/// Write a page that shows how the meta-gradient of one episode comes about
///
/// The page is one file that opens offline in a browser: step through the episode forward
/// and backward, follow any weight, and see what each step and layer contributes to
/// dL_meta/dtheta.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  metaplast explain --rule bio\n  metaplast explain --rule oja --sizes 784-20-47 --steps 40 -o small.html"
)]
pub(crate) struct Args {
    /// bp, bp-exact, fa, dfa, ehebb, oja, bio, pool, or a rule file
    #[arg(long, value_name = "RULE", default_value = "bio")]
    rule: String,
    /// A data set's name or path [default: emnist-balanced where found, else glyphs]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    /// Units of each layer, as in 784-30-20-47 [default: 784-170-130-100-70-47]
    #[arg(long, value_name = "N-N-…")]
    sizes: Option<String>,
    /// Images to learn from
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    steps: u32,
    /// The rule's coefficients, as in 0.01,-0.02,0.002 [default: about what training finds]
    #[arg(
        long,
        value_name = "X,X,…",
        allow_hyphen_values = true,
        value_delimiter = ','
    )]
    theta: Option<Vec<f64>>,
    /// The seed of weights and task
    #[arg(
        long,
        value_name = "S",
        default_value = "0",
        allow_negative_numbers = true
    )]
    seed: String,
    /// The page [default: explain-RULE.html]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let options = vec![
        ("rule", Some(args.rule)),
        ("data", args.data),
        ("sizes", args.sizes),
        ("seed", Some(args.seed)),
    ];
    let config = Config::new(None, options, &[])?;
    let steps = args.steps as usize;
    // As many images of each class as it takes.
    let mut settings = config.settings;
    settings.tasks.shots = steps.div_ceil(settings.tasks.ways);
    let data = match &config.data {
        Some(name) => datasets::open(name, config.split)?,
        None => datasets::open_default(config.split)?,
    };
    settings.check(&data).map_err(|error| match error {
        SettingsError::Images { .. } => Failure::Input(format!("{error}; --steps sets K")),
        other => other.into(),
    })?;
    let rule = &settings.learner.rule;
    let theta = paper::coefficients(args.theta, &settings.learner)?;
    let parameters = settings.learner.parameters();
    let out = args
        .out
        .unwrap_or_else(|| PathBuf::from(format!("explain-{}.html", tame(&rule.name))));
    check_file(&out)?;
    say(format_args!(
        "one episode of {} on {}, {steps} steps, and some more beside it",
        rule.name,
        data.name()
    ));
    let explanation = Explanation::new(&settings, &data, &theta, steps)
        .map_err(|error| Failure::Run(error.to_string()))?;
    let page = explanation.to_html();
    write_whole(&out, page.as_bytes())?;
    let mut shown = io::stdout();
    writeln!(shown, "meta-loss {:.6}", explanation.outcome.meta_loss)?;
    for (parameter, g) in parameters.iter().zip(&explanation.outcome.gradient.theta) {
        let name = match parameter.kind {
            ParameterKind::Theta => format!("theta {:<4}", parameter.name),
            _ => parameter.column().replacen('_', " ", 1),
        };
        writeln!(shown, "dL/d{name} {g:.6e}")?;
    }
    let megabytes = page.len() as f64 / 1e6;
    Ok(writeln!(
        shown,
        "page: {} ({megabytes:.1} MB)",
        out.display()
    )?)
}
