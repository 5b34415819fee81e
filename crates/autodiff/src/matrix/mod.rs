//! Matrices that are changed lazily. Nothing here knows of a tape.

mod applied;
mod columns;
mod differences;
mod pass;
mod signed;
mod store;
mod waiting;

pub(crate) use differences::Differences;
pub(crate) use pass::{MAX_PRODUCTS, Walk};
pub(crate) use store::Store;
