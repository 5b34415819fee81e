//! `glyphs`: characters drawn from a seed, for a first run with nothing to download.
//!
//! The 47 classes are those of EMNIST Balanced, in its order; see [`CHARACTERS`]. The images are
//! synthetic and far easier than handwriting, so results on them say little about the paper's.

mod draw;
mod strokes;
mod traced;
mod warp;

pub use traced::{Drawing, traced};

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::{Dataset, Split};

/// What the 47 labels stand for, in order: as in EMNIST Balanced and ByMerge.
pub const CHARACTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt";

/// Images of each class in either split; EMNIST Balanced has as many in its test split.
const PER_CLASS: usize = 400;

/// Height and width of an image, in pixels.
const SIDE: usize = 28;

/// Draws a split of the built-in set: 47 classes × 400 images of 28 × 28, class by class in turn
/// (0, 1, …, 46, 0, 1, …).
///
/// Image `i` of a class depends on `(seed, split, class, i)` alone, and the same arguments give
/// the same bytes on any machine: only operations that IEEE 754 fixes to the last bit are used,
/// sines and cosines come from a portable library.
///
/// # Panics
/// Never, as the shapes are fixed here.
#[must_use]
pub fn glyphs(split: Split, seed: u64) -> Dataset {
    of_first(strokes::STROKES.len(), "glyphs", (split, seed))
}

/// The ten digits of [`glyphs`] alone, by the same images; named `glyphs-digits`.
///
/// # Panics
/// Never, as the shapes are fixed here.
#[must_use]
pub fn glyph_digits(split: Split, seed: u64) -> Dataset {
    of_first(10, "glyphs-digits", (split, seed))
}

/// The first `classes` classes.
fn of_first(classes: usize, name: &str, (split, seed): (Split, u64)) -> Dataset {
    let strokes = strokes::STROKES[..classes].iter();
    let skeletons: Vec<_> = strokes.map(|s| warp::skeleton(s)).collect();
    let mut images = vec![0; PER_CLASS * classes * SIDE * SIDE];
    let mut labels = Vec::with_capacity(PER_CLASS * classes);
    for (n, image) in images.chunks_exact_mut(SIDE * SIDE).enumerate() {
        let (index, class) = (n / classes, n % classes);
        let mut rng = stream(seed, split, class, index);
        let (paths, pen) = warp::vary(&skeletons[class], &mut rng);
        draw::draw(&paths, pen, image);
        // 47 classes fit a byte.
        labels.push(class as u8);
    }
    Dataset::from_parts(name, split, SIDE, SIDE, images, labels)
        .expect("the lengths above are products of the same numbers")
        .built_in()
}

/// The random stream of one image, apart from that of every other. The numbers of a training
/// run are keyed in the same form, and so not apart from these; see `meta::stream`.
fn stream(seed: u64, split: Split, class: usize, index: usize) -> ChaCha8Rng {
    let half = match split {
        Split::Train => 0,
        Split::Test => 1,
    };
    let mut key = [0; 32];
    let words = [seed, half, class as u64, index as u64];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_strokes_and_four_hundred_images() {
        assert_eq!(CHARACTERS.len(), strokes::STROKES.len());
        let set = glyphs(Split::Test, 0);
        assert_eq!((set.classes(), set.len()), (47, 18_800));
        assert!((0..47).all(|class| set.of_class(class).len() == 400));
        assert!(set.is_synthetic());
        assert_eq!(set.origin(), "built in");
    }

    #[test]
    fn the_digits_alone_are_those_among_all_characters() {
        let (all, digits) = (glyphs(Split::Test, 3), glyph_digits(Split::Test, 3));
        assert_eq!((digits.classes(), digits.len()), (10, 4000));
        for class in 0..10 {
            let pairs = all.of_class(class).iter().zip(digits.of_class(class));
            for (of_all, of_digits) in pairs {
                assert_eq!(
                    all.image(*of_all as usize),
                    digits.image(*of_digits as usize)
                );
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_on_any_machine() {
        // Computed once on x86-64; any other machine must agree.
        let sums = [
            glyphs(Split::Test, 0).checksum().to_owned(),
            glyphs(Split::Train, 0).checksum().to_owned(),
        ];
        assert_eq!(
            sums,
            [
                "f8ad5e5eaaf1382c11863e221f59882c0e225fee5bdde5a5e006c8318a96df84",
                "4af81e129d7907b6789ec70e7608636dcfea1f8cff63bc7a7c8d1d513f95471b"
            ]
        );
    }

    #[test]
    fn seed_and_split_change_every_image() {
        let sets = [
            glyphs(Split::Test, 0),
            glyphs(Split::Train, 0),
            glyphs(Split::Test, 1),
        ];
        for i in 0..47 {
            assert_ne!(sets[0].image(i), sets[1].image(i));
            assert_ne!(sets[0].image(i), sets[2].image(i));
            assert_ne!(sets[0].image(i), sets[0].image(i + 47));
        }
    }

    #[test]
    fn as_sparse_as_emnist_with_full_ink_and_a_clear_border() {
        let set = glyphs(Split::Test, 0);
        let mut zeros = 0;
        for i in 0..set.len() {
            let image = set.image(i);
            zeros += image.iter().filter(|&&p| p == 0).count();
            assert!(image.iter().any(|&p| p > 200), "image {i}");
            let corners = [0, SIDE - 1, SIDE * (SIDE - 1), SIDE * SIDE - 1];
            assert!(corners.iter().all(|&c| image[c] == 0), "image {i}");
        }
        let share = zeros as f64 / (set.len() * set.pixels()) as f64;
        assert!((0.60..0.75).contains(&share), "{share}");
    }
}
