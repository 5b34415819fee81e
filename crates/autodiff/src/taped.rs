//! The tape as an algebra: rules evaluated on it are recorded, and can be
//! differentiated again.

use crate::algebra::{Algebra, MatrixId, Pair, Shorthand};
use crate::ops::{self, Op};
use crate::program::Program;
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

impl<T: Real> Algebra for Tape<T> {
    type Real = T;
    type Value = Var;

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

    fn constant(&mut self, shape: Shape, value: f64) -> Var {
        let values = vec![T::from_f64(value); shape.len()];
        Tape::constant(self, shape, &values)
    }

    fn evaluate(&mut self, op: Op, inputs: &[Var]) -> Var {
        self.record(op, inputs)
    }

    fn accumulate(&mut self, sum: Option<Var>, term: Var) -> Var {
        match sum {
            None => term,
            Some(sum) => self.record(ops::Add.into(), &[sum, term]),
        }
    }

    fn matvec(&mut self, w: MatrixId, y: Var) -> Var {
        self.record_matvec(w.0, y)
    }

    fn matvec_t(&mut self, w: MatrixId, e: Var, on: Support) -> Var {
        self.record_matvec_t(w.0, e, false, on)
    }

    fn products(
        &mut self,
        w: MatrixId,
        pairs: &[Pair<Var>],
        wanted: &[(bool, bool)],
        result: &mut Vec<(Option<Var>, Option<Var>)>,
    ) {
        for ((a, b), (want_a, want_b)) in pairs.iter().zip(wanted) {
            let on = self.support(*b);
            let da = want_a.then(|| self.record_matvec(w.0, *b));
            let db = want_b.then(|| self.record_matvec_t(w.0, *a, false, on));
            result.push((da, db));
        }
    }

    fn update(&mut self, w: MatrixId, scale: Option<Var>, pairs: &[Pair<Var>]) {
        self.record_update(w.0, scale, pairs);
    }

    /// W ← W/s + Σ (−aₖ/s) ⊗ bₖ: an update like any other.
    fn undo(&mut self, w: MatrixId, _: u32, scale: Option<Var>, pairs: &[Pair<Var>]) {
        let back = scale.map(|s| {
            let one = Algebra::constant(self, Shape::SCALAR, 1.0);
            self.record(ops::Div.into(), &[one, s])
        });
        let pairs: Vec<_> = pairs
            .iter()
            .map(|&(a, b)| {
                let negated = Shorthand::affine(self, a, -1.0, 0.0);
                let a = back.map_or(negated, |back| Shorthand::scale(self, back, negated));
                (a, b)
            })
            .collect();
        self.record_update(w.0, back, &pairs);
    }

    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Var {
        self.record_frobenius(a.0, b.0)
    }

    fn add_scaled(&mut self, w: MatrixId, s: Var, v: MatrixId) {
        self.record_add_scaled(w.0, s, v.0);
    }
}
