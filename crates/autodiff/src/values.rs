//! The numbers of a program's values, one value behind the other.

use std::ops::Range;

use crate::Real;

/// Numbers in a row. What was forgotten stays behind them as it is, to be written over, so
/// that a program which is recorded again and again finds its memory ready.
#[derive(Debug)]
pub(crate) struct Values<T> {
    numbers: Vec<T>,
    used: usize,
}

impl<T: Real> Values<T> {
    pub(crate) fn new() -> Self {
        Values {
            numbers: Vec::new(),
            used: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Forgets all but the first `len` numbers.
    pub(crate) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.used);
        self.used = len;
    }

    /// Makes room for exactly so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        let missing = (self.used + more).saturating_sub(self.numbers.len());
        self.numbers.reserve_exact(missing);
    }

    /// Adds `more` numbers with arbitrary content, and returns those before and them.
    pub(crate) fn add(&mut self, more: usize) -> (&[T], &mut [T]) {
        let start = self.used;
        self.used += more;
        if self.used > self.numbers.len() {
            self.numbers.resize(self.used, T::ZERO);
        }
        let (before, added) = self.numbers[..self.used].split_at_mut(start);
        (before, added)
    }

    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> &[T] {
        debug_assert!(range.end <= self.used, "only what is recorded is read");
        &self.numbers[range]
    }
}
