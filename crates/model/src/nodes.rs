//! What a rule computes from what its synapses see: values that are computed once a
//! step, however many terms use them.

use crate::language::{Factor, Function, Monomial, Name, Poly, Rate, Side};
use crate::sight::Sight;

/// The index of a node.
pub(crate) type Id = usize;

/// A value made of other values.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Name(Name),
    Constant(usize),
    Number(f64),
    Ones(Side),
    /// The units of a group, 1 for its own and 0 for others.
    Group(Side, usize),
    Times(Id, f64),
    Product(Id, Id),
    Function(Function, Id),
    Sum(Id),
    Dot(Id, Id),
    /// Σ number · value.
    Combine(Vec<(Id, Id)>),
    Trace {
        slot: usize,
        of: Id,
        rates: (Id, Id),
    },
}

/// The values of a rule, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    list: Vec<Node>,
    /// The names of the learned constants.
    constants: Vec<String>,
    traces: usize,
}

/// Values of a step as far as they are known.
pub(crate) type Memory<V> = Vec<Option<V>>;

impl Nodes {
    pub(crate) fn new(constants: Vec<String>) -> Self {
        Nodes {
            constants,
            ..Nodes::default()
        }
    }

    /// How many traces there are.
    pub(crate) fn traces(&self) -> usize {
        self.traces
    }

