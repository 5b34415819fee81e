//! What a synapse can see: the one meaning of a rule's names.
//!
//! A rule is compiled to [`Nodes`](crate::compile::Nodes), which are evaluated on
//! anything that implements [`Sight`]: on the tape, where what is computed can be
//! differentiated ([`Taped`]), and on plain numbers, to look at a step from outside
//! ([`Plain`](crate::Plain)).

use autodiff::{Plastic, Real, Tape, Var};

use crate::Trace;
use crate::language::{Function, Name, Side};

/// What one layer's synapses see of a step, and how to compute with it.
pub(crate) trait Sight {
    /// A number or a vector.
    type Value: Clone;

    /// Something seen. Names that are products with the synapse's matrix are asked for
    /// before any matrix changes.
    fn see(&mut self, name: Name) -> Self::Value;
    /// The learned constant of an index.
    fn constant(&mut self, index: usize) -> Self::Value;
    /// A given number.
    fn number(&mut self, x: f64) -> Self::Value;
    /// A vector of ones over the units of a side.
    fn ones(&mut self, side: Side) -> Self::Value;
    /// A vector of ones over one group of units, zero elsewhere.
    fn group(&mut self, side: Side, group: usize) -> Self::Value;
    /// c·x.
    fn times(&mut self, x: Self::Value, c: f64) -> Self::Value;
    /// a ⊙ b.
    fn multiply(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// f(x), element by element.
    fn apply(&mut self, function: Function, x: Self::Value) -> Self::Value;
    /// Σᵢ xᵢ.
    fn sum(&mut self, x: Self::Value) -> Self::Value;
    /// Σᵢ aᵢ bᵢ.
    fn dot(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// Σₖ sₖ xₖ with numbers sₖ.
    fn combine(&mut self, terms: &[(Self::Value, Self::Value)]) -> Self::Value;
    /// The trace of a slot, x̄ ← ρ x̄ + κ x with κ = 1 − ρ, from 0.
    fn trace(
        &mut self,
        slot: usize,
        x: Self::Value,
        rates: (Self::Value, Self::Value),
    ) -> Self::Value;
}

/// Where synapses stand: from the units of layer `pre` to those of layer `post`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) pre: usize,
    pub(crate) post: usize,
}

impl Wire {
    /// What can be seen along it of a forward pass and the errors.
    pub(crate) fn see(self, trace: &Trace, name: Name) -> Option<Var> {
        match name {
            Name::PreActivity => Some(trace.y[self.pre]),
            Name::PreError => trace.e[self.pre],
            Name::Input => Some(trace.z[self.post - 1]),
            Name::Activity => Some(trace.y[self.post]),
            Name::Error => trace.e[self.post],
            Name::Loss => trace.loss,
            Name::Right => trace.right,
            Name::ForwardError | Name::BackActivity | Name::BackError | Name::Weight => None,
        }
    }
}

/// The value of a product with the synapse's matrix.
pub(crate) fn read<T: Real>(
    tape: &mut Tape<T>,
    name: Name,
    matrix: &Plastic,
    (wire, trace): (Wire, &Trace),
) -> Var {
    let of = |name| seen(wire, trace, name);
    match name {
        Name::ForwardError => tape.matvec(matrix, of(Name::PreError)),
        Name::BackActivity => tape.matvec_t(matrix, of(Name::Activity)),
        Name::BackError => tape.matvec_t(matrix, of(Name::Error)),
        _ => unreachable!("only products with the matrix read it"),
    }
}

fn seen(wire: Wire, trace: &Trace, name: Name) -> Var {
    wire.see(trace, name)
        .expect("what a rule needs was computed before its update")
}

/// Values that do not change from step to step, kept for an episode.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    numbers: Vec<(f64, Var)>,
    ones: Vec<(usize, Var)>,
    groups: Vec<(usize, usize, Var)>,
    /// The learned constants.
    pub(crate) constants: Vec<Var>,
    /// Shares of groups of units, as bounds from 0 to 1.
    pub(crate) bounds: Vec<f64>,
}

impl Kept {
    /// For groups of units with the given bounds, as shares from 0 to 1.
    pub(crate) fn new(bounds: Vec<f64>) -> Self {
        Kept {
            bounds,
            ..Kept::default()
        }
    }

