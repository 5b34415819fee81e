//! What derivative rules are written in.
//!
//! A rule says what to compute, not where: [`Algebra`] is implemented by the
//! [`Tape`](crate::Tape), which records what it computes so that it can be
//! differentiated again, and by the evaluator, which only computes. So every rule is
//! written once and serves plain gradients, recorded gradients and forward mode.
//!
//! This file, `ops/` and `program.rs` know each other, and must: operations are the words
//! in which their own derivatives are written, and a program is a list of them.

use crate::matrix::Differences;
use crate::ops::plastic::{Inner, Needs, Room, Signed};
use crate::ops::{self, Axis, Op, Whole};
use crate::program::{Program, Var};
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape};

/// A plastic matrix as rules name it. Unlike [`Plastic`](crate::Plastic) it says
/// nothing about time: rules run in the order of the sweep and see the matrix as it
/// is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MatrixId(pub(crate) u32);

impl MatrixId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

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

/// What [`MatrixAlgebra::products`] finds for a term: W b and a W, as far as asked for.
pub(crate) type Products<V> = (Option<V>, Option<V>);

/// Something that evaluates operations on values.
pub(crate) trait Algebra {
    /// The number type.
    type Real: Real;
    /// A handle of a value.
    type Value: Copy + PartialEq;
    /// Whether what is evaluated is going to be differentiated.
    const RECORDS: bool;

    /// The recorded program that a sweep runs over.
    fn program(&self) -> &Program<Self::Real>;
    /// The handle of a recorded value.
    fn recorded(&self, var: Var) -> Self::Value;
    fn shape(&self, x: Self::Value) -> Shape;
    fn support(&self, x: Self::Value) -> Support;
    /// The number of a scalar, to judge by and not to compute with.
    fn number(&self, x: Self::Value) -> f64;
    /// A constant filled with one number.
    fn constant(&mut self, shape: Shape, value: f64) -> Self::Value;
    /// The value of `op` on `inputs`.
    fn evaluate(&mut self, op: Op, inputs: &[Self::Value]) -> Self::Value;

    /// Runs `f` on a tape that holds `values`: this one, or one that is forgotten after.
    /// Returns the values of what `f` returns.
    fn on_a_tape(
        &mut self,
        values: &[Self::Value],
        f: impl FnOnce(&mut Tape<Self::Real>, &[Var]) -> Vec<Option<Var>>,
    ) -> Vec<Option<Self::Value>>;

    /// sum + term, where `sum` may be overwritten if nobody else holds it.
    fn accumulate(&mut self, sum: Option<Self::Value>, term: Self::Value) -> Self::Value;
    /// Lets go of an accumulated value.
    fn release(&mut self, _sum: Self::Value) {}
    /// Called between the rules of two nodes: what was computed in between and not
    /// accumulated is no longer needed.
    fn end_of_rule(&mut self) {}
}

/// Something that evaluates operations on matrices. With `detached`, W counts as a
/// constant in whatever derivatives are taken of the value later.
pub(crate) trait MatrixAlgebra: Algebra {
    /// y Wᵀ.
    fn matvec(&mut self, w: MatrixId, y: Self::Value, detached: bool) -> Self::Value;
    /// e W, only on the coordinates of `on`.
    fn matvec_t(&mut self, w: MatrixId, e: Self::Value, on: Support, detached: bool)
    -> Self::Value;
    /// (|V| ⊙ sign W) x, or its transpose times x; both matrices count as constants.
    fn signed(&mut self, op: Signed, x: Self::Value) -> Self::Value;
    /// Pushes (W bₖ, aₖ W) for each term aₖ ⊗ bₖ, the second on `on[k]`. What `wanted` says
    /// no to may be left out.
    fn products(
        &mut self,
        w: MatrixId,
        terms: &[Outer<Self::Value>],
        wanted: &[Wanted],
        result: &mut Vec<Products<Self::Value>>,
    );
    /// W ← s W + Σ sₖ aₖ ⊗ bₖ, s = 1 and sₖ = 1 where there is none.
    fn update(&mut self, w: MatrixId, scale: Option<Self::Value>, terms: &[Outer<Self::Value>]);
    /// W ← (W − Σ sₖ aₖ ⊗ bₖ)/s: takes back an update.
    fn undo(&mut self, w: MatrixId, scale: Option<Self::Value>, terms: &[Outer<Self::Value>]);
    /// ⟨A, B⟩ = Σᵢⱼ Aᵢⱼ Bᵢⱼ.
    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Self::Value;
    /// W ← W + s V.
    fn add_scaled(&mut self, w: MatrixId, s: Self::Value, v: MatrixId);
    /// W ← V.
    fn fork(&mut self, w: MatrixId, v: MatrixId);

    /// A new matrix of the size of W, not to be read before something is copied to it.
    fn like(&mut self, w: MatrixId) -> MatrixId;
    /// A new matrix of the size of W, zero.
    fn zeros(&mut self, w: MatrixId) -> MatrixId;
    /// A matrix with the numbers that the matrix of a slot started with.
    fn start(&mut self, slot: MatrixId) -> MatrixId;
    /// How far W is from what it should be.
    fn differences(&mut self, w: MatrixId, from: Past) -> Differences;

    /// Where the matrix of a slot starts from.
    fn origin(&self, slot: MatrixId) -> Origin;
    /// Whether derivatives pass through the matrix of a slot.
    fn is_active(&self, slot: MatrixId) -> bool;
}

/// Where a plastic matrix starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Given from outside, and plastic.
    Plastic,
    /// Given from outside, never to change.
    Fixed,
    /// What another, given from outside, started as.
    Start(MatrixId),
    /// All zero: the adjoint of another matrix.
    Zeros,
    /// A copy of another.
    Fork,
}

