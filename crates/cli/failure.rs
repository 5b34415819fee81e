//! Why a command failed, and with which exit code.

use std::{fmt, io, process::ExitCode};

use datasets::DataError;
use meta::SettingsError;
use runs::{ConfigError, Fault, MergeError, RunError};

/// The exit code of a program that Ctrl-C has ended.
pub(crate) const STOPPED: u8 = 130;

/// Why a command ended early. Its text is one line: what is wrong, then what would be right.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Bad usage or bad input: exit code 2.
    Input(String),
    /// A run that failed, though it was asked for properly: exit code 1.
    Run(String),
    /// A run that the user stopped: exit code 130, as of a program ended by Ctrl-C.
    Stopped(String),
    /// Nothing was asked for, so the help is the answer: exit code 2, as for bad usage.
    NoCommand(String),
    /// Nobody reads standard output any more, as in `metaplast data list | head -1`. No error.
    Closed,
}

impl Failure {
    /// By whose fault it is.
    fn by(fault: Fault, message: String) -> Failure {
        match fault {
            Fault::Input => Failure::Input(message),
            Fault::Run => Failure::Run(message),
            Fault::Stopped => Failure::Stopped(message),
        }
    }

    /// 2 for bad input, 1 for a failed run, 130 for a stopped one.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Input(_) | Failure::NoCommand(_) => ExitCode::from(2),
            Failure::Run(_) => ExitCode::FAILURE,
            Failure::Stopped(_) => ExitCode::from(STOPPED),
            Failure::Closed => ExitCode::SUCCESS,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Input(message) | Failure::Run(message) | Failure::Stopped(message) => {
                f.write_str(&words::one_line(message))
            }
            Failure::NoCommand(help) => f.write_str(help),
            Failure::Closed => f.write_str("standard output was closed"),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Failure {
        RunError::from(error).into()
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Failure {
        RunError::from(error).into()
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        RunError::from(error).into()
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        Failure::by(error.fault(), error.to_string())
    }
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Failure {
        Failure::by(error.fault(), error.to_string())
    }
}

/// For writing to standard output: `writeln!(out, …)?`.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::Closed;
        }
        Failure::Run(format!("cannot write to standard output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_becomes_one() {
        let failure = Failure::Input("a\n\n  b:\r\nc\n".to_owned());
        assert_eq!(failure.to_string(), "a; b: c");
    }

    #[test]
    fn a_closed_pipe_is_not_an_error_but_a_full_disk_is() {
        let closed = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(closed, Failure::Closed));
        let full = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, Failure::Run(_)));
    }
}
