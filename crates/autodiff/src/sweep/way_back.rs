//! How a sweep back finds matrices as they were.
//!
//! Updates are taken back one by one, or replayed: the tape has the vectors of every
//! update, so a matrix at any time can be rebuilt from what it started as. A sweep asks
//! for the versions in falling order. A few of them are kept as checkpoints, placed so
//! that no update is replayed more often than it must be for so few (Griewank and Walther
//! 2000, "revolve"): with c checkpoints and C(c + t, c) versions or fewer, each update is
//! replayed at most t times.
//!
//! All of this is written in the algebra, as rules are. So a recorded gradient goes back
//! by the same ways, and can be differentiated again.

use lanes::{Real as _, max_or_nan};

use crate::Real;
use crate::algebra::{Change, Companions, MatrixAlgebra, MatrixId, Origin, Past};
use crate::matrix::Differences;
use crate::ops::plastic::{Fork, MatrixOp, Needs, Room, Update, groups};
use crate::program::{Action, Program};
use crate::view::Inputs;

/// Copies of a matrix that are kept on the way: with three, each of 250 updates is
/// replayed no more than ten times.
const CHECKPOINTS: usize = 3;

/// The way back of one sweep.
pub(crate) struct WayBack {
    /// Where the program ended when the sweep began; one that is recorded grows.
    end: u32,
    histories: Vec<History>,
    /// The history that a slot belongs to; None if its updates are undone.
    of_slot: Vec<Option<usize>>,
    /// How far copies that were undone ended from what they were copied from.
    residual: f64,
}

/// Matrices of which one is added to or copied from another, so that they are rebuilt
/// together; or a matrix alone.
struct History {
    slots: Vec<usize>,
    /// What each slot starts from. None for one that is made by a copy.
    starts: Vec<Option<MatrixId>>,
    /// The nodes that change them, in order.
    changes: Vec<u32>,
    /// The matrices before change k, for some k in rising order.
    checkpoints: Vec<(usize, Vec<MatrixId>)>,
    /// Memory of checkpoints to be made.
    spare: Vec<Vec<MatrixId>>,
}

impl WayBack {
    /// For the matrices that a sweep reads of a program that ends before the node `end`.
    /// What cannot be undone is replayed in any case; `replaying`: all is.
    pub(crate) fn new<A: MatrixAlgebra>(
        g: &mut A,
        end: u32,
        needs: &[Needs],
        replaying: bool,
    ) -> Self {
        let mut of_slot = vec![None; needs.len()];
        let mut histories = Vec::new();
        let mut groups = groups(g.program(), end, needs.len());
        if replaying {
            let grouped = groups.concat();
            let alone = (0..needs.len()).filter(|slot| !grouped.contains(slot));
            groups.extend(alone.map(|slot| vec![slot]).collect::<Vec<_>>());
        }
        for slots in groups {
            let changes = changes(g.program(), end, &slots);
            let read = slots.iter().any(|slot| needs[*slot].read);
            if !read || changes.is_empty() || (!replaying && can_be_undone(g.program(), &changes)) {
                continue;
            }
            // What never changes is what it was.
            let changing = slots.into_iter().filter(|slot| needs[*slot].changed);
            let slots: Vec<usize> = changing.collect();
            for slot in &slots {
                of_slot[*slot] = Some(histories.len());
            }
            let starts = slots
                .iter()
                .map(|slot| MatrixId(*slot as u32))
                .map(|slot| (g.origin(slot) != Origin::Fork).then(|| g.start(slot)))
                .collect();
            histories.push(History {
                slots,
                starts,
                changes,
                checkpoints: Vec::with_capacity(CHECKPOINTS),
                spare: Vec::with_capacity(CHECKPOINTS),
            });
        }
        WayBack {
            end,
            histories,
            of_slot,
            residual: 0.0,
        }
    }

    /// Whether the updates of a slot are replayed.
    fn replays(&self, slot: usize) -> bool {
        self.of_slot[slot].is_some()
    }

    /// Brings matrices from the end of the program to just after the node `loss`;
    /// `rebuilt`: those to be replayed are not what they are at the end.
    pub(crate) fn arrive<A: MatrixAlgebra>(
        &mut self,
        g: &mut A,
        (loss, rebuilt): (u32, bool),
        matrices: &mut [Companions<A::Value>],
        room: &mut Room<A::Value>,
    ) {
        for node in (loss + 1..self.end).rev() {
            if let Some(slot) = changed(g.program(), node)
                && !self.replays(slot)
                && matrices[slot].read
            {
                undo(g, node, matrices, room);
            }
        }
        for history in &mut self.histories {
            let version = history.changes.partition_point(|change| *change <= loss);
            if rebuilt || version < history.changes.len() {
                history.load(g, version, matrices, room);
            }
        }
    }

    /// Brings a matrix to what it was before the node that changed it, which comes next on
    /// the way back.
    pub(crate) fn before<A: MatrixAlgebra>(
        &mut self,
        g: &mut A,
        node: u32,
        matrices: &mut [Companions<A::Value>],
        room: &mut Room<A::Value>,
    ) {
        let Some(slot) = changed(g.program(), node) else {
            return;
        };
        match self.of_slot[slot] {
            Some(history) => {
                let history = &mut self.histories[history];
                if let Ok(version) = history.changes.binary_search(&node) {
                    history.load(g, version, matrices, room);
                }
            }
            None if matrices[slot].read => {
                if let Action::Matrix(MatrixOp::Fork(fork)) =
                    g.program().nodes[node as usize].action
                {
                    let (w, v) = (matrices[slot], matrices[fork.v.index()].w);
                    let off = g.differences(w.w, Past::Matrix(v)).relative() * w.shrunk;
                    self.residual = max_or_nan(self.residual, off);
                }
                undo(g, node, matrices, room);
            }
            None => {}
        }
    }

