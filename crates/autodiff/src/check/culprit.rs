//! Which operation of a program is to blame for a wrong derivative.

use super::{CheckReport, GradientCheck, Order};
use crate::ops::Op;
use crate::program::Action;
use crate::{Tape, Var};

/// Checks every operation of `tape` by itself, at the inputs it had, and names the
/// first whose own rules fail.
pub(super) fn find(check: &GradientCheck, tape: &Tape<f64>) -> Option<&'static str> {
    let alone = GradientCheck {
        order: Order::First,
        ..*check
    };
    for (index, node) in tape.program.nodes.iter().enumerate() {
        let Action::Pure(op) = node.action else {
            continue;
        };
        // A custom operation cannot be evaluated again.
        let custom = matches!(op, Op::Custom(_));
        if custom || !op.is_differentiable() || !node.active {
            continue;
        }
        let inputs: Vec<_> = (0..node.inputs as usize)
            .map(|i| {
                let x = tape.program.input(index as u32, i);
                (tape.shape_of(x), tape.value(x).to_vec())
            })
            .collect();
        let apply = |tape: &mut Tape<f64>, x: &[Var]| tape.record(op, x);
        let mut report = CheckReport::default();
        if alone.along(0, &inputs, &apply, &mut report).is_err() {
            return Some(op.name());
        }
    }
    None
}
