//! How a program tells people things, in one place so that it tells them everywhere in
//! the same way: names that are nearly right, commands to type, durations, counts; and what
//! pages are made with.

mod command;
mod count;
mod duration;
mod nearest;
mod number;
mod one_line;
mod page;

pub use command::command;
pub use count::count;
pub use duration::duration;
pub use nearest::{did_you_mean, nearest};
pub use number::number;
pub use one_line::one_line;
pub use page::{DOM, fill};
