//! A playground for plasticity rules: one page on which coefficients are sliders, and a
//! network learns before one's eyes.
//!
//! The engine, the model and the meta-learning are those of the program, compiled to
//! WebAssembly. The page talks to them through [`Desk`]: a request is a line of JSON, and so
//! is the answer. All of that runs outside of a browser as well, and is tested there. Without
//! the feature `engine`, which is on by default, there is but the page.
//!
//! | file | what |
//! |---|---|
//! | `desk.rs` | requests and answers |
//! | `setup.rs` | what a user sets up, as settings and a rule; what is wrong with it |
//! | `images.rs` | what the network is shown |
//! | `learning.rs` | a network that learns a task image by image |
//! | `exports.rs` | the three functions that the WebAssembly module exports |
//! | `page.rs` | the page put together |
//! | `assets/` | the page, its style and scripts, and the compiled module |
//! | `build.sh` | compiles the module |

#[cfg(feature = "engine")]
mod desk;
#[cfg(feature = "engine")]
mod images;
#[cfg(feature = "engine")]
mod learning;
#[cfg(feature = "engine")]
mod setup;

#[cfg(all(feature = "engine", target_arch = "wasm32"))]
mod exports;
#[cfg(not(target_arch = "wasm32"))]
mod page;

#[cfg(feature = "engine")]
pub use desk::Desk;
#[cfg(feature = "engine")]
pub use images::Images;
#[cfg(feature = "engine")]
pub use learning::{Learning, Moment, Pairs, Worth};
#[cfg(not(target_arch = "wasm32"))]
pub use page::{module, page};
#[cfg(feature = "engine")]
pub use setup::{Setup, Trouble};
