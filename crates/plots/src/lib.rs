//! Figures, tables and reports in HTML, drawn from the records of runs.
//!
//! Everything is computed from what runs wrote down, so that a picture can always be
//! made again. Nothing here knows the paper: which runs there are and what they should
//! show is for whoever draws.
//!
//! | file | what |
//! |---|---|
//! | `stats.rs`, `trials.rs` | means over trials, bootstrap intervals, smoothing |
//! | `figure.rs`, `table.rs` | what figures and tables show |
//! | `panels.rs` | the panels that figures are made of, from the records of a run |
//! | `axis.rs`, `palette.rs`, `draw.rs`, `png.rs` | how figures are drawn |
//! | `html/` | a page that opens offline |
//! | `run_report.rs` | the page of one run |

mod axis;
mod draw;
mod figure;
mod html;
mod palette;
pub mod panels;
mod pen;
#[cfg(feature = "png")]
mod png;
mod run_report;
pub mod stats;
mod table;
mod trials;

pub use axis::{digits, label};
pub use draw::figure as draw_svg;
pub use figure::{Axis, Curve, Figure, Level, Panel, Series};
pub use html::{Page, Section, Setting};
pub use palette::Colour;
#[cfg(feature = "png")]
pub use png::{PngError, from_svg as draw_png};
pub use run_report::write_run_report;
pub use table::Table;
pub use trials::{Trials, diverged};
