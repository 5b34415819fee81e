//! `metaplast gradcheck`: every derivative by three ways, as a table.

use std::io::{self, Write};

use autodiff::{Comparison, GradientCheck, Order, Shape, Tape, Var, operation_cases};
use datasets::Split;
use meta::{Episode, Setting, Settings, draw_setting};
use model::{Feedback, Rule, Term};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::print_json;

const EXAMPLES: &str = "\
Examples:
  metaplast gradcheck
  metaplast gradcheck --rule bio --order 2";

/// Compare derivatives by reverse mode, forward mode and finite differences
///
/// For each operation of the tape, each term of the rule and the whole episode, a
/// derivative in a random direction by all three ways, how far they are apart, and the
/// step of the (five-point) differences, at which neighbouring steps agree best. Where a
/// rule takes the feedback weights as constants, as bp does, differences hold them as they
/// are. In f64, on built-in glyphs.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The rule whose terms and episode are checked: bp, bp-exact, fa, dfa, ehebb, oja,
    /// bio, pool, or a rule file
    #[arg(long, value_name = "RULE", default_value = "pool")]
    rule: String,
    /// 1: gradients; 2: gradients of gradients, times a vector
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    order: u8,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The whole check, for programs.
#[derive(Serialize)]
struct Document {
    rule: String,
    order: u8,
    right: bool,
    rows: Vec<Row>,
    /// The whole episode by differences, at every step.
    steps: Vec<Difference>,
}

/// One derivative by three ways.
#[derive(Serialize)]
struct Row {
    name: String,
    reverse: f64,
    forward: f64,
    differences: f64,
    /// Relative to the larger.
    forward_error: f64,
    difference_error: f64,
    step: f64,
    right: bool,
}

#[derive(Serialize)]
struct Difference {
    step: f64,
    derivative: f64,
}

/// The largest accepted |a − b| / max(1, |a|, |b|), for forward mode, which only rounds
/// differently, and for differences, which on their plateau keep ten digits of a
/// first derivative and, through an episode, some seven of a second one.
const FORWARD: f64 = 1e-9;
const DIFFERENCES: f64 = 1e-6;

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let rule = Rule::load(&args.rule).map_err(|error| Failure::Input(error.to_string()))?;
    let check = GradientCheck {
        order: if args.order == 1 {
            Order::First
        } else {
            Order::Second
        },
        ..GradientCheck::default()
    };
    let mut table = Table {
        out: (!args.json).then(io::stdout),
        rows: Vec::new(),
    };
    table.head("operation")?;
    for case in operation_cases() {
        table.row(case.name, &check.compare(&case.points[0], case.function))?;
    }
    table.gap()?;
    table.head("one term, over an episode")?;
    for term in &rule.terms {
        let alone = Rule {
            terms: vec![term.clone()],
            layers: None,
            ..rule.clone()
        };
        table.row(&title(term), &of_episode(&check, alone)?)?;
    }
    table.gap()?;
    table.head("the whole episode")?;
    let whole = of_episode(&check, rule.clone())?;
    table.row(&format!("{}, all coefficients", rule.name), &whole)?;
    table.steps(&whole)?;
    let wrong: Vec<String> = table
        .rows
        .iter()
        .filter(|row| !row.right)
        .map(|row| row.name.clone())
        .collect();
    if args.json {
        print_json(&Document {
            rule: rule.name,
            order: args.order,
            right: wrong.is_empty(),
            rows: table.rows,
            steps: whole
                .differences
                .iter()
                .map(|&(step, derivative)| Difference { step, derivative })
                .collect(),
        })?;
    }
    match wrong.as_slice() {
        [] => Ok(()),
        wrong => Err(Failure::Run(format!(
            "derivatives disagree: {}",
            wrong.join(", ")
        ))),
    }
}

fn title(term: &Term) -> String {
    format!("{}  {}", term.name, term.formula)
}

