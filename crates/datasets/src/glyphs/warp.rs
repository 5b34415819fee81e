//! From a class's strokes to one writer's version of them.

use rand_chacha::rand_core::Rng;

use super::{SIDE, strokes::Stroke};

/// A point: x to the right, y down.
pub(super) type Point = [f32; 2];

/// Pieces of a pen's path are at most this long, in units of the character's size, so that they
/// bend with the warp.
const PIECE: f32 = 0.16;

/// The longer side of a character, and the radius of its pen, in pixels, before they vary.
const SIZE: f32 = 19.0;
const PEN: f32 = 1.45;

/// Degrees of an arc that one straight piece stands for.
const DEGREES: f32 = 22.5;

/// A class's strokes as polylines in a unit box around the origin.
pub(super) fn skeleton(strokes: &[Stroke]) -> Vec<Vec<Point>> {
    boxed(strokes.iter().map(flatten).collect())
}

/// Polylines, in short pieces and moved into a unit box around the origin; not all of their
/// points are the same.
pub(super) fn traced(paths: &[Vec<Point>]) -> Vec<Vec<Point>> {
    let paths = paths.iter().filter(|path| !path.is_empty()).cloned();
    let mut paths: Vec<_> = boxed(paths.collect()).iter().map(|p| pieces(p)).collect();
    for dot in paths.iter_mut().filter(|path| path.len() == 1) {
        dot.push(dot[0]);
    }
    boxed(paths)
}

fn boxed(mut paths: Vec<Vec<Point>>) -> Vec<Vec<Point>> {
    fit(&mut paths, 1.0);
    paths
}

fn flatten(stroke: &Stroke) -> Vec<Point> {
    match *stroke {
        Stroke::Line(points) => {
            let points: Vec<Point> = points.iter().map(|(x, y)| [*x, *y]).collect();
            pieces(&points)
        }
        Stroke::Arc(cx, cy, rx, ry, from, to) => {
            let pieces = ((to - from).abs() / DEGREES).ceil();
            let point = |k: usize| {
                let angle = (from + (to - from) * (k as f32 / pieces)).to_radians();
                [cx + rx * libm::cosf(angle), cy + ry * libm::sinf(angle)]
            };
            (0..=pieces as usize).map(point).collect()
        }
    }
}

/// The same line with more points.
fn pieces(points: &[Point]) -> Vec<Point> {
    let mut path = vec![points[0]];
    for pair in points.windows(2) {
        let ([x0, y0], [x1, y1]) = (pair[0], pair[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let pieces = ((dx * dx + dy * dy).sqrt() / PIECE).ceil();
        for k in 1..=pieces as usize {
            let t = k as f32 / pieces;
            path.push([x0 + t * dx, y0 + t * dy]);
        }
    }
    path
}

/// Moves the middle of the box around all points to the origin and scales its longer side to `size`.
fn fit(paths: &mut [Vec<Point>], size: f32) {
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for point in paths.iter().flatten() {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let scale = size / (high[0] - low[0]).max(high[1] - low[1]);
    for point in paths.iter_mut().flatten() {
        for axis in 0..2 {
            point[axis] = (point[axis] - 0.5 * (low[axis] + high[axis])) * scale;
        }
    }
}

/// One version of a skeleton, in pixels of the image, and the pen's radius in pixels.
///
/// The points are moved by a smooth random warp rather than each for itself, so that strokes
/// that meet stay joined; then stretched, slanted, rotated, scaled to a random size and shifted.
pub(super) fn vary(skeleton: &[Vec<Point>], rng: &mut impl Rng) -> (Vec<Vec<Point>>, f32) {
    let mut grid = [[[0.0; 2]; 3]; 3];
    for node in grid.iter_mut().flatten() {
        *node = [within(rng, 0.14), within(rng, 0.14)];
    }
    let stretch = 1.0 + within(rng, 0.18);
    let slant = within(rng, 0.28);
    let angle = within(rng, 0.18); // radians, about 10 degrees
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let size = SIZE + within(rng, 2.0);
    let shift = [within(rng, 1.5), within(rng, 1.5)];
    let pen = PEN + within(rng, 0.4);

    let mut paths = skeleton.to_vec();
    for point in paths.iter_mut().flatten() {
        let [x, y] = warped(*point, &grid);
        let x = stretch * x - slant * y;
        *point = [cos * x - sin * y, sin * x + cos * y];
    }
    (placed(paths, size, shift), pen)
}

/// A skeleton without any variation, as [`vary`].
pub(super) fn plain(skeleton: &[Vec<Point>]) -> (Vec<Vec<Point>>, f32) {
    (placed(skeleton.to_vec(), SIZE, [0.0; 2]), PEN)
}

/// At its size in the middle of the image, but for a shift.
fn placed(mut paths: Vec<Vec<Point>>, size: f32, shift: Point) -> Vec<Vec<Point>> {
    fit(&mut paths, size);
    let middle = SIDE as f32 / 2.0;
    for point in paths.iter_mut().flatten() {
        point[0] += middle + shift[0];
        point[1] += middle + shift[1];
    }
    paths
}

/// Displacement by a 3 × 3 grid of vectors, blended by quadratic Bernstein weights.
fn warped([x, y]: Point, grid: &[[Point; 3]; 3]) -> Point {
    let weights = |t: f32| [(1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t];
    let (across, down) = (weights(x + 0.5), weights(y + 0.5));
    let mut moved = [x, y];
    for (row, wy) in grid.iter().zip(down) {
        for (node, wx) in row.iter().zip(across) {
            moved[0] += wy * wx * node[0];
            moved[1] += wy * wx * node[1];
        }
    }
    moved
}

/// Uniform in `-bound..bound`, from the top 24 bits of one word: exact in f32, and not subject
/// to how a library's next version draws floats.
fn within(rng: &mut impl Rng, bound: f32) -> f32 {
    let unit = (rng.next_u32() >> 8) as f32 / (1 << 24) as f32;
    bound * (2.0 * unit - 1.0)
}
