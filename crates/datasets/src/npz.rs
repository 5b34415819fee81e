//! Archives of NumPy arrays in the layout of Keras' `mnist.npz`: `x_train`, `y_train`, `x_test`
//! and `y_test`.
//!
//! Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

/// Images and labels of one split.
pub(crate) struct Arrays {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) images: Vec<u8>,
    pub(crate) labels: Vec<u8>,
}

#[cfg(not(feature = "npz"))]
pub(crate) use absent::labels;
#[cfg(feature = "npz")]
pub(crate) use reading::labels;

/// Without the feature no archive can be read, which is said rather than guessed at.
#[cfg(not(feature = "npz"))]
mod absent {
    use std::path::Path;

    use super::Arrays;
    use crate::{DataError, Split};

    pub(crate) fn labels(path: &Path, _: Split) -> Result<Vec<u8>, DataError> {
        Err(DataError::Npz {
            path: path.to_owned(),
            problem:
                "cannot be read by this build, should be IDX files; build with the feature npz"
                    .to_owned(),
        })
    }

    impl Arrays {
        pub(crate) fn read(path: &Path, split: Split) -> Result<Arrays, DataError> {
            labels(path, split).map(|labels| Arrays {
                height: 0,
                width: 0,
                images: Vec::new(),
                labels,
            })
        }
    }
}

#[cfg(feature = "npz")]
mod reading {
    use std::{fs::File, io::BufReader, io::Read, path::Path};

    use npyz::{DType, Endianness, NpyFile, Order, TypeChar, TypeStr};
    use zip::{ZipArchive, result::ZipError};

    use super::Arrays;
    use crate::{DataError, MAX_SIDE, Split, idx::MAX_DATA, locate};

    /// Labels of a split, as bytes.
    pub(crate) fn labels(path: &Path, split: Split) -> Result<Vec<u8>, DataError> {
        Archive::open(path)?.labels(split)
    }

    impl Arrays {
        /// Reads a split.
        pub(crate) fn read(path: &Path, split: Split) -> Result<Arrays, DataError> {
            let mut archive = Archive::open(path)?;
            let labels = archive.labels(split)?;
            let (shape, images) = archive.images(split)?;
            if shape[0] != labels.len() as u64 {
                return Err(archive.wrong(format!(
                    "y_{split} has {} labels, should have {}, one for each image of x_{split}",
                    labels.len(),
                    shape[0]
                )));
            }
            Ok(Arrays {
                // Sides are at most 1024.
                height: shape[1] as usize,
                width: shape[2] as usize,
                images,
                labels,
            })
        }
    }

    /// An array with its elements as they are stored.
    struct Array {
        shape: Vec<u64>,
        element: TypeStr,
        bytes: Vec<u8>,
    }

