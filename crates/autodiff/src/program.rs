//! The recorded program: a flat list of operations, their inputs and their values.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::Real;
use crate::algebra::{MatrixAlgebra, MatrixId, Reverse, Tangent};
use crate::ops::plastic::MatrixOp;
use crate::ops::{Op, Rule};
use crate::shape::Shape;
use crate::support::{Coordinates, Support, Supports};
use crate::values::Values;
use crate::view::{Inputs, Tensor};

/// A value on a tape: a scalar, a vector or a matrix.
///
/// A small copyable index. Using it with another tape, after
/// [`Tape::clear`](crate::Tape::clear), or outside of the
/// [`Tape::aside`](crate::Tape::aside) that it was made in, panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Var {
    pub(crate) index: u32,
    pub(crate) stamp: u32,
}

impl Var {
    pub(crate) fn index(self) -> usize {
        self.index as usize
    }
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    /// A value from outside: a variable or a constant.
    Input,
    /// A pure function of its inputs.
    Pure(Op),
    /// Reads or changes plastic matrices.
    Matrix(MatrixOp),
}

impl Action {
    /// The name of the operation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Action::Input => "input",
            Action::Pure(op) => op.name(),
            Action::Matrix(op) => op.name(),
        }
    }

    /// The matrix that it changes, so that no sweep can pass it by.
    pub(crate) fn changes(self) -> Option<MatrixId> {
        match self {
            Action::Matrix(op) => op.changes(),
            Action::Input | Action::Pure(_) => None,
        }
    }

    /// Runs the reverse rule.
    pub(crate) fn reverse<A: MatrixAlgebra>(self, cx: &mut Reverse<'_, A>) {
        match self {
            Action::Input => {}
            Action::Pure(op) => op.reverse(cx),
            Action::Matrix(op) => op.reverse(cx),
        }
    }

    /// Runs the forward-mode rule.
    pub(crate) fn tangent<A: MatrixAlgebra>(self, cx: &mut Tangent<'_, A>) {
        match self {
            Action::Pure(op) if op.is_differentiable() => op.tangent(cx),
            Action::Input | Action::Pure(_) => {}
            Action::Matrix(op) => op.tangent(cx),
        }
    }
}

/// One step of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) action: Action,
    /// Where its inputs start in `Program::edges`, and how many they are.
    pub(crate) first_edge: u32,
    pub(crate) inputs: u32,
    /// Where its value starts in `Program::values`.
    pub(crate) offset: usize,
    pub(crate) shape: Shape,
    pub(crate) support: Support,
    /// Tells it from nodes that had its index before they were forgotten.
    stamp: u32,
    /// Whether it depends on a variable, so that its adjoint may be wanted.
    pub(crate) active: bool,
}

/// What is to be recorded of a node besides its inputs and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heading {
    pub(crate) action: Action,
    pub(crate) shape: Shape,
    pub(crate) support: Support,
    pub(crate) active: bool,
}

/// All that a tape has recorded since it was cleared.
#[derive(Debug)]
pub(crate) struct Program<T> {
    pub(crate) nodes: Vec<Node>,
    /// Indices of nodes.
    pub(crate) edges: Vec<u32>,
    pub(crate) values: Values<T>,
    pub(crate) supports: Supports,
    /// The reverse rules of custom operations.
    pub(crate) rules: Vec<Rule<T>>,
    /// The constant 1, if it is recorded.
    pub(crate) one: Option<u32>,
    /// What nodes are stamped with now. Every stamp is one of its kind, whatever the tape.
    pub(crate) stamp: u32,
}

/// How much a program held at some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) nodes: usize,
    pub(crate) edges: usize,
    pub(crate) values: usize,
    supports: usize,
    rules: usize,
    one: Option<u32>,
}