/// What a matrix that was brought back in time should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Past {
    /// What the matrix of a slot started as.
    Start(MatrixId),
    /// Another matrix.
    Matrix(MatrixId),
}

/// Which products with Λ the reverse rule of a term wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Λ b, for ā.
    pub(crate) back: bool,
    /// a Λ, for b̄, and on which coordinates.
    pub(crate) forth: bool,
    pub(crate) on: Support,
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

/// What a sweep keeps for each plastic matrix of the program: the matrix at the
/// sweep's time, and its adjoint Λ (or its tangent Ẇ), if derivatives pass through it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Companions<V> {
    pub(crate) w: MatrixId,
    pub(crate) derivative: Option<MatrixId>,
    /// Whether the sweep reads `w`; if not, it need not follow it through time.
    pub(crate) read: bool,
    /// ⟨Λ, W⟩ at the sweep's time, if the sweep needs it and can follow it.
    pub(crate) inner: Option<Inner<V>>,
    /// How many times smaller an error in `w` may have become on its way back, by scales
    /// above 1.
    pub(crate) shrunk: f64,
    /// How many times larger, by scales below 1.
    pub(crate) grown: f64,
}

impl<V: Copy + PartialEq> Companions<V> {
    /// At the start of a sweep: `derivative` is zero.
    pub(crate) fn new(w: MatrixId, derivative: Option<MatrixId>, needs: Needs) -> Self {
        Companions {
            w,
            derivative,
            read: needs.read,
            inner: (needs.inner && derivative.is_some()).then(Inner::zero),
            shrunk: 1.0,
            grown: 1.0,
        }
    }
}

/// What a sweep carries from node to node: adjoints or tangents by node, and matrices by
/// slot.
pub(crate) struct Carried<V> {
    pub(crate) derivatives: Vec<Option<V>>,
    pub(crate) matrices: Vec<Companions<V>>,
    /// Computed values whose adjoints were asked for, in increasing order.
    pub(crate) asked: Vec<u32>,
    /// By node: whether it depends on a value that has structural zeros and was asked for,
    /// so that its adjoint matters everywhere. Empty if there are none.
    pub(crate) in_full: Vec<bool>,
    pub(crate) room: Room<V>,
}

impl<V> Carried<V> {
    /// Whether the adjoint of a computed value was asked for.
    pub(crate) fn is_asked(&self, node: u32) -> bool {
        self.asked.binary_search(&node).is_ok()
    }
}

/// The inputs of the node at which a rule runs.
macro_rules! node_of_a_rule {
    ($Context:ident) => {
        impl<A: Algebra> $Context<'_, A> {
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

            /// What the sweep has for a matrix.
            pub(crate) fn matrix(&self, slot: MatrixId) -> Companions<A::Value> {
                self.carried.matrices[slot.index()]
            }
        }
    };
}

node_of_a_rule!(Reverse);
node_of_a_rule!(Tangent);

/// An operation's reverse rule at one node: reads inputs, output and the output's
/// adjoint, and gives each input its share.
pub(crate) struct Reverse<'a, A: Algebra> {
    pub(crate) algebra: &'a mut A,
    pub(crate) node: u32,
    /// None for a node without a value.
    pub(crate) adjoint: Option<A::Value>,
    pub(crate) carried: &'a mut Carried<A::Value>,
}

impl<A: Algebra> Reverse<'_, A> {
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

    /// Where the adjoint of input `i` matters: on its support, or everywhere if somebody
    /// asked for it, or for what it depends on.
    pub(crate) fn matters(&self, i: usize) -> Support {
        let input = self.algebra.program().input(self.node, i).index();
        match self.carried.in_full.get(input) {
            Some(true) => Support::DENSE,
            _ => self.algebra.program().nodes[input].support,
        }
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
        debug_assert_eq!(
            self.algebra.shape(term),
            self.algebra.program().nodes[input].shape,
            "an adjoint has the shape of its value"
        );
        let sum = self.carried.derivatives[input];
        self.carried.derivatives[input] = Some(self.algebra.accumulate(sum, term));
    }
}

/// An operation's forward-mode rule at one node: reads inputs, output and the
/// inputs' tangents, and adds up the output's tangent.
pub(crate) struct Tangent<'a, A: Algebra> {
    pub(crate) algebra: &'a mut A,
    pub(crate) node: u32,
    pub(crate) carried: &'a mut Carried<A::Value>,
}

impl<A: Algebra> Tangent<'_, A> {
    /// The tangent of input `i`; `None` stands for zero.
    pub(crate) fn of_input(&self, i: usize) -> Option<A::Value> {
        self.carried.derivatives[self.algebra.program().input(self.node, i).index()]
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
        let node = self.node as usize;
        debug_assert_eq!(
            self.algebra.shape(term),
            self.algebra.program().nodes[node].shape,
            "a tangent has the shape of its value"
        );
        let sum = self.carried.derivatives[node];
        self.carried.derivatives[node] = Some(self.algebra.accumulate(sum, term));
    }
}

/// Does again, or takes back, what a node did to matrices: on those that a sweep has for
/// them.
pub(crate) struct Change<'a, A: Algebra> {
    pub(crate) algebra: &'a mut A,
    pub(crate) node: u32,
    pub(crate) matrices: &'a mut [Companions<A::Value>],
    pub(crate) room: &'a mut Room<A::Value>,
}

impl<A: Algebra> Change<'_, A> {
    /// Input `i` of the operation.
    pub(crate) fn input(&self, i: usize) -> A::Value {
        self.algebra
            .recorded(self.algebra.program().input(self.node, i))
    }

    /// The sweep's matrix for a slot.
    pub(crate) fn w(&self, slot: MatrixId) -> MatrixId {
        self.matrices[slot.index()].w
    }
}
