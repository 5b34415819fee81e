//! The recorded program: a flat list of operations, their inputs and their values.

use crate::Real;
use crate::ops::Op;
use crate::plastic::PlasticOp;
use crate::shape::Shape;
use crate::support::{Support, Supports};

/// A value on a tape: a scalar, a vector or a matrix.
///
/// A small copyable index. Using it with another tape, or after
/// [`Tape::clear`](crate::Tape::clear), panics.
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
    /// Reads or changes a plastic matrix.
    Plastic(PlasticOp),
}

impl Action {
    /// The name of the operation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Action::Input => "input",
            Action::Pure(op) => op.name(),
            Action::Plastic(op) => op.name(),
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
    /// Whether it depends on a variable, so that its adjoint may be wanted.
    pub(crate) active: bool,
}

/// All that a tape has recorded since it was cleared.
#[derive(Debug)]
pub(crate) struct Program<T> {
    pub(crate) nodes: Vec<Node>,
    /// Indices of nodes.
    pub(crate) edges: Vec<u32>,
    pub(crate) values: Vec<T>,
    pub(crate) supports: Supports,
    /// The constant 1, if it is recorded.
    pub(crate) one: Option<u32>,
    /// Tells the variables of this program from those of any other.
    pub(crate) stamp: u32,
}

impl<T: Real> Program<T> {
    pub(crate) fn input(&self, node: u32, i: usize) -> Var {
        let node = &self.nodes[node as usize];
        debug_assert!(i < node.inputs as usize);
        Var {
            index: self.edges[node.first_edge as usize + i],
            stamp: self.stamp,
        }
    }

    pub(crate) fn var(&self, node: u32) -> Var {
        Var {
            index: node,
            stamp: self.stamp,
        }
    }

    pub(crate) fn value(&self, index: u32) -> &[T] {
        let node = &self.nodes[index as usize];
        &self.values[node.offset..node.offset + node.shape.len()]
    }
}