/// A stamp that nothing else has.
fn new_stamp() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Real> Program<T> {
    pub(crate) fn new() -> Self {
        Program {
            nodes: Vec::new(),
            edges: Vec::new(),
            values: Values::new(),
            supports: Supports::default(),
            rules: Vec::new(),
            one: None,
            stamp: new_stamp(),
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            edges: self.edges.len(),
            values: self.values.len(),
            supports: self.supports.len(),
            rules: self.rules.len(),
            one: self.one,
        }
    }

    /// Forgets what was recorded since `mark`; handles of it are void from now on.
    pub(crate) fn forget_since(&mut self, mark: Mark) {
        self.nodes.truncate(mark.nodes);
        self.edges.truncate(mark.edges);
        self.values.truncate(mark.values);
        self.supports.truncate(mark.supports);
        self.rules.truncate(mark.rules);
        self.one = mark.one;
        self.stamp = new_stamp();
    }

    pub(crate) fn clear(&mut self) {
        self.forget_since(Mark {
            nodes: 0,
            edges: 0,
            values: 0,
            supports: 0,
            rules: 0,
            one: None,
        });
    }

    pub(crate) fn bytes(&self) -> usize {
        self.values.len() * size_of::<T>()
            + self.nodes.len() * size_of::<Node>()
            + self.edges.len() * size_of::<u32>()
            + self.supports.bytes()
    }

    /// Whether a handle names a node of this program.
    pub(crate) fn has(&self, x: Var) -> bool {
        self.nodes
            .get(x.index())
            .is_some_and(|node| node.stamp == x.stamp)
    }

    pub(crate) fn input(&self, node: u32, i: usize) -> Var {
        let node = &self.nodes[node as usize];
        debug_assert!(i < node.inputs as usize);
        self.var(self.edges[node.first_edge as usize + i])
    }

    pub(crate) fn var(&self, index: u32) -> Var {
        let stamp = self.nodes[index as usize].stamp;
        Var { index, stamp }
    }

    #[inline]
    pub(crate) fn value(&self, index: u32) -> &[T] {
        let node = &self.nodes[index as usize];
        self.values.get(node.offset..node.offset + node.shape.len())
    }

    /// The inputs of a node.
    pub(crate) fn inputs_of(&self, node: &Node) -> Recorded<'_, T> {
        let first = node.first_edge as usize;
        Recorded {
            nodes: &self.nodes,
            values: self.values.get(0..self.values.len()),
            supports: &self.supports,
            inputs: &self.edges[first..first + node.inputs as usize],
        }
    }

    /// Records a node behind all others. `write` has the inputs to read and the value to
    /// write.
    pub(crate) fn append(
        &mut self,
        heading: Heading,
        inputs: &[Var],
        write: impl FnOnce(&Recorded<'_, T>, &mut [T]),
    ) -> Var {
        let offset = self.values.len();
        let first_edge = u32::try_from(self.edges.len()).expect("fewer than 2³² inputs");
        self.edges.extend(inputs.iter().map(|x| x.index));
        let (values, y) = self.values.add(heading.shape.len());
        let recorded = Recorded {
            nodes: &self.nodes,
            values,
            supports: &self.supports,
            inputs: &self.edges[first_edge as usize..],
        };
        write(&recorded, y);
        match heading.action {
            Action::Pure(_) => self.supports.settle(heading.support, y),
            // Operations on matrices write on the coordinates alone.
            Action::Matrix(_) | Action::Input => self.supports.assert_settled(heading.support, y),
        }
        self.push(heading, first_edge, inputs.len() as u32, offset)
    }

    /// Records a value from outside behind all others, with as many numbers as it has.
    pub(crate) fn append_input(
        &mut self,
        heading: Heading,
        numbers: impl Iterator<Item = T>,
    ) -> Var {
        let offset = self.values.len();
        let (_, values) = self.values.add(heading.shape.len());
        for (value, number) in values.iter_mut().zip(numbers) {
            *value = number;
        }
        self.push(heading, self.edges.len() as u32, 0, offset)
    }

    /// Records a node whose inputs and value are there.
    fn push(&mut self, heading: Heading, first_edge: u32, inputs: u32, offset: usize) -> Var {
        let Heading {
            action,
            shape,
            support,
            active,
        } = heading;
        let index = u32::try_from(self.nodes.len()).expect("fewer than 2³² values");
        let stamp = self.stamp;
        self.nodes.push(Node {
            action,
            first_edge,
            inputs,
            offset,
            shape,
            support,
            stamp,
            active,
        });
        Var { index, stamp }
    }
}

/// Inputs that are all recorded.
pub(crate) struct Recorded<'a, T> {
    nodes: &'a [Node],
    values: &'a [T],
    supports: &'a Supports,
    inputs: &'a [u32],
}

impl<T: Real> Inputs<T> for Recorded<'_, T> {
    fn len(&self) -> usize {
        self.inputs.len()
    }

    #[inline]
    fn get(&self, i: usize) -> Tensor<'_, T> {
        let node = &self.nodes[self.inputs[i] as usize];
        Tensor {
            shape: node.shape,
            data: &self.values[node.offset..node.offset + node.shape.len()],
        }
    }

    fn support(&self, i: usize) -> Support {
        self.nodes[self.inputs[i] as usize].support
    }

    fn coordinates(&self, support: Support) -> Coordinates<'_> {
        self.supports.coordinates(support)
    }
}
