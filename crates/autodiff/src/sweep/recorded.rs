//! The tape as an algebra: rules evaluated on it are recorded, and can be
//! differentiated again.

use crate::algebra::{Algebra, MatrixId, Outer, Products, Shorthand, Signed};
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
        self.record_matvec_t(w.0, e, false, on, None)
    }

    fn signed(&mut self, matrices: Signed, x: Var, transposed: bool, on: Support) -> Var {
        let Signed { signs, sizes } = matrices;
        self.record_signed(signs.0, sizes.0, x, transposed, on)
    }

    fn products(
        &mut self,
        w: MatrixId,
        terms: &[Outer],
        wanted: &[(bool, bool)],
        result: &mut Vec<Products<Var>>,
    ) {
        for (term, (want_a, want_b)) in terms.iter().zip(wanted) {
            let on = self.support(term.pre);
            let da = want_a.then(|| self.record_matvec(w.0, term.pre));
            let db = want_b.then(|| self.record_matvec_t(w.0, term.post, false, on, None));
            result.push((da, db));
        }
    }

    fn update(&mut self, w: MatrixId, scale: Option<Var>, terms: &[Outer]) {
        self.record_update(w.0, scale, terms);
    }

    /// W ← W/s + Σ (−sₖ/s) aₖ ⊗ bₖ: an update like any other.
    fn undo(&mut self, w: MatrixId, _: u32, scale: Option<Var>, terms: &[Outer]) {
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
        self.record_update(w.0, back, &terms);
    }

    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Var {
        self.record_frobenius(a.0, b.0)
    }

    fn add_scaled(&mut self, w: MatrixId, s: Var, v: MatrixId) {
        self.record_add_scaled(w.0, s, v.0);
    }
}
