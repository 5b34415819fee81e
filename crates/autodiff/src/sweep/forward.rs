//! Forward mode: directional derivatives, carried along the recorded program.

use super::{Evaluator, Needs};
use crate::algebra::{Algebra, Tangent};
use crate::plastic::{self, Companions, Origin, Room};
use crate::program::Action;
use crate::{Real, Tape, Var};

/// # Forward mode
impl<T: Real> Tape<T> {
    /// The derivative of each value of `of` in one direction: the tangents of the
    /// variables in `along` are given, those of all others are 0. One slice for each
    /// value of `of`, row by row.
    ///
    /// Plastic matrices are replayed from their initial values together with their
    /// tangents, so nothing is undone: this is an independent check of reverse mode,
    /// and the cheaper way if there are few directions and many values.
    ///
    /// # Panics
    /// If a direction does not have as many numbers as its variable, or something is
    /// not of this tape.
    #[track_caller]
    pub fn tangent(&mut self, of: &[Var], along: &[(Var, &[T])]) -> Vec<Vec<T>> {
        for (x, direction) in along {
            let shape = self.shape_of(*x);
            assert!(
                direction.len() == shape.len(),
                "a direction for a value of shape {shape} needs {} numbers, got {}",
                shape.len(),
                direction.len()
            );
        }
        let last = of.iter().map(|y| y.index()).max().unwrap_or(0);
        for y in of {
            self.check(*y);
        }
        let mut profile = self.profile.as_mut();
        if let Some(profile) = &mut profile {
            profile.resume();
        }
        let workspace = &mut self.workspace;
        let mut g = Evaluator::new(&self.program, &mut self.slots, workspace, None);
        let needs = Needs {
            read: true,
            inner: false,
        };
        let mut matrices = Vec::new();
        for slot in 0..g.matrices.slots.len() {
            let matrix = &mut g.matrices.slots[slot];
            if matrix.origin == Origin::Fixed {
                let w = g.matrices.of_slot(slot);
                matrices.push(Companions::new(w, None, needs));
                continue;
            }
            let mut w = workspace.store(matrix.store.post, matrix.store.pre);
            let mut zeros = workspace.store(matrix.store.post, matrix.store.pre);
            match &mut matrix.initial {
                Some(initial) => w.copy_from(initial),
                None => w.set_zero(),
            }
            zeros.set_zero();
            let (w, zeros) = (g.matrices.add(w), g.matrices.add(zeros));
            matrices.push(Companions::new(w, Some(zeros), needs));
        }
        let mut tangents = vec![None; self.program.nodes.len()];
        for (x, direction) in along {
            let shape = self.program.nodes[x.index()].shape;
            tangents[x.index()] = Some(g.hold(shape, direction));
        }
        if let Some(profile) = &mut profile {
            profile.prepared();
        }
        let mut room = Room::default();
        for node in 0..=last as u32 {
            let mut cx = Tangent {
                algebra: &mut g,
                node,
                tangents: &mut tangents,
            };
            let action = self.program.nodes[node as usize].action;
            match action {
                Action::Input => continue,
                Action::Pure(op) if op.is_differentiable() => op.tangent(&mut cx),
                Action::Pure(_) => continue,
                Action::Plastic(op) => plastic::tangent(op, &mut cx, &matrices, &mut room),
            }
            g.end_of_rule();
            if let Some(profile) = &mut profile {
                profile.swept(action);
            }
        }
        let result = of
            .iter()
            .map(|y| match tangents[y.index()] {
                Some(tangent) => g.numbers(tangent).to_vec(),
                None => vec![T::ZERO; self.program.nodes[y.index()].shape.len()],
            })
            .collect();
        g.finish(&mut self.workspace);
        result
    }
}
