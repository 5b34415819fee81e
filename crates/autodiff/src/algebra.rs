//! What derivative rules are written in.
//!
//! A rule says what to compute, not where: [`Algebra`] is implemented by the
//! [`Tape`](crate::Tape), which records what it computes so that it can be
//! differentiated again, and by the evaluator, which only computes. So every rule is
//! written once and serves plain gradients, recorded gradients and forward mode.

use crate::Real;
use crate::ops::{self, Axis, Op, Whole};
use crate::program::{Program, Var};
use crate::shape::Shape;
use crate::support::Support;

/// A plastic matrix as rules name it. Unlike [`Plastic`](crate::Plastic) it says
/// nothing about time: rules run in the order of the sweep and see the matrix as it
/// is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MatrixId(pub(crate) u32);

/// A term s·post ⊗ pre of an update: s a scalar, post 1 × n_post, pre 1 × n_pre. If
/// both vectors have several rows, they stand for the sum over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer<V = Var> {
    /// s; 1 if there is none.
    pub scale: Option<V>,
    /// The vector over post-synaptic units.
    pub post: V,
    /// The vector over pre-synaptic units.
    pub pre: V,
}

impl Outer {
    /// post ⊗ pre.
    pub fn new(post: Var, pre: Var) -> Self {
        Outer {
            scale: None,
            post,
            pre,
        }
    }

    /// scale·post ⊗ pre.
    pub fn scaled(scale: Var, post: Var, pre: Var) -> Self {
        Outer {
            scale: Some(scale),
            post,
            pre,
        }
    }
}

/// What [`Algebra::products`] finds for a term: W b and a W, as far as asked for.
pub(crate) type Products<V> = (Option<V>, Option<V>);

/// A matrix with the signs of one and the sizes of another, |V| ⊙ sign W.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed {
    /// W.
    pub(crate) signs: MatrixId,
    /// V.
    pub(crate) sizes: MatrixId,
}

/// Something that evaluates operations on values.
pub(crate) trait Algebra {
    /// The number type.
    type Real: Real;
    /// A handle of a value.
    type Value: Copy + PartialEq;

    /// The recorded program that a sweep runs over.
    fn program(&self) -> &Program<Self::Real>;
    /// The handle of a recorded value.
    fn recorded(&self, var: Var) -> Self::Value;
    fn shape(&self, x: Self::Value) -> Shape;
    fn support(&self, x: Self::Value) -> Support;
    /// A constant filled with one number.
    fn constant(&mut self, shape: Shape, value: f64) -> Self::Value;
    /// The value of `op` on `inputs`.
    fn evaluate(&mut self, op: Op, inputs: &[Self::Value]) -> Self::Value;

    /// sum + term, where `sum` may be overwritten if nobody else holds it.
    fn accumulate(&mut self, sum: Option<Self::Value>, term: Self::Value) -> Self::Value;
    /// Lets go of an accumulated value.
    fn release(&mut self, _sum: Self::Value) {}
    /// Called between the rules of two nodes: what was computed in between and not
    /// accumulated is no longer needed.
    fn end_of_rule(&mut self) {}

    /// y Wᵀ.
    fn matvec(&mut self, w: MatrixId, y: Self::Value) -> Self::Value;
    /// e W, only on the coordinates of `on`.
    fn matvec_t(&mut self, w: MatrixId, e: Self::Value, on: Support) -> Self::Value;
    /// (|V| ⊙ sign W) x, or x (|V| ⊙ sign W) if `transposed`, the latter only on the
    /// coordinates of `on`; both matrices count as constants.
    fn signed(
        &mut self,
        matrices: Signed,
        x: Self::Value,
        transposed: bool,
        on: Support,
    ) -> Self::Value;
    /// Pushes (W bₖ, aₖ W) for each term sₖ aₖ ⊗ bₖ, the second only on the support of
    /// bₖ. What `wanted` says no to may be left out.
    fn products(
        &mut self,
        w: MatrixId,
        terms: &[Outer<Self::Value>],
        wanted: &[(bool, bool)],
        result: &mut Vec<Products<Self::Value>>,
    );
    /// W ← s W + Σ sₖ aₖ ⊗ bₖ, s = 1 and sₖ = 1 where there is none.
    fn update(&mut self, w: MatrixId, scale: Option<Self::Value>, terms: &[Outer<Self::Value>]);
    /// W ← (W − Σ sₖ aₖ ⊗ bₖ)/s: takes back the update recorded as `node`.
    fn undo(
        &mut self,
        w: MatrixId,
        node: u32,
        scale: Option<Self::Value>,
        terms: &[Outer<Self::Value>],
    );
    /// ⟨A, B⟩ = Σᵢⱼ Aᵢⱼ Bᵢⱼ.
    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Self::Value;
    /// W ← W + s V.
    fn add_scaled(&mut self, w: MatrixId, s: Self::Value, v: MatrixId);
}

