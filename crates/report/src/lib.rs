//! Figures, tables, the paper's claims with their verdicts, and reports in HTML.
//!
//! Everything is computed from the records of runs (`metrics.csv`), so that a picture
//! can always be made again.
//!
//! | file | what |
//! |---|---|
//! | `stats.rs`, `trials.rs` | means over trials, bootstrap intervals, smoothing |
//! | `figure.rs`, `table.rs` | what figures and tables show |
//! | `axis.rs`, `palette.rs`, `draw.rs`, `png.rs` | how figures are drawn |
//! | `paper/` | the paper: experiments, figures, Table 1, claims |
//! | `verdict.rs` | how a claim is judged |
//! | `report.rs`, `run_report.rs`, `html/` | the files of a report, on the paper or on one run |

mod axis;
mod draw;
mod figure;
mod html;
mod palette;
pub mod paper;
mod png;
mod report;
mod run_report;
pub mod stats;
mod table;
mod trials;
mod verdict;

pub use draw::figure as draw_svg;
pub use figure::{Axis, Curve, Figure, Level, Panel, Series};
pub use palette::Colour;
pub use png::{PngError, from_svg as draw_png};
pub use report::{Report, Setting};
pub use run_report::write_run_report;
pub use table::Table;
pub use trials::{Trials, diverged};
pub use verdict::{Check, Claim, Outcome, Standing, Verdict};
