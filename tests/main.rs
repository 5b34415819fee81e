//! The command as a whole, as a user meets it, and what it is built from.
//!
//! One program: what takes long to link is linked once.

// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

mod bad_bytes;
mod book;
mod data;
mod durability;
mod episode;
mod explain;
#[path = "../crates/explain/tests/browser/harness.rs"]
mod harness;
mod help;
mod messages;
mod parts;
mod reproduce;
mod slurm;
mod supply_chain;
mod support;
mod sweep;
mod test;
mod train;
