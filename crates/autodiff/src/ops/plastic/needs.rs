//! What a sweep back needs of matrices, found before it starts.

use crate::Real;
use crate::algebra::MatrixId;
use crate::program::{Action, Program};

/// What a sweep back from a loss needs of a plastic matrix.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// The matrix as it was at earlier times.
    pub(crate) read: bool,
    /// ⟨Λ, W⟩, followed through time.
    pub(crate) inner: bool,
    /// It changes at some time, so that a sweep must not go back in it for good.
    pub(crate) changed: bool,
    /// The derivative of a scale is wanted.
    pub(super) scale_wanted: bool,
    /// ⟨Λ, W⟩ cannot be followed.
    pub(super) barred: bool,
}

/// A node, asked for what it needs.
pub(crate) struct Needing<'a, T> {
    program: &'a Program<T>,
    node: u32,
    needs: &'a mut [Needs],
}

impl<T: Real> Needing<'_, T> {
    /// Whether the adjoint of input `i` is wanted.
    pub(super) fn wants(&self, i: usize) -> bool {
        let input = self.program.input(self.node, i);
        self.program.nodes[input.index()].active
    }

    /// Input `i`, a scalar.
    pub(super) fn number(&self, i: usize) -> f64 {
        let input = self.program.input(self.node, i);
        self.program.value(input.index)[0].to_f64()
    }

    pub(super) fn of(&mut self, w: MatrixId) -> &mut Needs {
        &mut self.needs[w.index()]
    }
}

/// What a sweep back from the node `loss` needs of each of `slots` matrices; `follow`:
/// whether ⟨Λ, W⟩ may be followed.
pub(crate) fn needs<T: Real>(
    program: &Program<T>,
    loss: u32,
    slots: usize,
    follow: bool,
) -> Vec<Needs> {
    let mut needs = vec![Needs::default(); slots];
    let end = program.nodes.len() as u32;
    for node in 0..=loss {
        if let Action::Matrix(op) = program.nodes[node as usize].action {
            op.needs(&mut Needing {
                program,
                node,
                needs: &mut needs,
            });
        }
    }
    for node in &program.nodes {
        if let Some(w) = node.action.changes() {
            needs[w.index()].changed = true;
        }
    }
    for needs in &mut needs {
        needs.inner = follow && needs.scale_wanted && !needs.barred;
        needs.read |= needs.scale_wanted && !needs.inner;
    }
    // To know one of a group at earlier times takes knowing all.
    for group in groups(program, end, slots) {
        if group.iter().any(|slot| needs[*slot].read) {
            for slot in group {
                needs[slot].read = true;
            }
        }
    }
    needs
}

/// The groups of two slots and more of which one is added to or copied from another before
/// the node `end`.
pub(crate) fn groups<T: Real>(program: &Program<T>, end: u32, slots: usize) -> Vec<Vec<usize>> {
    // To whom each slot belongs, directly or by way of others.
    let mut owner: Vec<usize> = (0..slots).collect();
    let find = |owner: &[usize], mut slot: usize| {
        while owner[slot] != slot {
            slot = owner[slot];
        }
        slot
    };
    for node in &program.nodes[..end as usize] {
        if let Action::Matrix(op) = node.action
            && let (Some(w), Some(v)) = (op.changes(), op.source())
        {
            let (a, b) = (find(&owner, w.index()), find(&owner, v.index()));
            owner[a.max(b)] = a.min(b);
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); slots];
    for slot in 0..slots {
        groups[find(&owner, slot)].push(slot);
    }
    groups.retain(|group| group.len() > 1);
    groups
}
