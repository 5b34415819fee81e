//! What takes long to compile, compiled here once for each number type.
//!
//! As generic functions, all operations with their values and rules would be compiled
//! again for each crate that uses a tape: those of the workspace took a fifth longer, and
//! the command was a tenth larger. As functions of a trait of f32 and f64 they are compiled
//! with this crate.
#![expect(
    private_interfaces,
    reason = "a supertrait of what is public, and not to be named outside the crate"
)]

use crate::gradient::GradientOptions;
use crate::ops::Op;
use crate::ops::plastic::MatrixOp;
use crate::plastic::Slot;
use crate::program::Recorded;
use crate::sweep::{Precision, Swept, Way, carry_forward, sweep_back};
use crate::{Gradient, Tape, Var};

/// A real number type that tapes compute in: `f32` for runs, `f64` for checks, and closed to
/// others. Its functions are those of `lanes::Real`.
pub trait Real: lanes::Real + Compiled {}

impl<T: lanes::Real + Compiled> Real for T {}

/// What is compiled for f32 and f64. Not to be named outside the crate.
pub trait Compiled: lanes::Real {
    /// Writes the value of an operation.
    fn value(op: Op, x: &Recorded<'_, Self>, y: &mut [Self]);

    /// Does an operation on matrices, and writes its value.
    fn value_on(op: MatrixOp, slots: &mut Vec<Slot<Self>>, x: &Recorded<'_, Self>, y: &mut [Self]);

    /// A gradient as plain arrays.
    fn sweep(
        tape: &mut Tape<Self>,
        of: (Var, &[Var]),
        options: &GradientOptions<'_>,
        way: Way,
    ) -> (Gradient<Self>, Precision);

    /// A gradient as values of the tape, with so many matrices on it.
    fn sweep_recorded(
        tape: &mut Tape<Self>,
        of: (Var, &[Var]),
        slots: usize,
        way: Way,
    ) -> Swept<Var>;

    /// Tangents of values.
    fn carry_forward(tape: &mut Tape<Self>, of: &[Var], along: &[(Var, &[Self])])
    -> Vec<Vec<Self>>;
}

macro_rules! compiled {
    ($($T:ty),+) => {$(
        impl Compiled for $T {
            fn value(op: Op, x: &Recorded<'_, Self>, y: &mut [Self]) {
                op.value(x, y);
            }

            fn value_on(
                op: MatrixOp,
                slots: &mut Vec<Slot<Self>>,
                x: &Recorded<'_, Self>,
                y: &mut [Self],
            ) {
                op.value(slots, x, y);
            }

            fn sweep(
                tape: &mut Tape<Self>,
                of: (Var, &[Var]),
                options: &GradientOptions<'_>,
                way: Way,
            ) -> (Gradient<Self>, Precision) {
                tape.sweep(of, options, way)
            }

            fn sweep_recorded(
                tape: &mut Tape<Self>,
                of: (Var, &[Var]),
                slots: usize,
                way: Way,
            ) -> Swept<Var> {
                sweep_back(tape, of, slots, way, Vec::new(), None)
            }

            fn carry_forward(
                tape: &mut Tape<Self>,
                of: &[Var],
                along: &[(Var, &[Self])],
            ) -> Vec<Vec<Self>> {
                carry_forward(tape, of, along)
            }
        }
    )+};
}

compiled!(f32, f64);
