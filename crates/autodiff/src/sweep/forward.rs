//! Forward mode: directional derivatives, carried along the recorded program.

use super::Evaluator;
use super::evaluator::Ref;
use crate::algebra::{Algebra, Carried, Companions, MatrixAlgebra, MatrixId, Origin, Tangent};
use crate::ops::plastic::{Needs, Room};
use crate::program::Action;
use crate::{Real, Tape, Var};

/// # Forward mode
impl<T: Real> Tape<T> {
    /// The derivative of each value of `of` in one direction: the tangents of the
    /// variables in `along` are given, those of all others are 0. One slice for each
    /// value of `of`, row by row. Directions of one variable add up; that of a constant
    /// changes nothing, as derivatives with respect to constants are zero.
    ///
    /// Plastic matrices are replayed from their initial values together with their
    /// tangents, so nothing is undone: this is an independent check of reverse mode,
    /// and the cheaper way if there are few directions and many values.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[3.0, 4.0]);
    /// let y = tape.square(x);
    /// assert_eq!(tape.tangent(&[y], &[(x, &[1.0, 0.0])])[0], [6.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If a direction does not have as many numbers as its variable, or is given to a value
    /// that is computed from others, or something is not of this tape.
    #[track_caller]
    pub fn tangent(&mut self, of: &[Var], along: &[(Var, &[T])]) -> Vec<Vec<T>> {
        for (x, direction) in along {
            let shape = self.shape_of(*x);
            assert!(
                self.program.nodes[x.index()].action == Action::Input,
                "a direction can be given to a variable, not to a value that is computed from \
                 others"
            );
            assert!(
                direction.len() == shape.len(),
                "a direction for a value of shape {shape} needs {} numbers, got {}",
                shape.len(),
                direction.len()
            );
        }
        for y in of {
            self.check(*y);
        }
        T::carry_forward(self, of, along)
    }
}

/// [`Tape::tangent`] of values of the tape along variables of it.
pub(crate) fn carry_forward<T: Real>(
    tape: &mut Tape<T>,
    of: &[Var],
    along: &[(Var, &[T])],
) -> Vec<Vec<T>> {
    let last = of.iter().map(|y| y.index()).max().unwrap_or(0);
    let mut profile = tape.profile.as_mut();
    if let Some(profile) = &mut profile {
        profile.resume();
    }
    let slots = (0..tape.slots.len() as u32).map(MatrixId);
    let mut g = Evaluator::new(&tape.program, &mut tape.slots, &mut tape.workspace);
    let mut carried = Carried {
        derivatives: vec![None; tape.program.nodes.len()],
        matrices: slots.map(|slot| at_the_start(&mut g, slot)).collect(),
        asked: Vec::new(),
        in_full: Vec::new(),
        room: Room::default(),
    };
    for (x, direction) in along {
        let node = tape.program.nodes[x.index()];
        if node.active {
            let tangent = g.given(node.shape, direction);
            let sum = carried.derivatives[x.index()];
            carried.derivatives[x.index()] = Some(g.accumulate(sum, tangent));
        }
    }
    g.end_of_rule();
    if let Some(profile) = &mut profile {
        profile.prepared();
    }
    for node in 0..=last as u32 {
        let Some(recorded) = tape.program.nodes.get(node as usize) else {
            break;
        };
        if recorded.action == Action::Input {
            continue;
        }
        recorded.action.tangent(&mut Tangent {
            algebra: &mut g,
            node,
            carried: &mut carried,
        });
        g.end_of_rule();
        if let Some(profile) = &mut profile {
            profile.swept(recorded.action);
        }
    }
    let result = of
        .iter()
        .map(|y| match carried.derivatives[y.index()] {
            Some(tangent) => g.numbers(tangent).to_vec(),
            None => vec![T::ZERO; tape.program.nodes[y.index()].shape.len()],
        })
        .collect();
    g.finish(&mut tape.workspace);
    result
}

/// A matrix as it was at first, and its tangent.
fn at_the_start<T: Real>(g: &mut Evaluator<'_, T>, slot: MatrixId) -> Companions<Ref> {
    let needs = Needs::default();
    let w = match g.origin(slot) {
        Origin::Fixed => return Companions::new(slot, None, needs),
        Origin::Start(_) => slot,
        // A fork is written before it is read.
        Origin::Fork => g.like(slot),
        Origin::Plastic | Origin::Zeros => {
            let (w, start) = (g.like(slot), g.start(slot));
            g.fork(w, start);
            w
        }
    };
    let tangent = g.zeros(slot);
    Companions::new(w, Some(tangent), needs)
}
