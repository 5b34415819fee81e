//! Images and labels in memory.

use sha2::{Digest as _, Sha256};

use crate::{DataError, Split, checksum::hex};

/// One split of a set of grey images with labels, all of it in memory, upright.
#[derive(Clone, Debug)]
pub struct Dataset {
    name: String,
    split: Split,
    synthetic: bool,
    origin: String,
    reference: String,
    checksum: String,
    height: usize,
    width: usize,
    images: Vec<u8>,
    labels: Vec<u8>,
    by_class: Vec<Vec<u32>>,
}

impl Dataset {
    /// A set made of arrays in memory, for tests and synthetic data.
    ///
    /// `images` holds `labels.len()` images of `height × width` bytes, each row-major and upright.
    ///
    /// # Errors
    /// [`DataError::Parts`] when the lengths do not fit, [`DataError::Empty`] without images.
    pub fn from_parts(
        name: impl Into<String>,
        split: Split,
        height: usize,
        width: usize,
        images: Vec<u8>,
        labels: Vec<u8>,
    ) -> Result<Dataset, DataError> {
        let name = name.into();
        let fits = height > 0
            && width > 0
            && height
                .checked_mul(width)
                .and_then(|pixels| pixels.checked_mul(labels.len()))
                == Some(images.len());
        if !fits {
            return Err(DataError::Parts {
                name,
                images: images.len(),
                labels: labels.len(),
                height,
                width,
            });
        }
        if labels.is_empty() {
            return Err(DataError::Empty { name });
        }
        let sum = Sha256::new().chain_update(&images).chain_update(&labels);
        let largest = labels.iter().max().map_or(0, |&label| usize::from(label));
        let mut by_class = vec![Vec::new(); largest + 1];
        for (i, &label) in (0u32..).zip(&labels) {
            by_class[usize::from(label)].push(i);
        }
        Ok(Dataset {
            reference: name.clone(),
            name,
            split,
            synthetic: false,
            origin: "memory".to_owned(),
            checksum: hex(&sum.finalize()),
            height,
            width,
            images,
            labels,
            by_class,
        })
    }

    /// The same set, read from somewhere.
    pub(crate) fn with_origin(self, origin: String, reference: String) -> Dataset {
        Dataset {
            origin,
            reference,
            ..self
        }
    }

    /// The same set, marked as drawn by this crate.
    pub(crate) fn built_in(self) -> Dataset {
        Dataset {
            synthetic: true,
            origin: "built in".to_owned(),
            ..self
        }
    }

    /// Swaps rows and columns of every image. The checksum stays: it is that of the bytes as stored.
    pub(crate) fn transposed(mut self) -> Dataset {
        let (h, w) = (self.height, self.width);
        let mut stored = vec![0; h * w];
        for image in self.images.chunks_exact_mut(h * w) {
            stored.copy_from_slice(image);
            for (y, row) in image.chunks_exact_mut(h).enumerate() {
                for (x, pixel) in row.iter_mut().enumerate() {
                    *pixel = stored[x * w + y];
                }
            }
        }
        (self.height, self.width) = (w, h);
        self
    }

    /// The name it was opened by, such as `emnist-balanced`, or one made from its files' names.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The half of the set this is.
    #[must_use]
    pub fn split(&self) -> Split {
        self.split
    }

    /// Whether the images were drawn by this program rather than by people.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.synthetic
    }

    /// The files it was read from, or `built in`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What opens this set again, whatever the working directory: its name, if it was found by
    /// name in a folder that is searched for names from everywhere, else an absolute path.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// SHA-256 of all image bytes followed by all label bytes, decoded, in the order and
    /// orientation in which they are stored; 64 lower-case hex digits. It is what a set is known
    /// by: moving, renaming or compressing its files anew keeps it.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never true: a set without images is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Image height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Image width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels of an image, `height × width`.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// How many different labels there are: 26 of `emnist-letters`, which run from 1 to 26.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.labels_in_use().count()
    }

    /// The labels that occur, in ascending order.
    pub fn labels_in_use(&self) -> impl Iterator<Item = usize> {
        let classes = self.by_class.iter().enumerate();
        classes
            .filter(|(_, images)| !images.is_empty())
            .map(|(label, _)| label)
    }

    /// The largest label. An output layer needs a unit for each from 0 to it.
    #[must_use]
    pub fn largest_label(&self) -> usize {
        self.by_class.len() - 1
    }

    /// Image `i`, row-major and upright, `pixels()` bytes from 0 (background) to 255 (ink).
    ///
    /// # Panics
    /// When `i` is not below `len()`.
    #[must_use]
    #[track_caller]
    pub fn image(&self, i: usize) -> &[u8] {
        assert!(i < self.len(), "image {i} of a set of {}", self.len());
        let pixels = self.pixels();
        &self.images[i * pixels..(i + 1) * pixels]
    }

    /// All images, one after the other as [`Dataset::image`] gives them, and their labels.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<u8>) {
        (self.images, self.labels)
    }

    /// Label of image `i`.
    ///
    /// # Panics
    /// When `i` is not below `len()`.
    #[must_use]
    #[track_caller]
    pub fn label(&self, i: usize) -> usize {
        assert!(i < self.len(), "label {i} of a set of {}", self.len());
        usize::from(self.labels[i])
    }

    /// Indices of the images with a label, in file order; empty if none has it.
    #[must_use]
    pub fn of_class(&self, label: usize) -> &[u32] {
        self.by_class.get(label).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_by_three() -> Dataset {
        Dataset::from_parts("t", Split::Test, 2, 3, (0..12).collect(), vec![2, 0]).unwrap()
    }

    #[test]
    fn classes_are_the_labels_that_occur_and_indexed_in_file_order() {
        // As EMNIST Letters, whose labels leave out 0.
        let labels = vec![3, 1, 3];
        let set = Dataset::from_parts("t", Split::Train, 1, 1, vec![9; 3], labels).unwrap();
        assert_eq!((set.classes(), set.largest_label()), (2, 3));
        assert_eq!(set.labels_in_use().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(set.of_class(3), [0, 2]);
        for none in [0, 2, 99] {
            assert!(set.of_class(none).is_empty());
        }
    }

    #[test]
    fn transposing_swaps_rows_and_columns_and_keeps_the_checksum() {
        let stored = two_by_three();
        let upright = stored.clone().transposed();
        assert_eq!((upright.height(), upright.width()), (3, 2));
        assert_eq!(upright.image(0), [0, 3, 1, 4, 2, 5]);
        assert_eq!(upright.image(1), [6, 9, 7, 10, 8, 11]);
        assert_eq!(upright.checksum(), stored.checksum());
    }

    #[test]
    fn checksum_is_sha256_of_images_then_labels() {
        let set = Dataset::from_parts("t", Split::Test, 1, 1, b"ab".to_vec(), b"c!".to_vec());
        assert_eq!(set.unwrap().checksum(), hex(&Sha256::digest(b"abc!")));
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused_in_one_line() {
        let error = Dataset::from_parts("t", Split::Test, 2, 2, vec![0; 7], vec![0; 2]);
        let text = error.unwrap_err().to_string();
        assert_eq!(
            text,
            "t: 7 image bytes for 2 labels, should be labels x 2 x 2"
        );
    }

    #[test]
    #[should_panic(expected = "image 2 of a set of 2")]
    fn an_index_out_of_range_panics_with_both_numbers() {
        let _ = two_by_three().image(2);
    }
}