/// The operations by name, for rules to read as mathematics.
macro_rules! shorthand {
    ($($(#[$doc:meta])* $name:ident($($x:ident),+ $(; $($parameter:ident: $P:ty),+)?) = $op:expr;)+) => {
        pub(crate) trait Shorthand: Algebra {
            $($(#[$doc])*
            fn $name(&mut self, $($x: Self::Value),+ $($(, $parameter: $P)+)?) -> Self::Value {
                self.evaluate($op.into(), &[$($x),+])
            })+
        }
        impl<A: Algebra> Shorthand for A {}
    };
}

shorthand! {
    sub(a, b) = ops::Sub;
    mul(a, b) = ops::Mul;
    div(a, b) = ops::Div;
    affine(x; slope: f64, shift: f64) = ops::Affine { slope, shift };
    scale(s, x) = ops::Scale;
    fill(s; shape: Shape) = ops::Fill { shape };
    sum(x) = ops::Sum;
    dot(a, b) = ops::Dot;
    row_sum(x) = ops::AxisSum(Axis::Row);
    row_scale(c, x) = ops::AxisScale(Axis::Row);
    row_fill(c; cols: usize) = ops::AxisFill { axis: Axis::Row, n: cols };
    axis_sum(x; axis: Axis) = ops::AxisSum(axis);
    axis_scale(c, x; axis: Axis) = ops::AxisScale(axis);
    axis_fill(c; axis: Axis, n: usize) = ops::AxisFill { axis, n };
    transpose(x) = ops::Transpose;
    reshape(x; to: Shape) = ops::Reshape { to };
    slice(x; whole: Whole, start: u32, len: u32) = ops::Slice { whole, start, len };
    pad(x; whole: Whole, before: u32, total: u32) = ops::Pad { whole, before, total };
    gather_rows(x, rows) = ops::GatherRows;
    scatter_rows(x, rows; total: usize) = ops::ScatterRows { total };
    keep(mask, x) = ops::Keep { outside: false };
    keep_outside(mask, x) = ops::Keep { outside: true };
    compare(a, b) = ops::Compare;
    inside(x; low: f64, high: f64) = ops::Inside { low, high };
    exp(x) = ops::Exp;
    sin(x) = ops::Sin;
    cos(x) = ops::Cos;
    powi(x; n: i32) = ops::Powi { n };
    sign(x) = ops::Sign;
    sigmoid(x) = ops::Sigmoid;
    restrict(x; to: Support) = ops::Restrict { to };
    softmax(x) = ops::Softmax;
    log_softmax(x) = ops::LogSoftmax;
    gate(u, y; beta: f64) = ops::Gate { beta };
    gate_decay(u, y; beta: f64) = ops::GateDecay { beta };
}

/// An operation's reverse rule at one node: reads inputs, output and the output's
/// adjoint, and gives each input its share.
pub(crate) struct Reverse<'a, A: Algebra> {
    pub(crate) algebra: &'a mut A,
    pub(crate) node: u32,
    /// None for a node without a value.
    pub(crate) adjoint: Option<A::Value>,
    pub(crate) adjoints: &'a mut [Option<A::Value>],
}

impl<A: Algebra> Reverse<'_, A> {
    /// Input `i` of the operation.
    pub(crate) fn input(&self, i: usize) -> A::Value {
        self.algebra
            .recorded(self.algebra.program().input(self.node, i))
    }

    /// How many inputs there are.
    pub(crate) fn inputs(&self) -> usize {
        self.algebra.program().nodes[self.node as usize].inputs as usize
    }

    /// The operation's value.
    pub(crate) fn output(&self) -> A::Value {
        self.algebra.recorded(self.algebra.program().var(self.node))
    }

    /// dL/d(output).
    pub(crate) fn adjoint(&self) -> A::Value {
        self.adjoint
            .expect("rules that ask for an adjoint belong to nodes with a value")
    }

    /// Whether input `i` depends on a variable.
    pub(crate) fn wants(&self, i: usize) -> bool {
        let program = self.algebra.program();
        program.nodes[program.input(self.node, i).index()].active
    }

    /// Adds `share(algebra)` to the adjoint of input `i`, if anybody wants it.
    pub(crate) fn give(&mut self, i: usize, share: impl FnOnce(&mut A) -> A::Value) {
        if self.wants(i) {
            let term = share(self.algebra);
            self.accumulate(i, term);
        }
    }

    fn accumulate(&mut self, i: usize, term: A::Value) {
        let input = self.algebra.program().input(self.node, i).index();
        let sum = self.adjoints[input];
        self.adjoints[input] = Some(self.algebra.accumulate(sum, term));
    }
}

/// An operation's forward-mode rule at one node: reads inputs, output and the
/// inputs' tangents, and adds up the output's tangent.
pub(crate) struct Tangent<'a, A: Algebra> {
    pub(crate) algebra: &'a mut A,
    pub(crate) node: u32,
    pub(crate) tangents: &'a mut [Option<A::Value>],
}

impl<A: Algebra> Tangent<'_, A> {
    /// Input `i` of the operation.
    pub(crate) fn input(&self, i: usize) -> A::Value {
        self.algebra
            .recorded(self.algebra.program().input(self.node, i))
    }

    /// How many inputs there are.
    pub(crate) fn inputs(&self) -> usize {
        self.algebra.program().nodes[self.node as usize].inputs as usize
    }

    /// The operation's value.
    pub(crate) fn output(&self) -> A::Value {
        self.algebra.recorded(self.algebra.program().var(self.node))
    }

    /// The tangent of input `i`; `None` stands for zero.
    pub(crate) fn of_input(&self, i: usize) -> Option<A::Value> {
        self.tangents[self.algebra.program().input(self.node, i).index()]
    }

    /// Adds to the output's tangent what the tangent of input `i` brings about.
    pub(crate) fn take(&mut self, i: usize, effect: impl FnOnce(&mut A, A::Value) -> A::Value) {
        if let Some(tangent) = self.of_input(i) {
            let term = effect(self.algebra, tangent);
            self.add(term);
        }
    }

    /// Adds to the output's tangent.
    pub(crate) fn add(&mut self, term: A::Value) {
        let sum = self.tangents[self.node as usize];
        self.tangents[self.node as usize] = Some(self.algebra.accumulate(sum, term));
    }
}