    /// How far the matrices that were undone ended from what they started as, in relation
    /// to what they started as, or to the first update where that was zero; 0 if all were
    /// replayed. NaN if a number is not finite.
    pub(crate) fn residual<A: MatrixAlgebra>(
        &self,
        g: &mut A,
        needs: &[Needs],
        matrices: &[Companions<A::Value>],
    ) -> f64 {
        let mut residual = self.residual;
        for (slot, w) in (0_u32..).zip(matrices).map(|(i, w)| (MatrixId(i), w)) {
            if !w.read || !needs[slot.index()].changed || self.replays(slot.index()) {
                continue;
            }
            if A::RECORDS {
                // Derivatives of what was recorded pass through every division on the way
                // back, and cancel after it: rounding is multiplied with them.
                residual = max_or_nan(residual, w.grown * A::Real::EPSILON.to_f64());
            }
            if g.origin(slot) != Origin::Fork {
                let mut off = g.differences(w.w, Past::Start(slot));
                if off.lacks_sizes() {
                    add_sizes(g.program(), self.end, slot, &mut off);
                }
                residual = max_or_nan(residual, off.relative() * w.shrunk);
            }
        }
        residual
    }
}

/// Sizes from the updates of a slot, the first that hit a row or column.
fn add_sizes<T: Real>(program: &Program<T>, end: u32, slot: MatrixId, off: &mut Differences) {
    for node in &program.nodes[..end as usize] {
        if let Action::Matrix(MatrixOp::Update(update)) = node.action
            && update.w == slot
        {
            let inputs = program.inputs_of(node);
            for i in (update.first()..inputs.len()).step_by(3) {
                let factor = inputs.get(i).scalar();
                off.add_sizes(factor, inputs.get(i + 1), inputs.operand(i + 2));
            }
        }
    }
}

impl History {
    /// Sets the matrices to version k, that before change k.
    fn load<A: MatrixAlgebra>(
        &mut self,
        g: &mut A,
        k: usize,
        matrices: &mut [Companions<A::Value>],
        room: &mut Room<A::Value>,
    ) {
        while let Some(passed) = self.checkpoints.pop_if(|(at, _)| *at > k) {
            self.spare.push(passed.1);
        }
        let last = self.checkpoints.last();
        let mut now = last.map_or(0, |(at, _)| *at);
        for (i, slot) in self.slots.iter().enumerate() {
            let from = last.map_or(self.starts[i], |(_, copies)| Some(copies[i]));
            if let Some(from) = from {
                g.fork(matrices[*slot].w, from);
            }
        }
        while now < k {
            let left = CHECKPOINTS - self.checkpoints.len();
            let next = now + stride(k - now, left);
            for change in &self.changes[now..next] {
                if let Action::Matrix(op) = g.program().nodes[*change as usize].action {
                    op.again(&mut Change {
                        algebra: g,
                        node: *change,
                        matrices,
                        room,
                    });
                    g.end_of_rule();
                }
            }
            now = next;
            if now < k && left > 0 {
                let w = self.slots.iter().map(|slot| matrices[*slot].w);
                let copies = self
                    .spare
                    .pop()
                    .unwrap_or_else(|| w.clone().map(|w| g.like(w)).collect());
                for (copy, w) in copies.iter().zip(w) {
                    g.fork(*copy, w);
                }
                self.checkpoints.push((now, copies));
            }
        }
    }
}

/// Takes back what a node did.
fn undo<A: MatrixAlgebra>(
    g: &mut A,
    node: u32,
    matrices: &mut [Companions<A::Value>],
    room: &mut Room<A::Value>,
) {
    if let Action::Matrix(op) = g.program().nodes[node as usize].action {
        op.undo(&mut Change {
            algebra: g,
            node,
            matrices,
            room,
        });
        g.end_of_rule();
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

/// The slot that a node changes.
fn changed<T: Real>(program: &Program<T>, node: u32) -> Option<usize> {
    let changes = program.nodes[node as usize].action.changes();
    changes.map(MatrixId::index)
}

/// The nodes before `end` that change one of some slots, in order.
fn changes<T: Real>(program: &Program<T>, end: u32, slots: &[usize]) -> Vec<u32> {
    let changes = |node: &u32| changed(program, *node).is_some_and(|slot| slots.contains(&slot));
    (0..end).filter(changes).collect()
}

/// Whether all changes can be undone: they are updates, or the copies that a matrix
/// begins with.
fn can_be_undone<T: Real>(program: &Program<T>, changes: &[u32]) -> bool {
    let mut begun: Vec<MatrixId> = Vec::new();
    changes
        .iter()
        .all(|node| match program.nodes[*node as usize].action {
            Action::Matrix(MatrixOp::Update(Update { w, .. })) => {
                if !begun.contains(&w) {
                    begun.push(w);
                }
                true
            }
            Action::Matrix(MatrixOp::Fork(Fork { w, .. })) => {
                let first = !begun.contains(&w);
                begun.push(w);
                first
            }
            _ => false,
        })
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
