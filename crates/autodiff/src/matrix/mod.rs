//! Matrices that are changed lazily. Nothing here knows of a tape.

mod applied;
mod columns;
mod differences;
mod signed;
mod store;
mod waiting;

pub(crate) use differences::Differences;
pub(crate) use store::Store;
