//! `metaplast completions` and `metaplast man`: made from what the command knows of itself.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::Cli;
use crate::failure::Failure;

const WHERE_COMPLETIONS_GO: &str = "\
Examples:
  metaplast completions bash > ~/.local/share/bash-completion/completions/metaplast
  metaplast completions zsh > ~/.zfunc/_metaplast
  metaplast completions fish > ~/.config/fish/completions/metaplast.fish";

/// Print a script that completes commands and options in a shell
#[derive(clap::Args)]
#[command(after_help = WHERE_COMPLETIONS_GO)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

const WHERE_PAGES_GO: &str = "\
Examples:
  metaplast man | man -l -                   read the page of metaplast
  metaplast man ~/.local/share/man/man1      then: man metaplast-train";

/// Print the manual page, or write one for each command
#[derive(clap::Args)]
#[command(after_help = WHERE_PAGES_GO)]
pub(crate) struct Manual {
    /// Write metaplast.1, metaplast-train.1 and so on here
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn completions(args: Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "metaplast", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

pub(crate) fn manual(args: Manual) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match args.dir {
        None => Ok(io::stdout().write_all(&page(command)?)?),
        Some(dir) => {
            let number = write_pages(&dir, &command).map_err(|error| {
                Failure::Run(format!("cannot write {}: {error}", dir.display()))
            })?;
            let shown = dir.display();
            Ok(writeln!(io::stdout(), "{number} pages in {shown}")?)
        }
    }
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}

/// A page for a command and each below it; returns how many.
fn write_pages(dir: &Path, command: &clap::Command) -> io::Result<usize> {
    fs::create_dir_all(dir)?;
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = dir.join(format!("{name}.1"));
    fs::write(path, page(command.clone())?)?;
    let mut number = 1;
    for below in command.get_subcommands() {
        number += write_pages(dir, below)?;
    }
    Ok(number)
}
