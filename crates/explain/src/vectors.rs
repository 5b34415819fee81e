//! The vectors of every step, packed into text.
//!
//! Numbers become 32-bit floats, the bytes of equal weight stand side by side (signs
//! and exponents repeat, mantissas do not), and all is deflated and written in base 85.
//! The browser takes it apart in `assets/data.js`.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use meta::Setting;
use model::VectorValue;
use model::language::Name;
use serde::Serialize;

use crate::{Moment, Unrolled};

/// Digits of base 85: none of them means anything in HTML.
const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?_~,()[]{}@%$#";

/// Arrays in text, and what it takes to read them.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) text: String,
    pub(crate) directory: Directory,
}

/// What stands where.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Directory {
    alphabet: &'static str,
    /// Bytes of the deflated stream; the text may have up to three more.
    bytes: usize,
    arrays: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize)]
struct Entry {
    name: String,
    rows: usize,
    columns: usize,
    /// Bytes in units of 1/255 instead of floats.
    pixels: bool,
}

#[derive(Default)]
struct Packer {
    bytes: Vec<u8>,
    arrays: Vec<Entry>,
}

impl Packer {
    fn floats<'a>(&mut self, name: String, rows: impl Iterator<Item = &'a [f64]>) {
        let mut numbers = Vec::new();
        let mut count = 0;
        for row in rows {
            numbers.extend(row.iter().map(|x| (*x as f32).to_le_bytes()));
            count += 1;
        }
        for weight in 0..4 {
            self.bytes.extend(numbers.iter().map(|bytes| bytes[weight]));
        }
        self.arrays.push(Entry {
            name,
            rows: count,
            columns: numbers.len() / count.max(1),
            pixels: false,
        });
    }

    /// Pixels p/255.
    fn pixels(&mut self, name: String, numbers: &[f64], columns: usize) {
        let byte = |x: &f64| (x * 255.0).round() as u8;
        self.bytes.extend(numbers.iter().map(byte));
        self.arrays.push(Entry {
            name,
            rows: numbers.len() / columns,
            columns,
            pixels: true,
        });
    }

    fn finish(self) -> Packed {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(&self.bytes);
        let deflated = written.and_then(|()| encoder.finish());
        let deflated = deflated.expect("writing to memory does not fail");
        Packed {
            text: base85(&deflated),
            directory: Directory {
                alphabet: std::str::from_utf8(ALPHABET).expect("the digits are ASCII"),
                bytes: deflated.len(),
                arrays: self.arrays,
            },
        }
    }
}

/// Five digits for four bytes, the most significant first; zeros fill the last four.
fn base85(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(4) * 5);
    for chunk in bytes.chunks(4) {
        let mut four = [0; 4];
        four[..chunk.len()].copy_from_slice(chunk);
        let value = u32::from_be_bytes(four);
        for power in [85_u32.pow(4), 85_u32.pow(3), 85_u32.pow(2), 85, 1] {
            text.push(ALPHABET[(value / power % 85) as usize].into());
        }
    }
    text
}

