//! Rule cards: one page about a meta-learned rule. What it says, what it came to, what each
//! term is worth, where it works, what it costs, and how to repeat it.
//!
//! | file | what |
//! |---|---|
//! | `plan.rs` | which tests a finished run's card needs |
//! | `measured.rs` | carrying them out |
//! | `tables.rs` | what came out, in tables |
//! | `page.rs` | the card, as HTML and as Markdown |

mod measured;
mod page;
mod plan;
mod tables;

pub use page::Card;
pub use plan::{Ask, Plan, named_or_found};
