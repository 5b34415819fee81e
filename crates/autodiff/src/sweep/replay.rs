//! Going back in time by replaying updates from checkpoints, where taking them back
//! would lose digits.
//!
//! The tape has the vectors of every update, so a matrix at any time can be rebuilt
//! from its initial value. A sweep asks for the versions in falling order. A few of them
//! are kept as checkpoints, placed so that no update is replayed more often than it must
//! be for so few (Griewank and Walther 2000, "revolve"): with c checkpoints and
//! C(c + t, c) versions or fewer, each update is replayed at most t times.

use super::{Needs, Workspace};
use crate::Real;
use crate::matrix::Store;
use crate::plastic::{Origin, PlasticOp, Slot};
use crate::program::{Action, Program};
use crate::view::{Operand, Tensor};

/// Copies of a matrix that are kept on the way: with three, each of 250 updates is
/// replayed no more than ten times.
const CHECKPOINTS: usize = 3;

/// Earlier versions of the plastic matrices of a program.
pub(crate) struct Replay<T> {
    histories: Vec<History<T>>,
}

struct History<T> {
    slot: usize,
    /// The nodes that update this matrix, in order.
    updates: Vec<u32>,
    /// The matrix before update k, for some k in rising order.
    checkpoints: Vec<(usize, Store<T>)>,
    /// Memory of checkpoints to be made.
    spare: Vec<Store<T>>,
}

impl<T: Real> Replay<T> {
    /// For the matrices that the sweep reads, with memory of `workspace`. Those that
    /// recorded gradients made are left to be undone.
    pub(crate) fn new(
        program: &Program<T>,
        slots: &[Slot<T>],
        needs: &[Needs],
        workspace: &mut Workspace<T>,
    ) -> Self {
        let mut of = |slot: usize| {
            let Store { post, pre, .. } = slots[slot].store;
            History {
                slot,
                updates: updates(program, slot),
                checkpoints: Vec::with_capacity(CHECKPOINTS),
                spare: (0..CHECKPOINTS)
                    .map(|_| workspace.store(post, pre))
                    .collect(),
            }
        };
        let replayed = |slot: &usize| slots[*slot].origin == Origin::Plastic && needs[*slot].read;
        Replay {
            histories: (0..slots.len()).filter(replayed).map(&mut of).collect(),
        }
    }

    /// The slot that the update `node` changes, if its matrix is replayed.
    pub(crate) fn slot_of(&self, node: u32) -> Option<usize> {
        let mut histories = self.histories.iter();
        let history = histories.find(|history| history.updates.binary_search(&node).is_ok())?;
        Some(history.slot)
    }

    /// Sets `w`, the matrix of `slot`, to what it was before the update `node`. Each call
    /// asks for an earlier time than the last.
    pub(crate) fn rewind(
        &mut self,
        program: &Program<T>,
        (slot, node): (usize, u32),
        initial: &Store<T>,
        w: &mut Store<T>,
    ) {
        for history in self.histories.iter_mut().filter(|h| h.slot == slot) {
            if let Ok(version) = history.updates.binary_search(&node) {
                history.load(program, version, initial, w);
            }
        }
    }

    /// Sets the tape's own matrices to what they are after all updates.
    pub(crate) fn restore(&mut self, program: &Program<T>, slots: &mut [Slot<T>]) {
        for history in &mut self.histories {
            let Slot { store, initial, .. } = &mut slots[history.slot];
            if let Some(initial) = initial {
                history.load(program, history.updates.len(), initial, store);
            }
        }
    }

    /// Hands the memory back.
    pub(crate) fn finish(self, workspace: &mut Workspace<T>) {
        for history in self.histories {
            let checkpoints = history.checkpoints.into_iter().map(|(_, store)| store);
            for store in checkpoints.chain(history.spare) {
                workspace.keep(store);
            }
        }
    }
}

impl<T: Real> History<T> {
    /// Sets `w` to version k, that before update k.
    fn load(&mut self, program: &Program<T>, k: usize, initial: &Store<T>, w: &mut Store<T>) {
        while let Some(passed) = self.checkpoints.pop_if(|(at, _)| *at > k) {
            self.spare.push(passed.1);
        }
        let (mut now, from) = match self.checkpoints.last() {
            Some((at, store)) => (*at, store),
            None => (0, initial),
        };
        w.copy_from(from);
        while now < k {
            let next = now + stride(k - now, CHECKPOINTS - self.checkpoints.len());
            for update in &self.updates[now..next] {
                apply(program, *update, w);
            }
            now = next;
            if now < k
                && let Some(mut store) = self.spare.pop()
            {
                store.copy_from(w);
                self.checkpoints.push((now, store));
            }
        }
    }
}

/// How many updates to replay before the next checkpoint, where all versions up to the
/// one after `updates` of them are going to be asked for, and `left` checkpoints are left.
fn stride(updates: usize, left: usize) -> usize {
    if left == 0 {
        return updates;
    }
    // C(left + t, left) for rising t, and the one before it.
    let (mut now, mut before, mut t) = (1, 1, 0);
    while now <= updates {
        t += 1;
        (before, now) = (now, now * (left + t) / t);
    }
    before.min(updates)
}

/// The nodes that update the matrix of a slot, in order.
fn updates<T: Real>(program: &Program<T>, slot: usize) -> Vec<u32> {
    let changes = |node: &u32| match program.nodes[*node as usize].action {
        Action::Plastic(PlasticOp::Update { slot: of, .. }) => of as usize == slot,
        _ => false,
    };
    (0..program.nodes.len() as u32).filter(changes).collect()
}

/// Runs the update recorded as `node` on `w`.
fn apply<T: Real>(program: &Program<T>, node: u32, w: &mut Store<T>) {
    let Action::Plastic(PlasticOp::Update { scaled, .. }) = program.nodes[node as usize].action
    else {
        unreachable!("histories hold updates")
    };
    let inputs = program.nodes[node as usize].inputs as usize;
    let tensor = |i: usize| {
        let index = program.input(node, i).index;
        Tensor {
            shape: program.nodes[index as usize].shape,
            data: program.value(index),
        }
    };
    let operand = |i: usize| {
        let support = program.nodes[program.input(node, i).index()].support;
        Operand {
            tensor: tensor(i),
            on: program.supports.coordinates(support),
        }
    };
    w.begin_update(scaled.then(|| tensor(0).scalar()));
    let first = usize::from(scaled);
    let terms = (first..inputs).step_by(3);
    w.add_terms(terms.map(|i| (tensor(i).scalar(), tensor(i + 1), operand(i + 2))));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most often that any of `updates` is replayed while all versions are loaded,
    /// from the last to the first, with `left` checkpoints to make.
    fn most(updates: usize, left: usize) -> usize {
        if updates == 0 || left == 0 {
            return updates;
        }
        let first = stride(updates, left);
        let earlier = 1 + most(first - 1, left);
        earlier.max(most(updates - first, left - 1))
    }

    #[test]
    fn no_update_is_replayed_more_often_than_the_best_places_of_checkpoints_allow() {
        // C(3 + 10, 3) = 286 and C(3 + 9, 3) = 220 versions; C(3 + 38, 3) = 10,660.
        assert_eq!(most(250, 3), 10);
        assert_eq!(most(285, 3), 10);
        assert_eq!(most(219, 3), 9);
        assert_eq!(most(10_000, 3), 38);
        assert_eq!(most(10, 0), 10);
    }
}
