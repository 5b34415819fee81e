use crate::Real;
use crate::simd::WIDTH;

/// Numbers that start at a cache line, so that no sixteen of them straddle more lines
/// than they must.
#[derive(Debug, Default)]
pub(crate) struct Buffer<T> {
    numbers: Vec<T>,
    start: usize,
    chunks: usize,
}

const CACHE_LINE: usize = 64;

impl<T: Real> Buffer<T> {
    /// `chunks` times sixteen zeros.
    pub(crate) fn zeros(chunks: usize) -> Self {
        let numbers = vec![T::ZERO; chunks * WIDTH + CACHE_LINE / size_of::<T>()];
        let start = numbers.as_ptr().align_offset(CACHE_LINE);
        // `align_offset` may refuse; then the buffer is merely not aligned.
        let start = if start <= CACHE_LINE / size_of::<T>() {
            start
        } else {
            0
        };
        Buffer {
            numbers,
            start,
            chunks,
        }
    }

    pub(crate) fn chunks(&self) -> &[[T; WIDTH]] {
        self.flat().as_chunks().0
    }

    pub(crate) fn chunks_mut(&mut self) -> &mut [[T; WIDTH]] {
        self.flat_mut().as_chunks_mut().0
    }

    pub(crate) fn flat(&self) -> &[T] {
        &self.numbers[self.start..self.start + self.chunks * WIDTH]
    }

    pub(crate) fn flat_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..self.start + self.chunks * WIDTH]
    }

    pub(crate) fn bytes(&self) -> usize {
        self.numbers.len() * size_of::<T>()
    }
}
