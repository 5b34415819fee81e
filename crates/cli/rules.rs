//! `metaplast rules`: the rules that there are, and what one says.

use std::io::{self, Write};

use model::{PAPER_TERMS, RULES, Rule, Term};

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  metaplast rules
  metaplast rules bio --latex
  metaplast rules mine.toml";

/// List the built-in rules, or show one: its terms as text, formula and locality
///
/// A term is a line of text, scalar * post ⊗ pre, as in -e ⊗ y-. Rules of your own stand in
/// files; the book's chapter "Rules as text" has the language.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// bp, bp-exact, fa, dfa, ehebb, oja, bio, pool, or a rule file
    #[arg(value_name = "RULE|FILE")]
    rule: Option<String>,
    /// Print it as LaTeX
    #[arg(long, requires = "rule")]
    latex: bool,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let mut out = io::stdout();
    let Some(name) = args.rule else {
        for (name, feedback, terms) in RULES {
            let terms: Vec<&str> = terms.iter().map(|r| PAPER_TERMS[*r].0).collect();
            writeln!(out, "{name:<9} {:<16} {}", feedback.name(), terms.join(" "))?;
        }
        return Ok(());
    };
    let rule = Rule::load(&name).map_err(|error| Failure::Input(error.to_string()))?;
    if args.latex {
        write!(out, "{}", rule.to_latex())?;
        return Ok(());
    }
    writeln!(out, "{}: {} feedback", rule.name, rule.feedback.name())?;
    let lists = [("W", "theta", &rule.terms), ("B", "phi", &rule.back)];
    for (matrix, letter, terms) in lists {
        for term in terms.iter() {
            describe(&mut out, (matrix, letter), term)?;
        }
    }
    if let Some(layers) = &rule.layers {
        for (l, list) in (1..).zip(layers) {
            let names: Vec<&str> = list.iter().map(|r| rule.terms[*r].name.as_str()).collect();
            writeln!(out, "layer {l}: {}", names.join(" "))?;
        }
    }
    for constant in &rule.constants {
        writeln!(
            out,
            "constant {} starts at {}",
            constant.name, constant.start
        )?;
    }
    if rule.groups() > 1 {
        let shares: Vec<String> = rule.populations.iter().map(f64::to_string).collect();
        writeln!(
            out,
            "populations of {}: a coefficient for each term and pair of them",
            shares.join(", ")
        )?;
    }
    Ok(())
}

fn describe(out: &mut impl Write, (matrix, letter): (&str, &str), term: &Term) -> io::Result<()> {
    writeln!(
        out,
        "\n{} of {matrix}, times {letter}_{}",
        term.name, term.name
    )?;
    writeln!(out, "  text      {term}")?;
    if !term.formula.is_empty() {
        writeln!(out, "  formula   {}", term.formula)?;
    }
    writeln!(out, "  locality  {}", term.needs())
}
