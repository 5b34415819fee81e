//! The plastic matrices of a sweep: the tape's own, and those the sweep makes.

use crate::Real;
use crate::algebra::MatrixId;
use crate::matrix::Store;
use crate::plastic::Slot;

/// Matrices by number: first the tape's slots, then the sweep's own.
#[derive(Debug)]
pub(crate) struct Matrices<'a, T> {
    pub(crate) slots: &'a mut [Slot<T>],
    pub(super) own: Vec<Store<T>>,
}

impl<T: Real> Matrices<'_, T> {
    /// The tape's matrix of a slot.
    pub(crate) fn of_slot(&self, slot: usize) -> MatrixId {
        MatrixId(slot as u32)
    }

    /// Adds a matrix of the sweep's own.
    pub(crate) fn add(&mut self, store: Store<T>) -> MatrixId {
        self.own.push(store);
        MatrixId((self.slots.len() + self.own.len() - 1) as u32)
    }

    pub(crate) fn get(&mut self, w: MatrixId) -> &mut Store<T> {
        let index = w.0 as usize;
        match index.checked_sub(self.slots.len()) {
            None => &mut self.slots[index].store,
            Some(own) => &mut self.own[own],
        }
    }

    /// A matrix, and the initial value of the slot that it stands for.
    pub(super) fn with_initial(
        &mut self,
        w: MatrixId,
        slot: usize,
    ) -> (&mut Store<T>, Option<&Store<T>>) {
        let own = (w.0 as usize).checked_sub(self.slots.len());
        let Slot { store, initial, .. } = &mut self.slots[slot];
        let w = match own {
            None => store,
            Some(own) => &mut self.own[own],
        };
        (w, initial.as_ref())
    }

    /// Two different matrices.
    pub(super) fn two(&mut self, a: MatrixId, b: MatrixId) -> (&mut Store<T>, &mut Store<T>) {
        let first = self.slots.len();
        let (a, b) = (a.0 as usize, b.0 as usize);
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