    /// Forgets all but what was made before the first step.
    pub(crate) fn begin(&mut self, one: Var, constants: &[Var]) {
        self.numbers.clear();
        self.numbers.push((1.0, one));
        self.ones.clear();
        self.groups.clear();
        self.constants.clear();
        self.constants.extend(constants);
    }

    pub(crate) fn number<T: Real>(&mut self, tape: &mut Tape<T>, x: f64) -> Var {
        let known = self.numbers.iter().find(|(known, _)| *known == x);
        known.map(|(_, var)| *var).unwrap_or_else(|| {
            let var = tape.constant_scalar(T::from_f64(x));
            self.numbers.push((x, var));
            var
        })
    }
}

/// The units of group `group` among `n`, for groups with the given bounds.
pub(crate) fn units(bounds: &[f64], group: usize, n: usize) -> std::ops::Range<usize> {
    let place = |share: f64| (share * n as f64).round() as usize;
    place(bounds[group])..place(bounds[group + 1])
}

/// What the synapses of one wire see, on the tape.
pub(crate) struct Taped<'a, T> {
    pub(crate) tape: &'a mut Tape<T>,
    pub(crate) wire: Wire,
    pub(crate) trace: &'a Trace,
    /// Products with the matrix, taken before anything changed.
    pub(crate) reads: &'a [(Name, Var)],
    pub(crate) kept: &'a mut Kept,
    /// The traces of the wire, by slot.
    pub(crate) traces: &'a mut [Option<Var>],
}

impl<T: Real> Taped<'_, T> {
    /// A vector over the units of a side.
    fn like(&self, side: Side) -> Var {
        match side {
            Side::Post => self.trace.y[self.wire.post],
            Side::Pre => self.trace.y[self.wire.pre],
        }
    }
}

impl<T: Real> Sight for Taped<'_, T> {
    type Value = Var;

    fn see(&mut self, name: Name) -> Var {
        let read = self.reads.iter().find(|(known, _)| *known == name);
        read.map_or_else(|| seen(self.wire, self.trace, name), |(_, var)| *var)
    }

    fn constant(&mut self, index: usize) -> Var {
        self.kept.constants[index]
    }

    fn number(&mut self, x: f64) -> Var {
        self.kept.number(self.tape, x)
    }

    fn ones(&mut self, side: Side) -> Var {
        let shape = self.tape.shape_of(self.like(side));
        let known = self.kept.ones.iter().find(|(n, _)| *n == shape.len());
        known.map(|(_, var)| *var).unwrap_or_else(|| {
            let one = self.kept.number(self.tape, 1.0);
            let ones = self.tape.fill(one, shape);
            self.kept.ones.push((shape.len(), ones));
            ones
        })
    }

    fn group(&mut self, side: Side, group: usize) -> Var {
        let shape = self.tape.shape_of(self.like(side));
        let n = shape.len();
        let known = self
            .kept
            .groups
            .iter()
            .find(|(m, g, _)| (*m, *g) == (n, group));
        known.map(|(.., var)| *var).unwrap_or_else(|| {
            let own = units(&self.kept.bounds, group, n);
            let number = |i| if own.contains(&i) { T::ONE } else { T::ZERO };
            let var = self.tape.constant_with(shape, number);
            self.kept.groups.push((n, group, var));
            var
        })
    }

    fn times(&mut self, x: Var, c: f64) -> Var {
        self.tape.affine(x, c, 0.0)
    }

    fn multiply(&mut self, a: Var, b: Var) -> Var {
        self.tape.mul(a, b)
    }

    fn apply(&mut self, function: Function, x: Var) -> Var {
        function.on_tape(self.tape, x)
    }

    fn sum(&mut self, x: Var) -> Var {
        self.tape.sum(x)
    }

    fn dot(&mut self, a: Var, b: Var) -> Var {
        self.tape.dot(a, b)
    }

    fn combine(&mut self, terms: &[(Var, Var)]) -> Var {
        self.tape.combine(terms)
    }

    fn trace(&mut self, slot: usize, x: Var, (rho, kept): (Var, Var)) -> Var {
        let now = match self.traces[slot] {
            Some(before) => self.tape.combine(&[(rho, before), (kept, x)]),
            None => self.tape.scale(kept, x),
        };
        self.traces[slot] = Some(now);
        now
    }
}
