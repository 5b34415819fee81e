//! The sweep back: from a loss to what it depends on.

use lanes::max_or_nan;

use super::way_back::WayBack;
use crate::Real;
use crate::algebra::{Carried, Companions, MatrixAlgebra, MatrixId, Origin, Reverse};
use crate::ops::plastic::{Room, needs};
use crate::profile::Profile;
use crate::program::{Action, Program, Var};
use crate::shape::Shape;

/// By which means a sweep goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// Whether updates are replayed rather than undone.
    pub(crate) replaying: bool,
    /// Whether ⟨Λ, W⟩ may be followed rather than summed.
    pub(crate) following: bool,
    /// Whether matrices go back themselves, and not copies of them.
    pub(crate) spending: bool,
    /// Whether they did so before.
    pub(crate) spent: bool,
}

impl Way {
    /// The way to go again, if `found` is past a tolerance; `may_replay`: updates need not
    /// be undone.
    pub(crate) fn again(
        self,
        found: Precision,
        (tolerance, epsilon): (f64, f64),
        may_replay: bool,
    ) -> Option<Way> {
        // What is no number is past any tolerance.
        let undone = found.residual <= tolerance;
        let followed = found.imprecision * epsilon <= tolerance;
        let mut again = self;
        again.replaying |= !undone && may_replay;
        again.following &= followed;
        if again == self {
            return None;
        }
        again.spent = self.spending;
        again.replaying |= self.spending;
        Some(again)
    }
}

/// How precise a sweep was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Precision {
    /// How far the matrices that were undone ended from what they started as.
    pub(crate) residual: f64,
    /// The part of followed products that rounding may have taken, in units of rounding.
    pub(crate) imprecision: f64,
}

/// What a sweep found.
pub(crate) struct Swept<V> {
    /// By node.
    pub(crate) adjoints: Vec<Option<V>>,
    /// Λ of each slot.
    pub(crate) matrices: Vec<Companions<V>>,
    pub(crate) precision: Precision,
}

/// Sweeps back from `loss`, whose adjoint is 1. `adjoints` is memory to use.
pub(crate) fn sweep_back<A: MatrixAlgebra>(
    g: &mut A,
    (loss, wrt): (Var, &[Var]),
    slots: usize,
    way: Way,
    mut adjoints: Vec<Option<A::Value>>,
    mut profile: Option<&mut Profile>,
) -> Swept<A::Value> {
    let end = g.program().nodes.len() as u32;
    let needs = needs(g.program(), loss.index, slots, way.following);
    // A recorded copy would tie the two matrices together for good.
    let rebuilt = way.spent || (A::RECORDS && way.replaying);
    let mut matrices = Vec::with_capacity(slots);
    for (slot, needs) in (0_u32..).zip(&needs).map(|(i, needs)| (MatrixId(i), needs)) {
        let w = if needs.read && needs.changed && !way.spending {
            let copy = g.like(slot);
            if !rebuilt {
                g.fork(copy, slot);
            }
            copy
        } else {
            slot
        };
        let has_adjoint = g.origin(slot) != Origin::Fixed && g.is_active(slot);
        let derivative = has_adjoint.then(|| g.zeros(slot));
        matrices.push(Companions::new(w, derivative, *needs));
    }
    adjoints.clear();
    adjoints.resize(loss.index() + 1, None);
    let one = g.constant(Shape::SCALAR, 1.0);
    adjoints[loss.index()] = Some(g.accumulate(None, one));
    let mut carried = Carried {
        derivatives: adjoints,
        matrices,
        asked: asked(g.program(), wrt),
        in_full: in_full(g.program(), wrt, loss),
        room: Room::default(),
    };
    g.end_of_rule();
    if let Some(profile) = &mut profile {
        profile.prepared();
    }

    let mut back = WayBack::new(g, end, &needs, way.replaying);
    let Carried { matrices, room, .. } = &mut carried;
    back.arrive(g, (loss.index, rebuilt), matrices, room);
    for node in (0..=loss.index).rev() {
        let recorded = g.program().nodes[node as usize];
        if recorded.action == Action::Input {
            // Its adjoint is kept.
            continue;
        }
        let adjoint = carried.derivatives[node as usize];
        let changes = recorded.action.changes().is_some();
        if changes {
            back.before(g, node, &mut carried.matrices, &mut carried.room);
        } else if adjoint.is_none() || !recorded.active {
            continue;
        }
        recorded.action.reverse(&mut Reverse {
            algebra: g,
            node,
            adjoint,
            carried: &mut carried,
        });
        if let Some(adjoint) = adjoint
            && !carried.is_asked(node)
        {
            carried.derivatives[node as usize] = None;
            g.release(adjoint);
        }
        g.end_of_rule();
        if let Some(profile) = &mut profile {
            profile.swept(recorded.action);
        }
    }
    let residual = back.residual(g, &needs, &carried.matrices);
    let followed = carried.matrices.iter().filter_map(|w| w.inner);
    let imprecision = followed.fold(0.0, |top, inner| max_or_nan(top, inner.imprecision()));
    Swept {
        adjoints: carried.derivatives,
        matrices: carried.matrices,
        precision: Precision {
            residual,
            imprecision,
        },
    }
}

/// Those of `wrt` that are computed, in order. Adjoints of inputs are kept anyway.
fn asked<T: Real>(program: &Program<T>, wrt: &[Var]) -> Vec<u32> {
    let nodes = &program.nodes;
    let indices = wrt.iter().map(|x| x.index);
    let mut asked: Vec<u32> = indices
        .filter(|i| nodes[*i as usize].action != Action::Input)
        .collect();
    asked.sort_unstable();
    asked
}

/// Which nodes up to the loss are or depend on values of `wrt` that have structural zeros:
/// their own zeros may come from there, and are none to whoever asks for a derivative.
fn in_full<T: Real>(program: &Program<T>, wrt: &[Var], loss: Var) -> Vec<bool> {
    let supported = |x: &&Var| !program.nodes[x.index()].support.is_dense();
    let mut in_full = Vec::new();
    for x in wrt.iter().filter(supported) {
        in_full.resize(program.nodes.len(), false);
        in_full[x.index()] = true;
    }
    for node in 0..in_full.len().min(loss.index() + 1) {
        let inputs = 0..program.nodes[node].inputs as usize;
        let depends = |i: usize| in_full[program.input(node as u32, i).index()];
        if inputs.into_iter().any(depends) {
            in_full[node] = true;
        }
    }
    in_full
}
