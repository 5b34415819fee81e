//! What clap finds wrong with a command line, as one line: what is wrong, then what would be
//! right.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use crate::Cli;

/// The message of an error that is neither help nor version.
pub(crate) fn message(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let root = Cli::command();
    let (command, path) = command_of(error, &root);
    let more = format!("try {path} --help");
    // A suggestion is all the help that a typo needs.
    let suggest = |typed: &str, known: &[String]| {
        let near = words::did_you_mean(typed, known.iter().map(String::as_str));
        if near.is_empty() {
            format!("; {more}")
        } else {
            near
        }
    };
    let argument = text(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = text(ContextKind::InvalidSubcommand);
            let names = command.get_subcommands().map(Command::get_name);
            let names: Vec<String> = names.map(str::to_owned).collect();
            format!("unknown command '{typed}'{}", suggest(&typed, &names))
        }
        ErrorKind::MissingSubcommand => format!("no command; {more}"),
        ErrorKind::UnknownArgument => {
            // An option with its value is told by its name.
            let option = argument.split('=').next().unwrap_or_default();
            let options: Vec<String> = command
                .get_arguments()
                .filter_map(|known| known.get_long())
                .map(|long| format!("--{long}"))
                .collect();
            let what = match option.starts_with('-') {
                true => "unknown option",
                false => "unexpected argument",
            };
            format!("{what} '{option}'{}", suggest(option, &options))
        }
        ErrorKind::MissingRequiredArgument => format!("needs {argument}; {more}"),
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => {
            format!("{} needs a value", plain(&argument))
        }
        ErrorKind::InvalidValue => {
            let (typed, known) = (
                text(ContextKind::InvalidValue),
                valid_values(error.get(ContextKind::ValidValue)),
            );
            let near = words::did_you_mean(&typed, known.iter().map(String::as_str));
            let known = known.join(", ");
            format!(
                "{}: '{typed}' is not one of {known}{near}",
                plain(&argument)
            )
        }
        ErrorKind::ValueValidation => {
            let typed = text(ContextKind::InvalidValue);
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| "is no value of it".to_owned());
            // Clap's own readers of numbers begin with the value, and write a range as Rust does.
            let why = why.strip_prefix(&format!("{typed} ")).unwrap_or(&why);
            let why = why
                .replace("is not in ", "is not from ")
                .replace("..=", " to ");
            format!("{}: '{typed}' {why}", plain(&argument))
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            if other == argument {
                return format!("{} is given twice; {more}", plain(&argument));
            }
            format!("{} does not go with {}", plain(&argument), plain(&other))
        }
        _ => {
            let text = error.render().to_string();
            words::one_line(text.strip_prefix("error: ").unwrap_or(&text))
        }
    }
}

/// `--trials` of `--trials <N>`, `DIR` of `<DIR>`.
fn plain(argument: &str) -> &str {
    let name = argument.split_whitespace().next().unwrap_or(argument);
    name.trim_matches(['<', '>', '[', ']', '.'])
}

fn valid_values(value: Option<&ContextValue>) -> Vec<String> {
    match value {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// The command that an error speaks of, and how it is typed: clap tells them by the usage that
/// it would print.
fn command_of<'a>(error: &clap::Error, root: &'a Command) -> (&'a Command, String) {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let typed = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let (mut command, mut path) = (root, root.get_name().to_owned());
    for word in typed.split_whitespace().skip(1) {
        let Some(next) = command.find_subcommand(word) else {
            break;
        };
        command = next;
        path = format!("{path} {word}");
    }
    (command, path)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn every_mistake_of_usage_is_one_line_that_says_what_would_be_right() {
        for (typed, told) in [
            ("trian", "unknown command 'trian'; did you mean 'train'?"),
            ("zzzzzz", "unknown command 'zzzzzz'; try metaplast --help"),
            (
                "train --epochs=3",
                "unknown option '--epochs'; try metaplast train --help",
            ),
            (
                "train --episods 3",
                "unknown option '--episods'; did you mean '--episodes'?",
            ),
            (
                "data fetch",
                "needs <NAME>; try metaplast data fetch --help",
            ),
            ("train --trials", "--trials needs a value"),
            ("data lst", "unknown command 'lst'; did you mean 'list'?"),
            (
                "resume a b",
                "unexpected argument 'b'; try metaplast resume --help",
            ),
            ("explain --steps 0", "--steps: '0' is not from 1 to 10000"),
            (
                "episode x --precision f16",
                "--precision: 'f16' is not one of f64, f32",
            ),
            ("train --seed 1 --seed 2", "--seed is given twice; try"),
        ] {
            let words = ["metaplast"].into_iter().chain(typed.split(' '));
            let error = Cli::try_parse_from(words).err().expect(typed);
            let message = message(&error);
            assert!(message.starts_with(told), "{message}");
            assert_eq!(message.lines().count(), 1);
        }
    }
}
