//! Ctrl-C, and the polite way to end a program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::{Failure, STOPPED};

/// A flag that the first Ctrl-C or termination request sets; the second ends the program
/// at once. A hang-up is left as it is, so that `nohup` works.
pub(crate) fn stop_on_request() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let register = |signal| -> io::Result<()> {
        // In this order: by the time it sees the first signal, the flag is not yet set.
        flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop)).map(|_| ())
    };
    [SIGINT, SIGTERM]
        .into_iter()
        .try_for_each(register)
        .map_err(|error| Failure::Run(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(stop)
}
