//! PNG from SVG, with a font of our own, so that it looks the same on any machine.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, fontdb};

/// Pixels of the picture for one of the drawing's.
const ZOOM: f32 = 2.0;

/// Why a drawing could not become a picture.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The SVG is damaged.
    #[error("not a drawing: {0}")]
    Svg(#[from] usvg::Error),
    /// The drawing is empty, or larger than memory.
    #[error("a picture of {width} x {height} pixels cannot be made")]
    Size {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The picture cannot be encoded.
    #[error("cannot be encoded: {0}")]
    Encoding(String),
}

/// The picture of an SVG file, twice as many pixels each way as it has units.
///
/// # Errors
/// If `svg` is no drawing, or too large a one.
pub fn from_svg(svg: &str) -> Result<Vec<u8>, PngError> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.load_font_data(dejavu::sans::bold().to_vec());
        Arc::new(fonts)
    });
    let options = Options {
        fontdb: Arc::clone(fonts),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size().scale_by(ZOOM);
    let size = size.unwrap_or_else(|| tree.size().to_int_size());
    let (width, height) = (size.width(), size.height());
    let mut picture = Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    resvg::render(
        &tree,
        Transform::from_scale(ZOOM, ZOOM),
        &mut picture.as_mut(),
    );
    picture
        .encode_png()
        .map_err(|error| PngError::Encoding(error.to_string()))
}
