//! Ctrl-C, and the polite way to end a program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::{Failure, STOPPED};

/// A flag that Ctrl-C and termination requests set. The second Ctrl-C ends the program at
/// once; further termination requests do nothing, since a scheduler may well send more than
/// one, to a job's every process and by way of its shell. A hang-up is left as it is, so
/// that `nohup` works.
pub(crate) fn stop_on_request() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let register = || -> io::Result<()> {
        // In this order: by the time it sees the first Ctrl-C, the flag is not yet set.
        flag::register_conditional_shutdown(SIGINT, STOPPED.into(), Arc::clone(&stop))?;
        flag::register(SIGINT, Arc::clone(&stop))?;
        flag::register(SIGTERM, Arc::clone(&stop)).map(|_| ())
    };
    register().map_err(|error| Failure::Run(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(stop)
}
