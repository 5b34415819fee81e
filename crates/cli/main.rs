//! `metaplast`: meta-learns plasticity rules. Parses the command line, calls the crates, prints.
//!
//! One file a subcommand, each with `Args` and `run`. Results go to standard output, progress and
//! errors to standard error; exit code 0 is success, 1 a run that failed, 2 bad usage or input, 130 a run
//! that was stopped.

mod bench;
mod card;
mod count;
mod data;
mod episode;
mod explain;
mod failure;
mod generate;
mod gradcheck;
mod merge;
mod online;
mod output;
mod playground;
mod progress;
mod reproduce;
mod resume;
mod rules;
mod signals;
mod sweep;
mod test;
mod train;
mod usage;
mod verify;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand, error::ErrorKind};

use failure::Failure;

const MORE: &str = "\
Examples:
  metaplast train --rule bio --data glyphs --episodes 60 --trials 2
  metaplast reproduce all --quick --data glyphs
  metaplast explain --rule bio

Results go to standard output or into the run directory, progress and errors to
standard error.

Exit codes: 0 success, 1 a run that failed, 2 bad usage or bad input, 130 a run
that was stopped.

Environment:
  METAPLAST_DATA  the folder where data sets are looked for first and fetched to
  all_proxy, http_proxy, https_proxy, no_proxy, SSL_CERT_FILE  when fetching";

/// Meta-learn biologically plausible plasticity rules with random feedback pathways
#[derive(Parser)]
#[command(
    name = "metaplast",
    version,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = MORE
)]
pub(crate) struct Cli {
    /// No progress and no notes on standard error, only errors
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(train::Args),
    Resume(resume::Args),
    Verify(verify::Args),
    Merge(merge::Args),
    Sweep(sweep::Args),
    Reproduce(reproduce::Args),
    Test(test::Args),
    Card(card::Args),
    Online(online::Args),
    Explain(explain::Args),
    Playground(playground::Args),
    Gradcheck(gradcheck::Args),
    Rules(rules::Args),
    Episode(episode::Args),
    Data(data::Args),
    Bench(bench::Args),
    Completions(generate::Completions),
    Man(generate::Manual),
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        match self {
            Command::Train(args) => train::run(args),
            Command::Resume(args) => resume::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Merge(args) => merge::run(args),
            Command::Sweep(args) => sweep::run(args),
            Command::Reproduce(args) => reproduce::run(args),
            Command::Test(args) => test::run(args),
            Command::Card(args) => card::run(args),
            Command::Online(args) => online::run(args),
            Command::Explain(args) => explain::run(args),
            Command::Playground(args) => playground::run(args),
            Command::Gradcheck(args) => gradcheck::run(args),
            Command::Rules(args) => rules::run(args),
            Command::Episode(args) => episode::run(args),
            Command::Data(args) => data::run(args),
            Command::Bench(args) => bench::run(args),
            Command::Completions(args) => generate::completions(args),
            Command::Man(args) => generate::manual(args),
        }
    }
}

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => {
            if cli.quiet {
                progress::be_quiet();
            }
            cli.command.run()
        }
        Err(error) => usage(&error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If standard error is closed too there is nobody left to tell.
            let _ = match &failure {
                Failure::Closed => Ok(()),
                Failure::NoCommand(help) => write!(io::stderr(), "{help}"),
                Failure::Stopped(_) => writeln!(io::stderr(), "{failure}"),
                _ => writeln!(io::stderr(), "error: {failure}"),
            };
            failure.exit_code()
        }
    }
}

/// Help and version are results; what is wrong with a command line becomes one line.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(error.print()?),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::NoCommand(error.render().to_string()))
        }
        _ => Err(Failure::Input(usage::message(error))),
    }
}
