//! The tape as an algebra: rules evaluated on it are recorded, and can be
//! differentiated again.

use crate::algebra::{
    Algebra, MatrixAlgebra, MatrixId, Origin, Outer, Past, Products, Shorthand, Wanted,
};
use crate::matrix::{Differences, Store};
use crate::ops::plastic::{AddScaled, Fork, Frobenius, Matvec, MatvecT, Signed, Stores, Update};
use crate::ops::{self, Op};
use crate::program::Program;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

impl<T: Real> Algebra for Tape<T> {
    type Real = T;
    type Value = Var;
    const RECORDS: bool = true;

    fn program(&self) -> &Program<T> {
        &self.program
    }

    fn recorded(&self, var: Var) -> Var {
        var
    }

    fn shape(&self, x: Var) -> Shape {
        self.shape_of(x)
    }

    fn support(&self, x: Var) -> Support {
        self.program.nodes[x.index()].support
    }

    fn number(&self, x: Var) -> f64 {
        self.program.value(x.index)[0].to_f64()
    }

    fn constant(&mut self, shape: Shape, value: f64) -> Var {
        let value = T::from_f64(value);
        self.constant_with(shape, |_| value)
    }

    fn evaluate(&mut self, op: Op, inputs: &[Var]) -> Var {
        self.record(op, inputs)
    }

    fn on_a_tape(
        &mut self,
        values: &[Var],
        f: impl FnOnce(&mut Tape<T>, &[Var]) -> Vec<Option<Var>>,
    ) -> Vec<Option<Var>> {
        f(self, values)
    }

    fn accumulate(&mut self, sum: Option<Var>, term: Var) -> Var {
        match sum {
            None => term,
            Some(sum) => self.record(ops::Add.into(), &[sum, term]),
        }
    }
}

impl<T: Real> MatrixAlgebra for Tape<T> {
    fn matvec(&mut self, w: MatrixId, y: Var, detached: bool) -> Var {
        self.record_on(Matvec { w, detached }.into(), &[y])
    }

    fn matvec_t(&mut self, w: MatrixId, e: Var, on: Support, detached: bool) -> Var {
        let gate = None;
        let op = MatvecT {
            w,
            on: self.support_for(e, on),
            detached,
            gate,
        };
        self.record_on(op.into(), &[e])
    }

    fn signed(&mut self, op: Signed, x: Var) -> Var {
        let on = self.support_for(x, op.on);
        self.record_on(Signed { on, ..op }.into(), &[x])
    }

    fn products(
        &mut self,
        w: MatrixId,
        terms: &[Outer],
        wanted: &[Wanted],
        result: &mut Vec<Products<Var>>,
    ) {
        for (term, wanted) in terms.iter().zip(wanted) {
            let da = wanted
                .back
                .then(|| MatrixAlgebra::matvec(self, w, term.pre, false));
            let db = wanted
                .forth
                .then(|| MatrixAlgebra::matvec_t(self, w, term.post, wanted.on, false));
            result.push((da, db));
        }
    }

    fn update(&mut self, w: MatrixId, scale: Option<Var>, terms: &[Outer]) {
        let one = self.one();
        let mut inputs = std::mem::take(&mut self.inputs);
        inputs.clear();
        inputs.extend(scale);
        inputs.extend(
            terms
                .iter()
                .flat_map(|t| [t.scale.unwrap_or(one), t.post, t.pre]),
        );
        let scaled = scale.is_some();
        self.record_on(Update { w, scaled }.into(), &inputs);
        self.inputs = inputs;
    }

    /// W ← W/s + Σ (−sₖ/s) aₖ ⊗ bₖ: an update like any other.
    fn undo(&mut self, w: MatrixId, scale: Option<Var>, terms: &[Outer]) {
        let one = self.one();
        let back = scale.map(|s| self.record(ops::Div.into(), &[one, s]));
        let factor = Shorthand::affine(self, back.unwrap_or(one), -1.0, 0.0);
        let terms: Vec<Outer> = terms
            .iter()
            .map(|term| {
                let scale = match term.scale {
                    Some(s) => Shorthand::mul(self, factor, s),
                    None => factor,
                };
                Outer {
                    scale: Some(scale),
                    ..*term
                }
            })
            .collect();
        MatrixAlgebra::update(self, w, back, &terms);
    }

    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Var {
        self.record_on(Frobenius { a, b }.into(), &[])
    }

    fn add_scaled(&mut self, w: MatrixId, s: Var, v: MatrixId) {
        self.record_on(AddScaled { w, v }.into(), &[s]);
    }

    fn fork(&mut self, w: MatrixId, v: MatrixId) {
        self.record_on(Fork { w, v }.into(), &[]);
    }

    fn like(&mut self, w: MatrixId) -> MatrixId {
        let store = self.store_like(w);
        self.add_slot(Origin::Fork, store, None, false)
    }

    fn zeros(&mut self, w: MatrixId) -> MatrixId {
        let zeros = self.zero_store_like(w);
        self.add_slot(Origin::Zeros, zeros, None, false)
    }

    fn start(&mut self, slot: MatrixId) -> MatrixId {
        if self.slots[slot.index()].initial.is_none() {
            return self.zeros(slot);
        }
        let mut store = self.store_like(slot);
        if let Some(initial) = &self.slots[slot.index()].initial {
            store.copy_from(initial);
        }
        self.add_slot(Origin::Start(slot), store, None, true)
    }

    fn differences(&mut self, w: MatrixId, from: Past) -> Differences {
        match from {
            Past::Matrix(v) => {
                let (w, v) = self.slots.two(w, v);
                w.differences(v)
            }
            Past::Start(slot) => {
                let mut start = match self.slots[slot.index()].initial.take() {
                    Some(initial) => initial,
                    None => self.zero_store_like(slot),
                };
                let found = self.slots.store(w).differences(&mut start);
                let slot = &mut self.slots[slot.index()];
                if slot.origin == Origin::Plastic {
                    slot.initial = Some(start);
                } else {
                    self.workspace.keep(start);
                }
                found
            }
        }
    }

    fn origin(&self, slot: MatrixId) -> Origin {
        self.slots[slot.index()].origin
    }

    fn is_active(&self, slot: MatrixId) -> bool {
        self.slots[slot.index()].active
    }
}

impl<T: Real> Tape<T> {
    fn store_like(&mut self, w: MatrixId) -> Store<T> {
        let (post, pre) = self.slots[w.index()].store.dim();
        self.workspace.store(post, pre)
    }

    fn zero_store_like(&mut self, w: MatrixId) -> Store<T> {
        let mut zeros = self.store_like(w);
        zeros.set_zero();
        zeros
    }
}
