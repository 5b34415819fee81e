//! What an entry of the table of elementwise functions stands for.

use crate::support::Support;

/// Makes of each entry
///
/// ```text
/// pub fn name(inputs; parameters; check) -> output as Variant by fused, zero with inputs {
///     example (inputs) => value, [slopes];
///     value of one number;
///     input: |g, d| d times the derivative by this input;
/// }
/// ```
///
/// a variant of [`Elementwise`](super::Elementwise) and a method of the tape with the
/// example in its documentation. One expression serves both sweeps: with d = ȳ it is the
/// input's share of the adjoint, with d = ẋ the effect of the input's tangent. A function
/// without such lines is flat: derivatives do not pass through it. `zero with` names
/// the inputs whose structural zeros are zeros of the output too, `check` panics for
/// parameters that are no good. A value that needs fused products and sums, or functions
/// made of them, names by what they are [`Fused`](lanes::Fused).
macro_rules! functions {
    (@each $in:ident $out:ident [$x:ident] [$($fused:ident)?] $value:expr) => {
        $crate::ops::map($in.get(0).data, $out, |[$($fused,)? ..], $x| $value)
    };
    (@each $in:ident $out:ident [$a:ident $b:ident] [$($fused:ident)?] $value:expr) => {
        $crate::ops::zip($in.get(0).data, $in.get(1).data, $out, |[$($fused,)? ..], $a, $b| $value)
    };
    ($(
        $(#[$doc:meta])*
        $vis:vis fn $name:ident($($x:ident),+ $(; $($p:ident: $P:ty),+ $(; $check:expr)?)?)
            -> $y:ident as $Name:ident $(by $fused:ident)?
        $(, zero with $($zero:ident)|+ $(if ($condition:expr))?)?
        {
            example ($($at:expr),+ $(; $($with:expr),+)?) => $is:expr, $slopes:tt;
            $value:expr;
            $($of:ident: |$g:ident, $d:ident| $rule:expr;)*
        }
    )+) => {
        /// A function applied to each number of one value, or to each pair of numbers of
        /// two values of the same shape.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) enum Elementwise {
            $($Name $({ $($p: $P),+ })?),+
        }

        #[allow(unused_assignments, unused_mut, unused_variables)]
        impl Operation for Elementwise {
            const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            fn name(&self) -> &'static str {
                match *self { $(Self::$Name $({ $($p),+ })? => stringify!($name)),+ }
            }

            fn shape(&self, inputs: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
                if inputs == 1 { x(0) } else { same_shape(self.name(), x) }
            }

            fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
                match *self {
                    $(Self::$Name $({ $($p),+ })? => functions!(@each x y [$($x)+] [$($fused)?] $value)),+
                }
            }

            fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
                match *self {
                    $(Self::$Name $({ $($p),+ })? => {
                        let [$($x),+] = std::array::from_fn(|i| cx.input(i));
                        let ($y, dy) = (cx.output(), cx.adjoint());
                        let mut i = 0;
                        $(
                            let $d = dy;
                            cx.give(i, |$g| $rule);
                            i += 1;
                        )*
                    })+
                }
            }

            fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
                match *self {
                    $(Self::$Name $({ $($p),+ })? => {
                        let [$($x),+] = std::array::from_fn(|i| cx.input(i));
                        let $y = cx.output();
                        let mut i = 0;
                        $(
                            cx.take(i, |$g, $d| $rule);
                            i += 1;
                        )*
                    })+
                }
            }

            fn support(&self, _: usize, support: &dyn Fn(usize) -> Support) -> Support {
                match *self {
                    $(Self::$Name $({ $($p),+ })? => {
                        let [$($x),+] = std::array::from_fn(support);
                        let sparse = Support::DENSE;
                        $(
                            let sparse = first_sparse(&[$($zero),+]);
                            $(let sparse = if $condition { sparse } else { Support::DENSE };)?
                        )?
                        sparse
                    })+
                }
            }

            fn is_differentiable(&self) -> bool {
                match *self {
                    $(Self::$Name $({ $($p),+ })? => {
                        let rules: &[&str] = &[$(stringify!($of)),*];
                        !rules.is_empty()
                    })+
                }
            }
        }

        /// # Element by element
        impl<T: Real> Tape<T> {
            $(
                $(#[$doc])*
                ///
                /// ```
                /// let mut tape = autodiff::Tape::<f64>::new();
                $(#[doc = concat!(
                    "let ", stringify!($x), " = tape.variable_scalar(", stringify!($at), ");"
                )])+
                #[doc = concat!(
                    "let ", stringify!($y), " = tape.", stringify!($name), "(",
                    stringify!($($x),+ $(, $($with),+)?), ");"
                )]
                #[doc = concat!(
                    "assert_eq!(tape.scalar(", stringify!($y), "), ", stringify!($is), ");"
                )]
                #[doc = concat!(
                    "let slopes = tape.gradient(", stringify!($y), ", &[",
                    stringify!($($x),+), "]);\n",
                    "assert_eq!([", stringify!($($x),+), "].map(|x| slopes[x][0]), ",
                    stringify!($slopes), ");"
                )]
                /// ```
                #[track_caller]
                $vis fn $name(&mut self, $($x: Var),+ $(, $($p: $P),+)?) -> Var {
                    $($($check;)?)?
                    self.record(Elementwise::$Name $({ $($p),+ })?.into(), &[$($x),+])
                }
            )+
        }

        /// The inputs that the rules of each function are named after.
        #[cfg(test)]
        const RULES: &[(&str, &[&str], &[&str])] =
            &[$((stringify!($name), &[$(stringify!($x)),+], &[$(stringify!($of)),*])),+];
    };
}
pub(super) use functions;

/// The first support that is one: outside it a product is zero.
pub(super) fn first_sparse(supports: &[Support]) -> Support {
    let mut sparse = supports.iter().filter(|s| !s.is_dense());
    sparse.next().copied().unwrap_or(Support::DENSE)
}
