//! Operations: one small file for each kind, with the value, the reverse rule and the
//! forward-mode rule side by side.
//!
//! Notation in the formulas: ẋ is the tangent of x, x̄ its adjoint dL/dx. To add a
//! function of single numbers, write an entry in the table of `elementwise/mod.rs`. To add
//! another operation, write its file after the pattern of `scale.rs` and name it below: as
//! a module, in `use`, in the list of operations, and in `shorthand!` of `algebra.rs` if
//! rules are to use it. The gradient checks in `check/cases.rs` want a line too.

mod axis;
mod combine;
mod cross_entropy;
mod custom;
mod elementwise;
mod gather;
pub(crate) mod plastic;
mod product;
mod reduction;
mod restrict;
mod scale;
mod select;
mod slice;
mod softmax;
mod transpose;

pub(crate) use axis::{Axis, AxisAdd, AxisFill, AxisScale, AxisSum};
pub(crate) use combine::Combine;
pub(crate) use cross_entropy::CrossEntropy;
pub use custom::CustomNode;
pub(crate) use custom::{Custom, Rule};
pub(crate) use elementwise::Elementwise::{self, *};
pub(crate) use elementwise::{gate_in_place, want_sharpness};
pub(crate) use gather::{GatherRows, ScatterRows};
pub(crate) use product::Product;
pub(crate) use reduction::{Dot, Fill, Sum};
pub(crate) use restrict::Restrict;
pub(crate) use scale::Scale;
pub(crate) use select::{Keep, Select};
pub(crate) use slice::{Concat, Pad, Slice, Whole};
pub(crate) use softmax::{LogSoftmax, Softmax};
pub(crate) use transpose::{Reshape, Transpose};

use lanes::{Fused, dispatch};

use crate::Real;
use crate::algebra::{Algebra, Reverse, Tangent};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;

/// A differentiable function of values.
pub(crate) trait Operation: Copy {
    /// The names it goes by; most have one.
    const NAMES: &'static [&'static str];

    /// Its name, as errors and pictures of tapes show it.
    fn name(&self) -> &'static str {
        Self::NAMES[0]
    }

    /// The shape of the value for inputs of shapes `x(0)`, `x(1)`, …
    ///
    /// # Panics
    /// If those shapes do not go together.
    #[track_caller]
    fn shape(&self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape;

    /// Writes the value to `y`, which has the right length and arbitrary content.
    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]);

    /// Gives each input its share of the output's adjoint.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>);

    /// Adds up the output's tangent from the inputs'.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>);

    /// The support of the value.
    fn support(&self, _inputs: usize, _x: &dyn Fn(usize) -> Support) -> Support {
        Support::DENSE
    }

    /// Whether derivatives pass through at all.
    fn is_differentiable(&self) -> bool {
        true
    }
}

macro_rules! operations {
    ($($(#[$attribute:meta])* $Name:ident),+ $(,)?) => {
        /// Any operation.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) enum Op {
            $($(#[$attribute])* $Name($Name)),+
        }

        $($(#[$attribute])*
        impl From<$Name> for Op {
            fn from(op: $Name) -> Op {
                Op::$Name(op)
            }
        })+

        impl Op {
            /// The names of all operations.
            #[cfg(test)]
            pub(crate) fn names() -> impl Iterator<Item = &'static str> {
                [$($(#[$attribute])* $Name::NAMES),+].concat().into_iter()
            }

            pub(crate) fn name(self) -> &'static str {
                match self { $($(#[$attribute])* Op::$Name(op) => op.name()),+ }
            }

            #[track_caller]
            pub(crate) fn shape(self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
                match self { $($(#[$attribute])* Op::$Name(op) => op.shape(inputs, x)),+ }
            }

            pub(crate) fn value<T: Real>(self, x: &impl Inputs<T>, y: &mut [T]) {
                match self { $($(#[$attribute])* Op::$Name(op) => op.value(x, y)),+ }
            }

            pub(crate) fn reverse<A: Algebra>(self, cx: &mut Reverse<'_, A>) {
                match self { $($(#[$attribute])* Op::$Name(op) => op.reverse(cx)),+ }
            }

            pub(crate) fn tangent<A: Algebra>(self, cx: &mut Tangent<'_, A>) {
                match self { $($(#[$attribute])* Op::$Name(op) => op.tangent(cx)),+ }
            }

            pub(crate) fn support(self, inputs: usize, x: &dyn Fn(usize) -> Support) -> Support {
                match self { $($(#[$attribute])* Op::$Name(op) => op.support(inputs, x)),+ }
            }

            pub(crate) fn is_differentiable(self) -> bool {
                match self { $($(#[$attribute])* Op::$Name(op) => op.is_differentiable()),+ }
            }
        }
    };
}

operations! {
    AxisAdd, AxisFill, AxisScale, AxisSum, Combine, Concat, CrossEntropy, Custom, Dot, Elementwise, Fill,
    GatherRows, Keep, LogSoftmax, Pad, Product, Reshape, Restrict, Scale, ScatterRows, Select,
    Slice, Softmax, Sum, Transpose,
    #[cfg(test)] Planted,
}

#[cfg(test)]
pub(crate) use crate::check::planted::Planted;

/// yᵢ = f(xᵢ), compiled for the processor's vector unit where `f` inlines.
#[inline(always)]
pub(crate) fn map<T: Real>(x: &[T], y: &mut [T], f: impl Fn([Fused; 1], T) -> T) {
    dispatch(
        #[inline(always)]
        move |fused| {
            for (y, x) in y.iter_mut().zip(x) {
                *y = f([fused], *x);
            }
        },
    );
}

/// yᵢ = f(aᵢ, bᵢ).
#[inline(always)]
pub(crate) fn zip<T: Real>(a: &[T], b: &[T], y: &mut [T], f: impl Fn([Fused; 1], T, T) -> T) {
    dispatch(
        #[inline(always)]
        move |fused| {
            for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                *y = f([fused], *a, *b);
            }
        },
    );
}

/// The common shape of two inputs.
#[track_caller]
fn same_shape(name: &str, x: &dyn Fn(usize) -> Shape) -> Shape {
    let (a, b) = (x(0), x(1));
    assert!(
        a == b,
        "{name} needs two values of the same shape, got {a} and {b}"
    );
    a
}

/// Panics unless a shape is a scalar's.
#[track_caller]
fn want_scalar(name: &str, shape: Shape) {
    assert!(
        shape == Shape::SCALAR,
        "{name} needs a scalar, got a value of shape {shape}"
    );
}