    struct Archive<'a> {
        path: &'a Path,
        zip: ZipArchive<BufReader<File>>,
    }

    impl Archive<'_> {
        fn open(path: &Path) -> Result<Archive<'_>, DataError> {
            let fail = |source| DataError::Io {
                path: path.to_owned(),
                action: "open",
                source,
            };
            let file = BufReader::new(File::open(path).map_err(fail)?);
            let zip = ZipArchive::new(file).map_err(|error| DataError::Npz {
                path: path.to_owned(),
                problem: format!(
                    "{error}, should be an archive of NumPy arrays; get the file anew"
                ),
            })?;
            Ok(Archive { path, zip })
        }

        fn wrong(&self, problem: String) -> DataError {
            DataError::Npz {
                path: self.path.to_owned(),
                problem,
            }
        }

        /// Reads an array, whose header is not believed before its bytes have come.
        fn array(&mut self, name: &str, split: Split) -> Result<Array, DataError> {
            let path = self.path;
            let wrong = |problem: String| DataError::Npz {
                path: path.to_owned(),
                problem: format!("{name}: {problem}"),
            };
            let damaged = |error: std::io::Error| {
                wrong(format!(
                    "{error}, should be a whole NumPy array; get the file anew"
                ))
            };
            let other_split = self
                .zip
                .file_names()
                .any(|name| matches!(name, Ok(name) if name.starts_with("x_")));
            let mut member = match self.zip.by_name(&format!("{name}.npy")) {
                Ok(member) => member,
                Err(ZipError::FileNotFound) if other_split => {
                    return Err(locate::no_split(path, split));
                }
                Err(ZipError::FileNotFound) => {
                    return Err(wrong(
                        "there is no such array, should be x_train, y_train, x_test and y_test"
                            .to_owned(),
                    ));
                }
                Err(error) => {
                    return Err(wrong(format!("{error}, should be in a whole zip archive")));
                }
            };
            // The length of the header, which is allocated before it is read: 2 bytes behind
            // the version in version 1, else 4.
            let mut start = Vec::new();
            member
                .by_ref()
                .take(12)
                .read_to_end(&mut start)
                .map_err(damaged)?;
            let version = start.get(6).copied().unwrap_or(1);
            if version > 1 && start.get(10..12).is_some_and(|high| high != [0, 0]) {
                return Err(wrong(
                    "claims a header of more than 65535 bytes, should be a plain array".to_owned(),
                ));
            }
            let array = NpyFile::new((&start[..]).chain(member)).map_err(damaged)?;
            let DType::Plain(element) = array.dtype() else {
                return Err(wrong("holds records, should hold numbers".to_owned()));
            };
            if array.order() == Order::Fortran && array.shape().len() > 1 {
                return Err(wrong(
                    "is stored column by column, should be saved in C order".to_owned(),
                ));
            }
            let shape = array.shape().to_vec();
            let elements = shape.iter().try_fold(1_u64, |n, side| n.checked_mul(*side));
            let length = elements.and_then(|n| n.checked_mul(element.size_field()));
            let Some(length) = length.filter(|length| *length <= MAX_DATA) else {
                return Err(wrong(format!(
                    "claims more than {MAX_DATA} bytes, should be a set of small images"
                )));
            };
            let mut bytes = Vec::new();
            let mut data = array.into_inner().take(length);
            data.read_to_end(&mut bytes).map_err(damaged)?;
            if (bytes.len() as u64) < length {
                return Err(wrong(format!(
                    "ends after {} bytes of data, should have {length}; get the file anew",
                    bytes.len()
                )));
            }
            Ok(Array {
                shape,
                element,
                bytes,
            })
        }

        /// `[images, height, width]` and the pixels.
        fn images(&mut self, split: Split) -> Result<([u64; 3], Vec<u8>), DataError> {
            let name = format!("x_{split}");
            let Array {
                shape,
                element,
                bytes,
            } = self.array(&name, split)?;
            if (element.type_char(), element.size_field()) != (TypeChar::Uint, 1) {
                return Err(self.wrong(format!(
                    "{name}: has elements of another type, should be uint8 from 0 to 255"
                )));
            }
            let sides = match shape[..] {
                [n, height, width] | [n, height, width, 1] => [n, height, width],
                _ => {
                    return Err(self.wrong(format!(
                        "{name}: has the shape {shape:?}, should be images x height x width of one grey channel"
                    )));
                }
            };
            let fits = |side: &u64| (1..=u64::from(MAX_SIDE)).contains(side);
            if !sides[1..].iter().all(fits) {
                return Err(self.wrong(format!(
                    "{name}: has images of {} x {} pixels, should be 1 to {MAX_SIDE} each way",
                    sides[1], sides[2]
                )));
            }
            Ok((sides, bytes))
        }

        /// Labels of any type of whole numbers.
        fn labels(&mut self, split: Split) -> Result<Vec<u8>, DataError> {
            let name = format!("y_{split}");
            let Array {
                shape,
                element,
                bytes,
            } = self.array(&name, split)?;
            let size = element.size_field() as usize;
            let kind = element.type_char();
            let whole = matches!(kind, TypeChar::Uint | TypeChar::Int) && (1..=8).contains(&size);
            if !whole || !matches!(shape[..], [_] | [_, 1]) {
                return Err(self.wrong(format!(
                    "{name}: has the shape {shape:?}, should be a list of whole numbers from 0 to 255"
                )));
            }
            let label = |bytes: &[u8]| {
                let (low, rest) = match element.endianness() {
                    Endianness::Big => bytes.split_last(),
                    _ => bytes.split_first(),
                }?;
                let negative = kind == TypeChar::Int && size == 1 && *low > 127;
                (!negative && rest.iter().all(|byte| *byte == 0)).then_some(*low)
            };
            let labels: Option<Vec<u8>> = bytes.chunks_exact(size).map(label).collect();
            labels.ok_or_else(|| {
                self.wrong(format!("{name}: holds a label that is not from 0 to 255"))
            })
        }
    }
}
