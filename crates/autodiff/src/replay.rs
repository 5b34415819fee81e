//! Going back in time by replaying updates from checkpoints, where taking them back
//! would lose digits.
//!
//! The tape has the vectors of every update, so a matrix at any time can be rebuilt
//! from its initial value. With U updates, ⌈√U⌉ checkpoints are kept, and the versions
//! between two of them while the sweep passes there.

use crate::Real;
use crate::evaluator::Workspace;
use crate::plastic::{Needs, Operand, Origin, PlasticOp, Slot, Store};
use crate::program::{Action, Program, Tensor};

/// Earlier versions of the plastic matrices of a program.
pub(crate) struct Replay<T> {
    histories: Vec<History<T>>,
}

struct History<T> {
    /// The nodes that update this matrix, in order.
    updates: Vec<u32>,
    /// Updates between two checkpoints.
    span: usize,
    /// The matrix before update 0, span, 2·span, …
    checkpoints: Vec<Store<T>>,
    /// The matrix before update `first`, `first` + 1, …
    versions: Vec<Store<T>>,
    first: usize,
}

impl<T: Real> Replay<T> {
    /// Walks through the updates once and keeps checkpoints of the matrices that are
    /// read.
    /// Matrices that recorded gradients made are left to be undone.
    pub(crate) fn new(
        program: &Program<T>,
        slots: &mut [Slot<T>],
        needs: &[Needs],
        workspace: &mut Workspace<T>,
    ) -> Self {
        let mut histories = Vec::new();
        for (slot, matrix) in slots.iter_mut().enumerate() {
            if matrix.origin != Origin::Plastic || !needs[slot].read {
                continue;
            }
            let updates: Vec<u32> = program
                .nodes
                .iter()
                .enumerate()
                .filter(|(_, node)| {
                    matches!(node.action, Action::Plastic(PlasticOp::Update { slot: s, .. }) if s as usize == slot)
                })
                .map(|(i, _)| i as u32)
                .collect();
            let span = (updates.len() as f64).sqrt().ceil().max(1.0) as usize;
            let Some(initial) = &mut matrix.initial else {
                continue;
            };
            let mut now = workspace.store(initial.post, initial.pre);
            now.copy_from(initial);
            let mut checkpoints = Vec::new();
            for (k, &node) in updates.iter().enumerate() {
                if k % span == 0 {
                    let mut checkpoint = workspace.store(now.post, now.pre);
                    checkpoint.copy_from(&now);
                    checkpoints.push(checkpoint);
                }
                apply(program, node, &mut now);
            }
            workspace.keep(now);
            histories.push(History {
                updates,
                span,
                checkpoints,
                versions: Vec::new(),
                first: 0,
            });
        }
        Replay { histories }
    }

    /// Sets `w` to what it was before the update `node`. Returns false if the matrix
    /// that `node` updates has no history.
    pub(crate) fn rewind(&mut self, program: &Program<T>, node: u32, w: &mut Store<T>) -> bool {
        for history in &mut self.histories {
            if let Ok(k) = history.updates.binary_search(&node) {
                history.load(program, k, w);
                return true;
            }
        }
        false
    }

    pub(crate) fn finish(self, workspace: &mut Workspace<T>) {
        for history in self.histories {
            for store in history.checkpoints.into_iter().chain(history.versions) {
                workspace.keep(store);
            }
        }
    }
}

impl<T: Real> History<T> {
    fn load(&mut self, program: &Program<T>, k: usize, w: &mut Store<T>) {
        let start = k / self.span * self.span;
        if self.first != start || k >= start + self.versions.len() {
            self.first = start;
            let end = (start + self.span).min(self.updates.len());
            while self.versions.len() < self.span {
                self.versions.push(Store::zeros(w.post, w.pre));
            }
            self.versions[0].copy_from(&self.checkpoints[start / self.span]);
            for i in start + 1..end {
                let (past, next) = self.versions.split_at_mut(i - start);
                let next = &mut next[0];
                next.copy_from(&past[i - start - 1]);
                apply(program, self.updates[i - 1], next);
            }
        }
        w.copy_from(&self.versions[k - start]);
    }
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