    /// What a vector is called: as it is typed if it is something seen, "1" for ones, else
    /// a name that no other vector of the rule has.
    pub(crate) fn label(&self, id: Id) -> String {
        match &self.list[id] {
            Node::Name(name) => name.text().to_owned(),
            Node::Ones(_) => "1".to_owned(),
            _ => format!("#{id}"),
        }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    fn intern(&mut self, node: Node) -> Id {
        let known = self.list.iter().position(|known| *known == node);
        known.unwrap_or_else(|| {
            self.list.push(node);
            self.list.len() - 1
        })
    }

    pub(crate) fn factor(&mut self, factor: &Factor) -> Id {
        let node = match factor {
            Factor::Name(name) => Node::Name(*name),
            Factor::Constant(name) => Node::Constant(self.constant(name)),
            Factor::Function(function, of) => Node::Function(*function, self.poly(of)),
            Factor::Sum(side, factors) => match factors.as_slice() {
                [rest @ .., last] if !rest.is_empty() => {
                    let (rest, last) = (self.vector(*side, rest), self.factor(last));
                    Node::Dot(rest, last)
                }
                few => Node::Sum(self.vector(*side, few)),
            },
            Factor::Trace(of, rate) => {
                let of = self.poly(of);
                let rates = self.rates(rate);
                let same = |node: &Node| matches!(node, Node::Trace { of: other, rates: own, .. } if (*other, *own) == (of, rates));
                if let Some(known) = self.list.iter().position(same) {
                    return known;
                }
                self.traces += 1;
                let slot = self.traces - 1;
                Node::Trace { slot, of, rates }
            }
        };
        self.intern(node)
    }

    fn constant(&self, name: &str) -> usize {
        let index = self.constants.iter().position(|known| known == name);
        index.expect("texts were read with the rule's constants")
    }

    /// ρ and 1 − ρ.
    fn rates(&mut self, rate: &Rate) -> (Id, Id) {
        match rate {
            Rate::Number(rho) => (
                self.intern(Node::Number(*rho)),
                self.intern(Node::Number(1.0 - rho)),
            ),
            Rate::Constant(name) => {
                let index = self.constant(name);
                let rho = self.intern(Node::Constant(index));
                let (one, minus) = (
                    self.intern(Node::Number(1.0)),
                    self.intern(Node::Number(-1.0)),
                );
                (
                    rho,
                    self.intern(Node::Combine(vec![(one, one), (minus, rho)])),
                )
            }
        }
    }

    /// The product of factors of a side, element by element; ones without any.
    pub(crate) fn vector(&mut self, side: Side, factors: &[Factor]) -> Id {
        let Some((first, rest)) = factors.split_first() else {
            return self.intern(Node::Ones(side));
        };
        let mut product = self.factor(first);
        for factor in rest {
            let factor = self.factor(factor);
            product = self.intern(Node::Product(product, factor));
        }
        product
    }

    /// The part of a vector that belongs to a group of its side.
    pub(crate) fn of_group(&mut self, side: Side, group: usize, vector: Id) -> Id {
        let own = self.intern(Node::Group(side, group));
        if self.list[vector] == Node::Ones(side) {
            return own;
        }
        self.intern(Node::Product(vector, own))
    }

    /// A sum of products as one value.
    pub(crate) fn poly(&mut self, poly: &Poly) -> Id {
        let values: Vec<Id> = poly
            .monomials
            .iter()
            .map(|m| match poly.side {
                Some(side) => self.vector(side, &m.vector),
                None => self.intern(Node::Number(1.0)),
            })
            .collect();
        if let ([m], [value]) = (poly.monomials.as_slice(), values.as_slice())
            && (m.numbers.is_empty() || poly.side.is_none())
        {
            let value = match poly.side {
                Some(_) => *value,
                None => self.numbers(&m.numbers),
            };
            return match m.coefficient {
                1.0 => value,
                c => self.intern(Node::Times(value, c)),
            };
        }
        let scale = |nodes: &mut Self, m: &Monomial| {
            if m.numbers.is_empty() {
                return nodes.intern(Node::Number(m.coefficient));
            }
            let numbers = nodes.numbers(&m.numbers);
            match m.coefficient {
                1.0 => numbers,
                c => nodes.intern(Node::Times(numbers, c)),
            }
        };
        let terms = poly
            .monomials
            .iter()
            .zip(values)
            .map(|(m, value)| (scale(self, m), value))
            .collect();
        self.intern(Node::Combine(terms))
    }

    /// The product of numbers; 1 without any.
    fn numbers(&mut self, factors: &[Factor]) -> Id {
        let Some((first, rest)) = factors.split_first() else {
            return self.intern(Node::Number(1.0));
        };
        let mut product = self.factor(first);
        for factor in rest {
            let factor = self.factor(factor);
            product = self.intern(Node::Product(product, factor));
        }
        product
    }

    /// The value of a node, and of what it is made of, each computed once.
    pub(crate) fn value<S: Sight>(
        &self,
        sight: &mut S,
        memory: &mut Memory<S::Value>,
        id: Id,
    ) -> S::Value {
        if let Some(known) = &memory[id] {
            return known.clone();
        }
        let mut of = |sight: &mut S, id: Id| self.value(sight, memory, id);
        let value = match &self.list[id] {
            Node::Name(name) => sight.see(*name),
            Node::Constant(index) => sight.constant(*index),
            Node::Number(x) => sight.number(*x),
            Node::Ones(side) => sight.ones(*side),
            Node::Group(side, group) => sight.group(*side, *group),
            Node::Times(x, c) => {
                let x = of(sight, *x);
                sight.times(x, *c)
            }
            Node::Product(a, b) => {
                let (a, b) = (of(sight, *a), of(sight, *b));
                sight.multiply(a, b)
            }
            Node::Function(function, x) => {
                let x = of(sight, *x);
                sight.apply(*function, x)
            }
            Node::Sum(x) => {
                let x = of(sight, *x);
                sight.sum(x)
            }
            Node::Dot(a, b) => {
                let (a, b) = (of(sight, *a), of(sight, *b));
                sight.dot(a, b)
            }
            Node::Combine(terms) => {
                let terms: Vec<_> = terms
                    .iter()
                    .map(|(s, x)| (of(sight, *s), of(sight, *x)))
                    .collect();
                sight.combine(&terms)
            }
            Node::Trace { slot, of: x, rates } => {
                let x = of(sight, *x);
                let rates = (of(sight, rates.0), of(sight, rates.1));
                sight.trace(*slot, x, rates)
            }
        };
        memory[id] = Some(value.clone());
        value
    }
}
