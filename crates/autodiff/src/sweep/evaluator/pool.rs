//! Buffers for the values of a sweep.

use crate::Real;
use crate::shape::Shape;
use crate::support::Support;

/// A value: of the program, or of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref(pub(super) u32);

impl Ref {
    const POOL: u32 = 1 << 31;

    pub(super) fn of_program(index: u32) -> Self {
        assert!(index < Self::POOL, "fewer than 2³¹ values");
        Ref(index)
    }

    pub(super) fn of_pool(index: usize) -> Self {
        Ref(index as u32 | Self::POOL)
    }

    pub(super) fn pool_index(self) -> Option<usize> {
        (self.0 & Self::POOL != 0).then_some((self.0 & !Self::POOL) as usize)
    }
}

/// A value of a sweep.
#[derive(Debug)]
pub(super) struct PoolValue<T> {
    pub(super) data: Vec<T>,
    pub(super) shape: Shape,
    pub(super) support: Support,
    /// How many adjoints hold it.
    pub(super) holders: u32,
    /// Which of the lists of free buffers it belongs to.
    size: usize,
}

/// The free buffers of one length.
#[derive(Debug)]
struct Free {
    len: usize,
    indices: Vec<u32>,
}

/// Buffers for values, kept by length.
#[derive(Debug)]
pub(in crate::sweep) struct Pool<T> {
    pub(super) values: Vec<PoolValue<T>>,
    free: Vec<Free>,
    /// Made since the last rule ended.
    pub(super) fresh: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool {
            values: Vec::new(),
            free: Vec::new(),
            fresh: Vec::new(),
        }
    }
}

impl<T: Real> Pool<T> {
    pub(in crate::sweep) fn bytes(&self) -> usize {
        let of_value = |value: &PoolValue<T>| size_of_val(value) + size_of_val(&value.data[..]);
        self.values.iter().map(of_value).sum()
    }

    /// A buffer for a value; its content is arbitrary.
    pub(super) fn take(&mut self, shape: Shape, support: Support) -> usize {
        let len = shape.len();
        let size = match self.free.iter().position(|free| free.len == len) {
            Some(size) => size,
            None => {
                let indices = Vec::new();
                self.free.push(Free { len, indices });
                self.free.len() - 1
            }
        };
        let index = match self.free[size].indices.pop() {
            Some(index) => {
                let value = &mut self.values[index as usize];
                (value.shape, value.support) = (shape, support);
                index as usize
            }
            None => {
                self.values.push(PoolValue {
                    data: vec![T::ZERO; len],
                    shape,
                    support,
                    holders: 0,
                    size,
                });
                self.values.len() - 1
            }
        };
        self.fresh.push(index as u32);
        index
    }

    pub(super) fn give_back(&mut self, index: u32) {
        let size = self.values[index as usize].size;
        self.free[size].indices.push(index);
    }

    pub(super) fn end_of_rule(&mut self) {
        while let Some(index) = self.fresh.pop() {
            if self.values[index as usize].holders == 0 {
                self.give_back(index);
            }
        }
    }

    /// Takes back every buffer.
    pub(super) fn reset(&mut self) {
        self.fresh.clear();
        for free in &mut self.free {
            free.indices.clear();
        }
        for index in 0..self.values.len() {
            self.values[index].holders = 0;
            self.give_back(index as u32);
        }
    }
}
