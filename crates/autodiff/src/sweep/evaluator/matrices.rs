//! The plastic matrices of a sweep: the tape's own, and those the sweep makes.

use crate::Real;
use crate::algebra::{MatrixId, Origin};
use crate::matrix::Store;
use crate::ops::plastic::Stores;
use crate::plastic::Slot;
use crate::sweep::workspace::{Spare, Workspace};

/// Matrices by number: first the tape's slots, then the sweep's own.
#[derive(Debug)]
pub(super) struct Matrices<'a, T> {
    pub(super) slots: &'a mut [Slot<T>],
    own: Vec<Store<T>>,
    spare: Spare<T>,
    /// Slots whose initial matrices are among the sweep's own.
    lent: Vec<(usize, MatrixId)>,
}

impl<'a, T: Real> Matrices<'a, T> {
    pub(super) fn new(slots: &'a mut [Slot<T>], workspace: &mut Workspace<T>) -> Self {
        Matrices {
            slots,
            own: Vec::new(),
            spare: std::mem::take(&mut workspace.spare),
            lent: Vec::new(),
        }
    }

    /// Hands the memory back.
    pub(super) fn finish(self, workspace: &mut Workspace<T>) {
        workspace.spare = self.spare;
        let first = self.slots.len();
        for (i, store) in self.own.into_iter().enumerate() {
            match self.lent.iter().find(|(_, id)| id.index() == first + i) {
                Some((slot, _)) => self.slots[*slot].initial = Some(store),
                None => workspace.keep(store),
            }
        }
    }

    pub(super) fn get(&self, w: MatrixId) -> &Store<T> {
        match w.index().checked_sub(self.slots.len()) {
            None => &self.slots[w.index()].store,
            Some(own) => &self.own[own],
        }
    }

    /// A new matrix of the size of another, with arbitrary numbers.
    pub(super) fn like(&mut self, w: MatrixId) -> MatrixId {
        let (post, pre) = self.get(w).dim();
        let store = self.spare.take(post, pre);
        self.add(store)
    }

    fn add(&mut self, store: Store<T>) -> MatrixId {
        self.own.push(store);
        MatrixId((self.slots.len() + self.own.len() - 1) as u32)
    }

    /// What the matrix of a slot started as.
    pub(super) fn start(&mut self, slot: MatrixId) -> MatrixId {
        if let Some(initial) = self.slots[slot.index()].initial.take() {
            let id = self.add(initial);
            self.lent.push((slot.index(), id));
            return id;
        }
        debug_assert_eq!(self.slots[slot.index()].origin, Origin::Zeros);
        let zeros = self.like(slot);
        self.store(zeros).set_zero();
        zeros
    }
}

impl<T: Real> Stores<T> for Matrices<'_, T> {
    fn store(&mut self, w: MatrixId) -> &mut Store<T> {
        match w.index().checked_sub(self.slots.len()) {
            None => &mut self.slots[w.index()].store,
            Some(own) => &mut self.own[own],
        }
    }

    fn two(&mut self, a: MatrixId, b: MatrixId) -> (&mut Store<T>, &mut Store<T>) {
        let first = self.slots.len();
        let (a, b) = (a.index(), b.index());
        assert!(a != b, "a matrix is combined with another");
        match (a.checked_sub(first), b.checked_sub(first)) {
            (None, None) => {
                let [a, b] = self.slots.get_disjoint_mut([a, b]).expect("two slots");
                (&mut a.store, &mut b.store)
            }
            (None, Some(b)) => (&mut self.slots[a].store, &mut self.own[b]),
            (Some(a), None) => (&mut self.own[a], &mut self.slots[b].store),
            (Some(a), Some(b)) => {
                let [a, b] = self.own.get_disjoint_mut([a, b]).expect("two stores");
                (a, b)
            }
        }
    }
}
