//! Sets of columns of a matrix.

use crate::support::{Coordinates, list_bits, words_for};

/// A set of columns.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// All there are.
    dense: bool,
    bits: Vec<u64>,
}

impl Columns {
    pub(super) fn none(pre: usize) -> Self {
        Columns {
            dense: false,
            bits: vec![0; words_for(pre)],
        }
    }

    pub(super) fn clear(&mut self) {
        self.dense = false;
        self.bits.fill(0);
    }

    pub(super) fn add(&mut self, on: Coordinates<'_>) {
        match on {
            None => self.dense = true,
            Some(on) => self.add_bits(on.bits),
        }
    }

    pub(super) fn add_all(&mut self, other: &Columns) {
        self.dense |= other.dense;
        self.add_bits(&other.bits);
    }

    fn add_bits(&mut self, bits: &[u64]) {
        for (word, more) in self.bits.iter_mut().zip(bits) {
            *word |= more;
        }
    }

    /// Writes the columns to `list` in increasing order; `None` stands for all.
    pub(super) fn listed<'l>(&self, list: &'l mut Vec<u32>) -> Option<&'l [u32]> {
        if self.dense {
            return None;
        }
        list.clear();
        list_bits(&self.bits, list);
        Some(list)
    }
}
