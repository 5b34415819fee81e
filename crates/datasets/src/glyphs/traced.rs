//! Images of characters that a user drew, varied as the built-in ones are.

use super::{SIDE, draw, stream, warp};
use crate::{DataError, Dataset, Split};

/// A character drawn by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Which character it is.
    pub label: u8,
    /// The lines that the pen drew, point by point: x to the right, y down, in any unit. A
    /// line of one point is a dot.
    pub lines: Vec<Vec<[f32; 2]>>,
}

impl Drawing {
    /// It as one image of 28 × 28, of the middle size and in the middle of it, without any
    /// variation.
    ///
    /// # Errors
    /// [`DataError::Empty`] if it has nothing to see.
    pub fn image(&self) -> Result<Vec<u8>, DataError> {
        if !self.is_visible() {
            return Err(nothing());
        }
        let mut image = vec![0; SIDE * SIDE];
        let (paths, pen) = warp::plain(&warp::traced(&self.lines));
        draw::draw(&paths, pen, &mut image);
        Ok(image)
    }

    /// Whether there is anything to see: two points that differ, all of them finite.
    fn is_visible(&self) -> bool {
        let mut points = self.lines.iter().flatten();
        let finite = |p: &[f32; 2]| p.iter().all(|x| x.is_finite());
        match points.next() {
            Some(first) => {
                finite(first) && points.clone().all(finite) && points.any(|p| p != first)
            }
            None => false,
        }
    }
}

/// A set of `copies` images of 28 × 28 of each drawing, drawing by drawing in turn. As with
/// [`glyphs`](super::glyphs) every image has a slant, size, place, pen and warp of its own,
/// and depends on the drawing, its place in the list, the seed and the split alone.
///
/// # Errors
/// [`DataError::Empty`] if there is no image, or a drawing has nothing to see.
pub fn traced(
    drawings: &[Drawing],
    copies: usize,
    (split, seed): (Split, u64),
) -> Result<Dataset, DataError> {
    if !drawings.iter().all(Drawing::is_visible) {
        return Err(nothing());
    }
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    let skeletons: Vec<_> = drawings.iter().map(|d| warp::traced(&d.lines)).collect();
    for copy in 0..copies {
        for (place, (drawing, skeleton)) in drawings.iter().zip(&skeletons).enumerate() {
            let mut rng = stream(seed, split, place, copy);
            let (paths, pen) = warp::vary(skeleton, &mut rng);
            let first = images.len();
            images.resize(first + SIDE * SIDE, 0);
            draw::draw(&paths, pen, &mut images[first..]);
            labels.push(drawing.label);
        }
    }
    Dataset::from_parts(NAME, split, SIDE, SIDE, images, labels)
}

const NAME: &str = "drawings";

fn nothing() -> DataError {
    DataError::Empty {
        name: NAME.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(label: u8, lines: &[&[[f32; 2]]]) -> Drawing {
        let lines = lines.iter().map(|line| line.to_vec()).collect();
        Drawing { label, lines }
    }

    #[test]
    fn a_drawing_of_a_line_is_an_image_of_a_line_wherever_and_however_large_it_was_drawn() {
        let small = drawing(7, &[&[[3.0, 3.0], [4.0, 5.0]]]);
        let large = drawing(7, &[&[[30.0, 100.0], [130.0, 300.0]]]);
        let of = |drawing| traced(&[drawing], 3, (Split::Test, 0)).unwrap();
        let (small, large) = (of(small), of(large));
        assert_eq!((small.len(), small.label(2)), (3, 7));
        for i in 0..3 {
            let differs = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 1;
            assert!(!small.image(i).iter().zip(large.image(i)).any(differs));
            let ink = small.image(i).iter().filter(|p| **p > 127).count();
            // About 20 pixels long and 3 wide.
            assert!((30..110).contains(&ink), "{ink}");
        }
        assert_ne!(small.image(0), small.image(1));
    }

    #[test]
    fn a_drawing_by_itself_is_upright_in_the_middle() {
        let image = drawing(1, &[&[[5.0, 0.0], [5.0, 9.0]]]).image().unwrap();
        for (i, pixel) in image.iter().enumerate() {
            let (row, column) = (i / SIDE, i % SIDE);
            let mirrored = image[(SIDE - 1 - row) * SIDE + SIDE - 1 - column];
            assert!(pixel.abs_diff(mirrored) <= 1);
            assert!(*pixel < 128 || (3..25).contains(&row) && (12..16).contains(&column));
        }
    }

    #[test]
    fn drawings_take_turns_and_what_cannot_be_seen_is_refused() {
        let one = drawing(1, &[&[[0.0, 0.0], [0.0, 9.0]]]);
        let dotted = drawing(2, &[&[[0.0, 0.0]], &[[5.0, 0.0], [5.0, 9.0]]]);
        let set = traced(&[one.clone(), dotted], 2, (Split::Test, 0)).unwrap();
        let labels: Vec<usize> = (0..4).map(|i| set.label(i)).collect();
        assert_eq!(labels, [1, 2, 1, 2]);
        for bad in [
            drawing(0, &[]),
            drawing(0, &[&[[1.0, 1.0], [1.0, 1.0]]]),
            drawing(0, &[&[[1.0, f32::NAN], [2.0, 1.0]]]),
        ] {
            assert!(traced(&[one.clone(), bad.clone()], 2, (Split::Test, 0)).is_err());
            assert!(bad.image().is_err());
        }
        assert!(traced(&[], 2, (Split::Test, 0)).is_err());
    }
}
