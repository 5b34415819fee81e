//! Which operation of a program is to blame for a wrong derivative.

use super::{GradientCheck, Order};
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
        if alone.run_alone(&inputs, apply) {
            return Some(op.name());
        }
    }
    None
}

impl GradientCheck {
    /// Whether first derivatives disagree, without looking for a culprit.
    fn run_alone(
        &self,
        inputs: &[(crate::Shape, Vec<f64>)],
        function: impl Fn(&mut Tape<f64>, &[Var]) -> Var,
    ) -> bool {
        use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let subject = super::Subject::new(inputs, &function, &mut rng);
        let step = self.step * super::size_of_inputs(inputs);
        let expected = subject.finite_difference(1, step);
        [subject.reverse(1), subject.forward(1)]
            .iter()
            .any(|found| {
                let scale = found.abs().max(expected.abs()).max(1.0);
                let error = (found - expected).abs() / scale;
                error.is_nan() || error > self.tolerance
            })
    }
}
