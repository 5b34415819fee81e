//! Buffers for the values of a sweep.

use crate::Real;
use crate::shape::Shape;
use crate::support::Support;

/// A value of a sweep.
#[derive(Debug)]
pub(super) struct PoolValue<T> {
    pub(super) data: Vec<T>,
    pub(super) shape: Shape,
    pub(super) support: Support,
    /// How many adjoints hold it.
    pub(super) holders: u32,
}

/// Buffers for values, kept by length.
#[derive(Debug)]
pub(in crate::sweep) struct Pool<T> {
    pub(super) values: Vec<PoolValue<T>>,
    free: Vec<(usize, Vec<u32>)>,
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
        let reused = self
            .free
            .iter_mut()
            .find(|(n, _)| *n == len)
            .and_then(|(_, f)| f.pop());
        let index = match reused {
            Some(index) => {
                let value = &mut self.values[index as usize];
                (value.shape, value.support) = (shape, support);
                index as usize
            }
            None => {
                let data = vec![T::ZERO; len];
                self.values.push(PoolValue {
                    data,
                    shape,
                    support,
                    holders: 0,
                });
                self.values.len() - 1
            }
        };
        self.fresh.push(index as u32);
        index
    }

    pub(super) fn give_back(&mut self, index: u32) {
        let len = self.values[index as usize].data.len();
        match self.free.iter_mut().find(|(n, _)| *n == len) {
            Some((_, list)) => list.push(index),
            None => self.free.push((len, vec![index])),
        }
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
        for (_, list) in &mut self.free {
            list.clear();
        }
        for index in 0..self.values.len() {
            self.values[index].holders = 0;
            self.give_back(index as u32);
        }
    }
}