/// The derivative of the meta-loss by the coefficients of `rule`, over 20 steps of a
/// small network.
fn of_episode(check: &GradientCheck, rule: Rule) -> Result<Comparison, Failure> {
    let mut settings = Settings::of(rule);
    settings.learner.network.sizes = vec![784, 24, 16, 47];
    (settings.tasks.shots, settings.tasks.queries) = (4, 2);
    let learner = &settings.learner;
    let theta = learner.rule.example(learner.feedback);
    let data = datasets::glyphs(Split::Test, 0);
    settings
        .check(&data)
        .map_err(|error| Failure::Input(error.to_string()))?;
    let setting: Setting<f64> = draw_setting(&settings, &data, 0, 0, &theta);
    let episode = Episode::of(&settings).map_err(|error| Failure::Input(error.to_string()))?;
    let inputs: Vec<(Shape, Vec<f64>)> = theta.iter().map(|t| (Shape::SCALAR, vec![*t])).collect();
    let function = |tape: &mut Tape<f64>, theta: &[Var]| {
        let mut episode = episode.clone();
        let recorded = episode.record_from(tape, &setting, theta.to_vec(), |_, _| {});
        recorded.meta_loss
    };
    if settings.learner.feedback != Feedback::Symmetric {
        return Ok(check.compare(&inputs, function));
    }
    let held = episode.with_feedback_of(&setting);
    Ok(check.compare_with(&inputs, function, |tape, theta| {
        let recorded = held.clone().record(tape, theta.to_vec());
        recorded.meta_loss
    }))
}

/// What was compared, shown as it comes where there is somebody to read it.
struct Table<W> {
    out: Option<W>,
    rows: Vec<Row>,
}

impl<W: Write> Table<W> {
    fn line(&mut self, line: std::fmt::Arguments<'_>) -> io::Result<()> {
        match &mut self.out {
            Some(out) => writeln!(out, "{line}"),
            None => Ok(()),
        }
    }

    fn gap(&mut self) -> io::Result<()> {
        self.line(format_args!(""))
    }

    fn head(&mut self, title: &str) -> io::Result<()> {
        self.line(format_args!(
            "{title:<30} {:>13} {:>13} {:>13} {:>9} {:>9} {:>9}",
            "reverse", "forward", "differences", "|f-r|/r", "|d-r|/r", "step"
        ))
    }

    fn row(&mut self, name: &str, found: &Comparison) -> io::Result<()> {
        let (step, difference) = found.plateau();
        let (reverse, forward) = (found.reverse, found.forward);
        let off = |other: f64| (other - reverse).abs() / reverse.abs().max(other.abs()).max(1.0);
        let right = off(forward) <= FORWARD && off(difference) <= DIFFERENCES;
        let row = Row {
            name: name.to_owned(),
            reverse,
            forward,
            differences: difference,
            forward_error: found.forward_error(),
            difference_error: found.difference_error(),
            step,
            right,
        };
        let mark = if right { "" } else { "  WRONG" };
        self.line(format_args!(
            "{name:<30} {reverse:>13.6e} {forward:>13.6e} {difference:>13.6e} {:>9.1e} {:>9.1e} \
             {step:>9.1e}{mark}",
            row.forward_error, row.difference_error,
        ))?;
        self.rows.push(row);
        Ok(())
    }

    /// The differences at every step, the bars as long as the digits they have right.
    fn steps(&mut self, found: &Comparison) -> io::Result<()> {
        self.line(format_args!(
            "\nthe episode by differences  step       |d-r|/r  digits"
        ))?;
        for (step, difference) in &found.differences {
            let error = (difference - found.reverse).abs() / found.reverse.abs();
            let digits = if error.is_finite() {
                (-error.max(1e-16).log10()).max(0.0).round() as usize
            } else {
                0
            };
            let bar = "#".repeat(digits);
            self.line(format_args!("{:28}{step:<10.1e} {error:>7.1e}  {bar}", ""))?;
        }
        Ok(())
    }
}
