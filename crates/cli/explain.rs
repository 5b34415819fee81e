//! stub
use crate::failure::Failure;
/// x
#[derive(clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(_: Args) -> Result<(), Failure> {
    Ok(())
}
