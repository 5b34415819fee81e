//! `metaplast`: meta-learns plasticity rules. Parses the command line, calls the crates, prints.
//!
//! One file a subcommand, each with `Args` and `run`. Results go to standard output, progress and
//! errors to standard error; exit code 0 is success, 1 a run that failed, 2 bad usage or input, 130 a run
//! that was stopped.

mod bench;
mod data;
mod episode;
mod explain;
mod failure;
mod gradcheck;
mod output;
mod progress;
mod reproduce;
mod resume;
mod signals;
mod train;
mod verify;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand, error::ErrorKind};

use failure::{Failure, one_line};

/// Meta-learn biologically plausible plasticity rules with random feedback pathways.
#[derive(Parser)]
#[command(name = "metaplast", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(train::Args),
    Resume(resume::Args),
    Verify(verify::Args),
    Episode(episode::Args),
    Reproduce(reproduce::Args),
    Bench(bench::Args),
    Data(data::Args),
    Explain(explain::Args),
    Gradcheck(gradcheck::Args),
}

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => match cli.command {
            Command::Train(args) => train::run(args),
            Command::Resume(args) => resume::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Episode(args) => episode::run(args),
            Command::Reproduce(args) => reproduce::run(args),
            Command::Bench(args) => bench::run(args),
            Command::Data(args) => data::run(args),
            Command::Explain(args) => explain::run(args),
            Command::Gradcheck(args) => gradcheck::run(args),
        },
        Err(error) => usage(&error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If standard error is closed too there is nobody left to tell.
            let _ = match failure {
                Failure::Closed => Ok(()),
                Failure::Stopped(_) => writeln!(io::stderr(), "{failure}"),
                _ => writeln!(io::stderr(), "error: {failure}"),
            };
            failure.exit_code()
        }
    }
}

/// Help and version are results; everything else that clap says becomes one line.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return Ok(error.print()?);
    }
    let text = error.render().to_string();
    let message = text.strip_prefix("error: ").unwrap_or(&text);
    Err(Failure::Input(one_line(message)))
}