/// All that the page rebuilds W and Λ from: the first W, for each step the image, y, e,
/// and what the adjoints of z, v and Wᵀe are, and the query images' y and dL/dz. What
/// follows from these by W (v = Wᵀy) is left out.
pub(crate) fn pack(setting: &Setting<f64>, unrolled: &Unrolled) -> Packed {
    let mut packer = Packer::default();
    let state = &setting.state;
    let pixels = state.w[0].ncols();
    packer.pixels("y0".to_owned(), &setting.train.x, pixels);
    packer.pixels("qy0".to_owned(), &setting.query.x, pixels);
    let moments = &unrolled.moments;
    for (l, w) in (1..).zip(&state.w) {
        let w = w.as_standard_layout();
        let rows = w.rows().into_iter().map(|row| row.to_slice());
        let rows: Vec<&[f64]> = rows.map(|row| row.expect("rows are slices")).collect();
        packer.floats(format!("W{l}"), rows.into_iter());
        packer.floats(format!("y{l}"), moments.iter().map(|m| m.y[l].as_slice()));
        packer.floats(
            format!("dz{l}"),
            moments.iter().map(|m| m.dz[l - 1].as_slice()),
        );
        let read = |m: &'_ Moment, wanted: Name| {
            let found = m.reads[l - 1].iter().position(|(name, _)| *name == wanted);
            found.map(|i| m.reads[l - 1][i].1.clone())
        };
        let optional: [(&str, &Derivative<'_>); 4] = [
            ("dWy", &|m| read(m, Name::BackActivity)),
            ("dWe", &|m| read(m, Name::BackError)),
            ("dWe-", &|m| read(m, Name::ForwardError)),
            ("du", &|m| m.du[l - 1].clone()),
        ];
        for (name, of) in optional {
            let rows: Vec<Vec<f64>> = moments.iter().filter_map(of).collect();
            if !rows.is_empty() {
                packer.floats(format!("{name}{l}"), rows.iter().map(Vec::as_slice));
            }
        }
        for label in own_vectors(&moments[0], l - 1) {
            let rows = moments.iter().filter_map(|m| vector(m, l - 1, &label));
            packer.floats(format!("{label}@{l}"), rows);
        }
        let (y, dz) = &unrolled.query[l - 1];
        let rows = |m: &ndarray::Array2<f64>| -> Vec<Vec<f64>> {
            m.rows().into_iter().map(|row| row.to_vec()).collect()
        };
        let dz = rows(dz);
        packer.floats(format!("qdz{l}"), dz.iter().map(Vec::as_slice));
        if l > 1 {
            let y = rows(y);
            packer.floats(format!("qy{}", l - 1), y.iter().map(Vec::as_slice));
        }
    }
    for l in 0..=state.w.len() {
        let rows: Vec<&[f64]> = moments.iter().filter_map(|m| m.e[l].as_deref()).collect();
        if !rows.is_empty() {
            packer.floats(format!("e{l}"), rows.into_iter());
        }
    }
    packer.finish()
}

/// A derivative that a moment may have.
type Derivative<'a> = dyn Fn(&Moment) -> Option<Vec<f64>> + 'a;

/// What the page can rebuild of a product's vectors.
const REBUILT: [&str; 6] = ["y", "e", "y-", "e-", "W'y", "1"];

fn vectors(moment: &Moment, l: usize) -> impl Iterator<Item = &VectorValue> {
    let products = moment.terms[l].iter().flat_map(|(_, term)| &term.products);
    products.flat_map(|product| [&product.post, &product.pre])
}

/// The names of a layer's vectors that the page cannot rebuild.
fn own_vectors(moment: &Moment, l: usize) -> BTreeSet<String> {
    let labels = vectors(moment, l).map(|vector| vector.label.clone());
    labels
        .filter(|label| !REBUILT.contains(&label.as_str()))
        .collect()
}

fn vector<'m>(moment: &'m Moment, l: usize, label: &str) -> Option<&'m [f64]> {
    let mut known = vectors(moment, l);
    known
        .find(|vector| vector.label == label)
        .map(|vector| &*vector.numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_85_keeps_all_bytes_and_uses_no_character_of_html() {
        let bytes: Vec<u8> = (0..=255).chain([255, 255, 255, 255, 7]).collect();
        let text = base85(&bytes);
        assert!(!text.contains(['<', '>', '&', '"', '\'', '\\']));
        let digit = |c: u8| ALPHABET.iter().position(|d| *d == c).expect("a digit") as u64;
        let back = text.as_bytes().chunks(5).flat_map(|five| {
            let value = five.iter().fold(0, |v, c| v * 85 + digit(*c));
            u32::try_from(value).expect("four bytes").to_be_bytes()
        });
        let back: Vec<u8> = back.collect();
        assert_eq!(back[..bytes.len()], bytes);
    }

    #[test]
    fn the_digits_differ() {
        let mut digits = ALPHABET.to_vec();
        digits.sort_unstable();
        digits.dedup();
        assert_eq!(digits.len(), 85);
    }
}
