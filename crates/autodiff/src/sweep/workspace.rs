//! Memory that sweeps leave to the next sweep.

use super::evaluator::{Pool, Ref};
use crate::Real;
use crate::matrix::Store;
use crate::plastic::Slot;

/// Memory that sweeps leave to the next sweep.
#[derive(Debug)]
pub(crate) struct Workspace<T> {
    pub(super) pool: Pool<T>,
    pub(super) spare: Spare<T>,
    pub(crate) adjoints: Vec<Option<Ref>>,
}

/// Matrices that nobody uses.
#[derive(Debug)]
pub(super) struct Spare<T>(Vec<Store<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Spare(Vec::new())
    }
}

impl<T: Real> Spare<T> {
    /// A store of the given size with arbitrary numbers.
    pub(super) fn take(&mut self, post: usize, pre: usize) -> Store<T> {
        let fits = |store: &Store<T>| store.dim() == (post, pre);
        match self.0.iter().position(fits) {
            Some(found) => self.0.swap_remove(found),
            None => Store::zeros(post, pre),
        }
    }

    pub(super) fn keep(&mut self, store: Store<T>) {
        self.0.push(store);
    }
}

impl<T> Default for Workspace<T> {
    fn default() -> Self {
        Workspace {
            pool: Pool::default(),
            spare: Spare::default(),
            adjoints: Vec::new(),
        }
    }
}

impl<T: Real> Workspace<T> {
    /// A store of the given size with arbitrary numbers.
    pub(crate) fn store(&mut self, post: usize, pre: usize) -> Store<T> {
        self.spare.take(post, pre)
    }

    pub(crate) fn keep(&mut self, store: Store<T>) {
        self.spare.keep(store);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.pool.bytes()
            + self.spare.0.iter().map(Store::bytes).sum::<usize>()
            + self.adjoints.capacity() * size_of::<Option<Ref>>()
    }

    /// Keeps the stores of all slots but the first `count`.
    pub(crate) fn recycle(&mut self, slots: &mut Vec<Slot<T>>, count: usize) {
        for slot in slots.drain(count..) {
            self.keep(slot.store);
            if let Some(initial) = slot.initial {
                self.keep(initial);
            }
        }
    }
}
