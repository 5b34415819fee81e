//! Figures.
mod axis;
pub mod draw;
mod figure;
mod palette;
mod png;
pub mod stats;
mod trials;
pub use figure::*;
pub use palette::Colour;
pub use trials::*;
pub use png::*;
