use crate::Real;
use crate::plastic::PlasticOp;
use crate::program::{Action, Program};

/// What a sweep back from a loss needs of a plastic matrix.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// The matrix as it was at earlier times.
    pub(crate) read: bool,
    /// ⟨Λ, W⟩, followed through time.
    pub(crate) inner: bool,
}

/// Least |s| for which ⟨Λ, W⟩ is followed through W' = sW + …. What is left of W in W' is
/// then no smaller part of it than what rounding leaves digits of.
const LEAST_SCALE: f64 = 0.5;

/// What a sweep back from the node `loss` needs of each of `slots` matrices.
pub(crate) fn needs<T: Real>(program: &Program<T>, loss: u32, slots: usize) -> Vec<Needs> {
    let mut needs = vec![Needs::default(); slots];
    let operations = |range: std::ops::Range<usize>| {
        range.filter_map(|node| match program.nodes[node].action {
            Action::Plastic(op) => Some((node as u32, op)),
            Action::Input | Action::Pure(_) => None,
        })
    };
    let wants = |node, i: usize| program.nodes[program.input(node, i).index()].active;
    let swept = loss as usize + 1;
    for (node, op) in operations(0..swept) {
        if let PlasticOp::Update { slot, scaled: true } = op {
            needs[slot as usize].inner |= wants(node, 0);
        }
    }
    for (node, op) in operations(0..swept) {
        match op {
            PlasticOp::Update { slot, scaled: true } => {
                let scale = program.value(program.input(node, 0).index)[0].to_f64();
                // Not a number is not enough either.
                needs[slot as usize].inner &= scale.abs() >= LEAST_SCALE;
            }
            PlasticOp::Frobenius { a, b } => {
                (needs[a as usize].inner, needs[b as usize].inner) = (false, false);
            }
            PlasticOp::AddScaled { slot, from } | PlasticOp::Fork { slot, from } => {
                (needs[slot as usize].inner, needs[from as usize].inner) = (false, false);
            }
            _ => {}
        }
    }
    for (node, op) in operations(0..swept) {
        match op {
            PlasticOp::Matvec { slot } | PlasticOp::MatvecT { slot, .. } if wants(node, 0) => {
                needs[slot as usize].read = true;
            }
            PlasticOp::Update { slot, scaled: true } if wants(node, 0) => {
                let slot = &mut needs[slot as usize];
                slot.read |= !slot.inner;
            }
            PlasticOp::Signed { signs, sizes, .. } if wants(node, 0) => {
                needs[signs as usize].read = true;
                needs[sizes as usize].read = true;
            }
            PlasticOp::Frobenius { a, b } => {
                needs[a as usize].read = true;
                needs[b as usize].read = true;
            }
            _ => {}
        }
    }
    // Taking an addition back reads the other matrix, before the loss and after it.
    for (_, op) in operations(0..program.nodes.len()) {
        if let PlasticOp::AddScaled { slot, from } = op {
            needs[slot as usize].read = true;
            needs[from as usize].read = true;
        }
    }
    needs
}
