//! Operations of a user's own.

use lanes::Real as _;
use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::Operation;
use crate::algebra::{Algebra, Reverse, Tangent};
use crate::program::{Action, Heading};
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// What the reverse rule of a custom operation reads, on the tape that it is given.
#[derive(Clone, Copy, Debug)]
pub struct CustomNode<'a> {
    /// The inputs of the operation.
    pub inputs: &'a [Var],
    /// Its value.
    pub output: Var,
    /// The adjoint of its value, dL/dy.
    pub adjoint: Var,
}

/// The reverse rule of a custom operation.
#[derive(Clone)]
pub(crate) struct Rule<T>(Arc<RuleFunction<T>>);

type RuleFunction<T> = dyn Fn(&mut Tape<T>, &CustomNode<'_>) -> Vec<Option<Var>> + Send + Sync;

impl<T> fmt::Debug for Rule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule of a user's own")
    }
}

impl<T: Real> Rule<T> {
    /// The shares of the inputs, on the tape that all the values are on: the inputs and
    /// then the output.
    fn shares(&self, tape: &mut Tape<T>, values: &[Var], adjoint: Var) -> Vec<Option<Var>> {
        let (&output, inputs) = values.split_last().expect("an operation has an output");
        let node = CustomNode {
            inputs,
            output,
            adjoint,
        };
        let shares = (self.0)(tape, &node);
        assert!(
            shares.len() == inputs.len(),
            "the rule of a custom operation of {} inputs has to give as many shares, got {}",
            inputs.len(),
            shares.len()
        );
        for (x, share) in inputs.iter().zip(&shares) {
            let Some(share) = share else { continue };
            let (want, found) = (tape.shape_of(*x), tape.shape_of(*share));
            assert!(
                want == found,
                "the rule of a custom operation gave a share of shape {found} to an input of \
                 shape {want}"
            );
        }
        shares
    }
}

/// An operation that the user gave the value and the reverse rule of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Custom {
    /// Which of the program's rules is its own.
    rule: u32,
}

impl Operation for Custom {
    const NAMES: &'static [&'static str] = &["custom"];

    fn shape(&self, _: usize, _: &dyn Fn(usize) -> Shape) -> Shape {
        unreachable!("a custom operation is evaluated once, by Tape::custom")
    }

    fn value<T: Real>(&self, _: &impl Inputs<T>, _: &mut [T]) {
        unreachable!("a custom operation is evaluated once, by Tape::custom")
    }

    /// As the user's rule says.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let rule = cx.algebra.program().rules[self.rule as usize].clone();
        let mut values: Vec<_> = (0..cx.inputs()).map(|i| cx.input(i)).collect();
        values.extend([cx.output(), cx.adjoint()]);
        let shares = cx.algebra.on_a_tape(&values, |tape, values| {
            let (&adjoint, values) = values.split_last().expect("the adjoint was handed over");
            rule.shares(tape, values, adjoint)
        });
        for (i, share) in shares.into_iter().enumerate() {
            if let Some(share) = share {
                cx.give(i, |_| share);
            }
        }
    }

    /// The rule gives x̄ = Jᵀ ȳ, which is linear in ȳ. So ẏ = J ẋ is the derivative of
    /// ⟨x̄, ẋ⟩ by ȳ, wherever that is taken.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let rule = cx.algebra.program().rules[self.rule as usize].clone();
        let n = cx.inputs();
        let moved: Vec<usize> = (0..n).filter(|i| cx.of_input(*i).is_some()).collect();
        let mut values: Vec<_> = (0..n).map(|i| cx.input(i)).collect();
        values.push(cx.output());
        values.extend(moved.iter().filter_map(|i| cx.of_input(*i)));
        let effect = cx.algebra.on_a_tape(&values, |tape, values| {
            let (values, tangents) = values.split_at(n + 1);
            let shape = tape.shape_of(values[n]);
            let adjoint = tape.variable(shape, &vec![A::Real::ONE; shape.len()]);
            let shares = rule.shares(tape, values, adjoint);
            let mut total = tape.constant_scalar(A::Real::ZERO);
            for (i, tangent) in moved.iter().zip(tangents) {
                if let Some(share) = shares[*i] {
                    let part = tape.dot(share, *tangent);
                    total = tape.add(total, part);
                }
            }
            vec![Some(tape.gradient_taped(total, &[adjoint])[0])]
        });
        if let Some(effect) = effect[0]
            && !moved.is_empty()
        {
            cx.add(effect);
        }
    }
}

/// # Operations of your own
impl<T: Real> Tape<T> {
    /// Records an operation that the engine does not have. `value` computes its value from
    /// those of `inputs`, by whatever means; `reverse` says how its adjoint is shared among
    /// the inputs, `None` standing for zero.
    ///
    /// The rule is written in operations of the tape it is given, of the values in its
    /// [`CustomNode`] and of constants. So it can itself be differentiated: the
    /// operation works to second order, and in forward mode, which is derived from the
    /// rule. In a plain sweep the rule runs on a tape of its own, so it may not use values
    /// that it captured; a sweep calls it once for each time the operation was recorded.
    ///
    /// ```
    /// // y = ∛x, whose derivative is 1/(3y²).
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_scalar(8.0);
    /// let y = tape.custom(
    ///     &[x],
    ///     |x| x[0].mapv(f64::cbrt),
    ///     |tape, node| {
    ///         let square = tape.square(node.output);
    ///         let share = tape.div(node.adjoint, square);
    ///         vec![Some(tape.affine(share, 1.0 / 3.0, 0.0))]
    ///     },
    /// );
    /// assert_eq!(tape.scalar(y), 2.0);
    /// assert!((tape.gradient(y, &[x])[x][0] - 1.0 / 12.0).abs() < 1e-15);
    /// assert!((tape.tangent(&[y], &[(x, &[1.0])])[0][0] - 1.0 / 12.0).abs() < 1e-15);
    /// assert!((tape.hessian(y, &[x])[[0, 0]] + 2.0 / 9.0 / 32.0).abs() < 1e-15);
    /// ```
    ///
    /// # Panics
    /// If an input is not of this tape. In a sweep, if the rule gives not as many shares
    /// as there are inputs, or one of another shape than its input.
    #[track_caller]
    pub fn custom(
        &mut self,
        inputs: &[Var],
        value: impl FnOnce(&[ArrayView2<'_, T>]) -> Array2<T>,
        reverse: impl Fn(&mut Tape<T>, &CustomNode<'_>) -> Vec<Option<Var>> + Send + Sync + 'static,
    ) -> Var {
        for x in inputs {
            self.check(*x);
        }
        let views: Vec<_> = inputs.iter().map(|x| self.view(*x)).collect();
        let y = value(&views);
        let shape = Shape::matrix(y.nrows(), y.ncols());
        let rule = u32::try_from(self.program.rules.len()).expect("fewer than 2³² rules");
        self.program.rules.push(Rule(Arc::new(reverse)));
        let active = inputs.iter().any(|x| self.is_active(*x));
        let heading = Heading {
            action: Action::Pure(Custom { rule }.into()),
            shape,
            support: Support::DENSE,
            active,
        };
        let recorded = self.program.append(heading, inputs, |_, numbers| {
            // In the order of rows, whatever the layout.
            numbers
                .iter_mut()
                .zip(&y)
                .for_each(|(to, from)| *to = *from);
        });
        self.charge_recording();
        recorded
    }
}
