//! Image sets for Metaplast: finding, checking, reading and fetching IDX files, and glyphs that
//! are built in.
//!
//! Features, none of them on by default: `fetch` downloads published sets, `npz` reads archives
//! of NumPy arrays in Keras' layout.
//!
//! ```
//! use datasets::{Split, open};
//!
//! let set = open("glyphs", Split::Test)?;
//! assert_eq!((set.classes(), set.height(), set.width()), (47, 28, 28));
//! let first_a = set.of_class(10)[0] as usize;
//! assert_eq!(set.label(first_a), 10);
//! assert_eq!(set.image(first_a).len(), set.pixels());
//! # Ok::<(), datasets::DataError>(())
//! ```

mod catalog;
mod checksum;
mod dataset;
mod error;
#[cfg(feature = "fetch")]
mod fetch;
mod glyphs;
mod gzip;
mod idx;
mod load;
mod locate;
mod npz;
mod roots;
mod split;

pub use catalog::{EMNIST_SPLITS, known_names};
pub use checksum::file_md5;
pub use dataset::Dataset;
pub use error::DataError;
#[cfg(feature = "fetch")]
pub use fetch::{Content, Cut, Download, Fetched, Member, Progress, Source, fetch};
pub use glyphs::{CHARACTERS, Drawing, glyph_digits, glyphs, traced};
pub use idx::{Kind, MAX_SIDE};
pub use load::{Summary, open, open_default, open_default_in, open_in, read, summary};
pub use locate::{Located, emnist_sets_in, find, located, names_in};
pub use roots::{Roots, default_target};
pub use split::Split;
