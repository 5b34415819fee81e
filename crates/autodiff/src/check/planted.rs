//! An operation with a wrong rule on purpose, to test the checker.

use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::ops::{Operation, map};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{GradientCheck, Order, Real, Tape, Var};

/// y = x², with one of its rules wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Planted {
    reverse: f64,
    tangent: f64,
    second: f64,
}

impl Operation for Planted {
    const NAMES: &'static [&'static str] = &["planted"];

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        x(0)
    }

    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        map(x.get(0).data, y, |_, x| x * x);
    }

    /// x̄ = reverse·ȳ ⊙ x; for `second` ≠ 0 a constant takes the place of x, whose
    /// value is right and whose derivative is not.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (x, dy) = (cx.input(0), cx.adjoint());
        cx.give(0, |g| {
            let x = if self.second == 0.0 {
                x
            } else {
                g.evaluate(crate::ops::StopGradient.into(), &[x])
            };
            let share = g.mul(dy, x);
            g.affine(share, self.reverse, 0.0)
        });
    }

    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let x = cx.input(0);
        cx.take(0, |g, dx| {
            let term = g.mul(x, dx);
            g.affine(term, self.tangent, 0.0)
        });
    }
}

fn check(op: Planted) -> Result<crate::CheckReport, crate::CheckFailure> {
    let inputs = [(Shape::vector(3), vec![0.3, -1.2, 0.7])];
    let check = GradientCheck {
        order: Order::Second,
        ..GradientCheck::default()
    };
    check.run(&inputs, |tape: &mut Tape<f64>, x: &[Var]| {
        let y = tape.record(op.into(), &[x[0]]);
        tape.softplus(y, 2.0)
    })
}

#[test]
fn right_rules_pass() {
    check(Planted {
        reverse: 2.0,
        tangent: 2.0,
        second: 0.0,
    })
    .expect("all rules are right");
}

#[test]
fn a_planted_wrong_reverse_rule_is_found_and_named() {
    let failure = check(Planted {
        reverse: 2.01,
        tangent: 2.0,
        second: 0.0,
    })
    .unwrap_err();
    assert_eq!((failure.order, failure.mode), (1, "reverse mode"));
    assert_eq!(failure.operation, Some("planted"));
    assert!(failure.error > 1e-4, "{failure}");
}

#[test]
fn a_planted_wrong_forward_rule_is_found_and_named() {
    let failure = check(Planted {
        reverse: 2.0,
        tangent: 1.99,
        second: 0.0,
    })
    .unwrap_err();
    assert_eq!((failure.order, failure.mode), (1, "forward mode"));
    assert_eq!(failure.operation, Some("planted"));
}

#[test]
fn a_rule_that_is_right_at_order_one_only_fails_at_order_two() {
    let failure = check(Planted {
        reverse: 2.0,
        tangent: 2.0,
        second: 1.0,
    })
    .unwrap_err();
    assert_eq!(failure.order, 2, "{failure}");
}
