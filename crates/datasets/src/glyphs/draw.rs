//! A round pen along polylines, anti-aliased.

use super::{SIDE, warp::Point};

/// Width of the grey edge of a stroke, in pixels.
const EDGE: f32 = 1.8;

/// Draws `paths` (in pixels) with a pen of radius `pen` pixels into a `SIDE × SIDE` image that
/// is 0 everywhere. Ink is 255 up to `pen - EDGE/2` from a path and 0 from `pen + EDGE/2` on.
pub(super) fn draw(paths: &[Vec<Point>], pen: f32, image: &mut [u8]) {
    let reach = pen + 0.5 * EDGE;
    let mut nearest = [reach * reach; SIDE * SIDE];
    for path in paths {
        for ends in path.windows(2) {
            approach(ends[0], ends[1], reach, &mut nearest);
        }
    }
    for (pixel, squared) in image.iter_mut().zip(nearest) {
        let ink = (reach - squared.sqrt()) / EDGE;
        *pixel = (255.0 * ink.clamp(0.0, 1.0)) as u8;
    }
}

/// Lowers the squared distances of the pixels around the segment from `a` to `b`.
fn approach(a: Point, b: Point, reach: f32, nearest: &mut [f32; SIDE * SIDE]) {
    // Float to integer casts saturate, so points outside the image are harmless.
    let span = |axis: usize| {
        let first = (a[axis].min(b[axis]) - reach).floor() as usize;
        let last = (a[axis].max(b[axis]) + reach).ceil() as usize;
        first..last.min(SIDE)
    };
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length_squared = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
    for y in span(1) {
        let py = y as f32 + 0.5 - a[1];
        for x in span(0) {
            let px = x as f32 + 0.5 - a[0];
            // The foot of the perpendicular, kept on the segment.
            let t = ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0);
            let (ex, ey) = (px - t * dx, py - t * dy);
            let pixel = &mut nearest[y * SIDE + x];
            *pixel = pixel.min(ex * ex + ey * ey);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_stroke_is_full_inside_grey_at_its_edge_and_zero_outside() {
        let mut image = [0; SIDE * SIDE];
        draw(&[vec![[4.0, 10.5], [24.0, 10.5]]], 1.0, &mut image);
        let column: Vec<u8> = (8..14).map(|y| image[y * SIDE + 14]).collect();
        // Distances 2, 1, 0, 1, 2, 3; grey at 1 is (1.9 - 1) / 1.8 = one half.
        assert_eq!(column, [0, 127, 255, 127, 0, 0]);
    }

    #[test]
    fn a_stroke_that_leaves_the_image_is_cut_off() {
        let mut image = [0; SIDE * SIDE];
        draw(&[vec![[-9.0, -9.0], [50.0, 50.0]]], 1.0, &mut image);
        assert_eq!(image[0], 255);
        assert_eq!(image[SIDE * SIDE - 1], 255);
    }
}
