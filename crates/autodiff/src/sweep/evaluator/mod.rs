//! Evaluates derivative rules without recording them.
//!
//! Values live in a pool of buffers that are reused as soon as nobody needs them, so
//! that a sweep's own values stay in the first-level cache and a sweep over a program
//! seen before allocates nothing.

mod matrices;
mod pool;

pub(super) use pool::{Pool, Ref};

use lanes::MAX_PRODUCTS;
use ndarray::Array2;

use super::Workspace;
use crate::algebra::{Algebra, MatrixAlgebra, MatrixId, Origin, Outer, Past, Products, Wanted};
use crate::matrix::Differences;
use crate::ops::plastic::{AddScaled, Fork, Frobenius, MatrixOp, Matvec, MatvecT, Signed, Stores};
use crate::ops::{self, Op};
use crate::plastic::Slot;
use crate::program::{Program, Var};
use crate::shape::Shape;
use crate::support::{Coordinates, Support};
use crate::view::{Inputs, Operand, Tensor};
use crate::{Real, Tape};
use matrices::Matrices;

/// Evaluates rules over a program.
pub(crate) struct Evaluator<'a, T> {
    program: &'a Program<T>,
    matrices: Matrices<'a, T>,
    pool: Pool<T>,
}

impl<'a, T: Real> Evaluator<'a, T> {
    pub(crate) fn new(
        program: &'a Program<T>,
        slots: &'a mut [Slot<T>],
        workspace: &mut Workspace<T>,
    ) -> Self {
        let mut pool = std::mem::take(&mut workspace.pool);
        pool.reset();
        Evaluator {
            program,
            matrices: Matrices::new(slots, workspace),
            pool,
        }
    }

    /// Hands the memory back.
    pub(crate) fn finish(self, workspace: &mut Workspace<T>) {
        workspace.pool = self.pool;
        self.matrices.finish(workspace);
    }

    /// A new value, written by `write`, which has to respect the support.
    fn make(
        &mut self,
        shape: Shape,
        support: Support,
        write: impl FnOnce(&mut Self, &mut [T]),
    ) -> Ref {
        let index = self.pool.take(shape, support);
        let mut data = std::mem::take(&mut self.pool.values[index].data);
        write(self, &mut data);
        self.program.supports.assert_settled(support, &data);
        self.pool.values[index].data = data;
        Ref::of_pool(index)
    }

    /// A value with these numbers.
    pub(crate) fn given(&mut self, shape: Shape, numbers: &[T]) -> Ref {
        self.make(shape, Support::DENSE, |_, y| y.copy_from_slice(numbers))
    }

    /// A matrix as an array.
    pub(crate) fn array(&self, w: MatrixId) -> Array2<T> {
        self.matrices.get(w).array()
    }

    pub(crate) fn numbers(&self, x: Ref) -> &[T] {
        tensor(self.program, &self.pool, x).data
    }
}

#[inline]
fn tensor<'p, T: Real>(program: &'p Program<T>, pool: &'p Pool<T>, x: Ref) -> Tensor<'p, T> {
    match x.pool_index() {
        Some(index) => {
            let value = &pool.values[index];
            Tensor {
                shape: value.shape,
                data: &value.data,
            }
        }
        None => Tensor {
            shape: program.nodes[x.0 as usize].shape,
            data: program.value(x.0),
        },
    }
}

fn support_of<T: Real>(program: &Program<T>, pool: &Pool<T>, x: Ref) -> Support {
    match x.pool_index() {
        Some(index) => pool.values[index].support,
        None => program.nodes[x.0 as usize].support,
    }
}

fn operand<'p, T: Real>(program: &'p Program<T>, pool: &'p Pool<T>, x: Ref) -> Operand<'p, T> {
    let on = program.supports.coordinates(support_of(program, pool, x));
    Operand {
        tensor: tensor(program, pool, x),
        on,
    }
}

struct Mixed<'a, T> {
    program: &'a Program<T>,
    pool: &'a Pool<T>,
    inputs: &'a [Ref],
}

impl<T: Real> Inputs<T> for Mixed<'_, T> {
    fn len(&self) -> usize {
        self.inputs.len()
    }

    #[inline]
    fn get(&self, i: usize) -> Tensor<'_, T> {
        tensor(self.program, self.pool, self.inputs[i])
    }

    fn support(&self, i: usize) -> Support {
        support_of(self.program, self.pool, self.inputs[i])
    }

    fn coordinates(&self, support: Support) -> Coordinates<'_> {
        self.program.supports.coordinates(support)
    }
}

impl<T: Real> Algebra for Evaluator<'_, T> {
    type Real = T;
    type Value = Ref;
    const RECORDS: bool = false;

    fn program(&self) -> &Program<T> {
        self.program
    }

    fn recorded(&self, var: Var) -> Ref {
        Ref::of_program(var.index)
    }

    fn shape(&self, x: Ref) -> Shape {
        tensor(self.program, &self.pool, x).shape
    }

    fn support(&self, x: Ref) -> Support {
        support_of(self.program, &self.pool, x)
    }

    fn number(&self, x: Ref) -> f64 {
        self.numbers(x)[0].to_f64()
    }

    fn constant(&mut self, shape: Shape, value: f64) -> Ref {
        self.make(shape, Support::DENSE, |_, y| y.fill(T::from_f64(value)))
    }

    fn evaluate(&mut self, op: Op, inputs: &[Ref]) -> Ref {
        let shape = op.shape(inputs.len(), &|i| self.shape(inputs[i]));
        let support = op.support(inputs.len(), &|i| self.support(inputs[i]));
        self.make(shape, support, |g, y| {
            let (program, pool) = (g.program, &g.pool);
            let inputs = Mixed {
                program,
                pool,
                inputs,
            };
            op.value(&inputs, y);
            program.supports.settle(support, y);
        })
    }

    fn on_a_tape(
        &mut self,
        values: &[Ref],
        f: impl FnOnce(&mut Tape<T>, &[Var]) -> Vec<Option<Var>>,
    ) -> Vec<Option<Ref>> {
        let mut tape = Tape::new();
        let copy = |x: &Ref| {
            let x = tensor(self.program, &self.pool, *x);
            tape.variable(x.shape, x.data)
        };
        let vars: Vec<Var> = values.iter().map(copy).collect();
        let found = f(&mut tape, &vars);
        let mut copy = |y: Var| self.given(tape.shape_of(y), tape.value(y));
        found.into_iter().map(|y| y.map(&mut copy)).collect()
    }

    fn accumulate(&mut self, sum: Option<Ref>, term: Ref) -> Ref {
        let Some(sum) = sum else {
            if let Some(index) = term.pool_index() {
                self.pool.values[index].holders += 1;
            }
            return term;
        };
        // What was made in the present rule is not written to: the rule may read it again.
        if let Some(index) = sum.pool_index()
            && self.pool.values[index].holders == 1
            && !self.pool.fresh.contains(&(index as u32))
            && sum != term
        {
            let mut data = std::mem::take(&mut self.pool.values[index].data);
            add_to(&mut data, tensor(self.program, &self.pool, term).data);
            let support = self.support(term);
            let value = &mut self.pool.values[index];
            value.data = data;
            if value.support != support {
                value.support = Support::DENSE;
            }
            return sum;
        }
        let total = self.evaluate(ops::Add.into(), &[sum, term]);
        self.release(sum);
        self.accumulate(None, total)
    }

    fn release(&mut self, sum: Ref) {
        if let Some(index) = sum.pool_index() {
            let value = &mut self.pool.values[index];
            value.holders -= 1;
            if value.holders == 0 && !self.pool.fresh.contains(&(index as u32)) {
                self.pool.give_back(index as u32);
            }
        }
    }

    fn end_of_rule(&mut self) {
        self.pool.end_of_rule();
    }
}

impl<T: Real> MatrixAlgebra for Evaluator<'_, T> {
    fn matvec(&mut self, w: MatrixId, y: Ref, detached: bool) -> Ref {
        self.value_on(Matvec { w, detached }.into(), &[y])
    }

    fn matvec_t(&mut self, w: MatrixId, e: Ref, on: Support, detached: bool) -> Ref {
        let op = MatvecT {
            w,
            on,
            detached,
            gate: None,
        };
        self.value_on(op.into(), &[e])
    }

    fn signed(&mut self, op: Signed, x: Ref) -> Ref {
        self.value_on(op.into(), &[x])
    }

    fn products(
        &mut self,
        w: MatrixId,
        terms: &[Outer<Ref>],
        wanted: &[Wanted],
        result: &mut Vec<Products<Ref>>,
    ) {
        let rounds = terms.chunks(MAX_PRODUCTS).zip(wanted.chunks(MAX_PRODUCTS));
        for (terms, wanted) in rounds {
            if terms.iter().any(|term| self.shape(term.post).rows > 1) {
                for (term, wanted) in terms.iter().zip(wanted) {
                    let da = wanted.back.then(|| self.matvec(w, term.pre, false));
                    let db = wanted
                        .forth
                        .then(|| self.matvec_t(w, term.post, wanted.on, false));
                    result.push((da, db));
                }
            } else {
                self.products_at_once(w, terms, wanted, result);
            }
        }
    }

    fn update(&mut self, w: MatrixId, scale: Option<Ref>, terms: &[Outer<Ref>]) {
        let scale = scale.map(|s| self.numbers(s)[0]);
        self.add_terms(w, scale, T::ONE, terms);
    }

    fn undo(&mut self, w: MatrixId, scale: Option<Ref>, terms: &[Outer<Ref>]) {
        let back = scale.map(|s| T::ONE / self.numbers(s)[0]);
        let factor = back.map_or(-T::ONE, |back| -back);
        self.add_terms(w, back, factor, terms);
    }

    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Ref {
        self.value_on(Frobenius { a, b }.into(), &[])
    }

    fn add_scaled(&mut self, w: MatrixId, s: Ref, v: MatrixId) {
        self.change(AddScaled { w, v }.into(), &[s]);
    }

    fn fork(&mut self, w: MatrixId, v: MatrixId) {
        self.change(Fork { w, v }.into(), &[]);
    }

    fn like(&mut self, w: MatrixId) -> MatrixId {
        self.matrices.like(w)
    }

    fn zeros(&mut self, w: MatrixId) -> MatrixId {
        let zeros = self.matrices.like(w);
        self.matrices.store(zeros).set_zero();
        zeros
    }

    fn start(&mut self, slot: MatrixId) -> MatrixId {
        self.matrices.start(slot)
    }

    fn differences(&mut self, w: MatrixId, from: Past) -> Differences {
        let v = match from {
            Past::Matrix(v) => v,
            Past::Start(slot) => self.matrices.start(slot),
        };
        let (w, v) = self.matrices.two(w, v);
        w.differences(v)
    }

    fn origin(&self, slot: MatrixId) -> Origin {
        self.matrices.slots[slot.index()].origin
    }

    fn is_active(&self, slot: MatrixId) -> bool {
        self.matrices.slots[slot.index()].active
    }
}

impl<T: Real> Evaluator<'_, T> {
    /// The value of an operation on matrices.
    fn value_on(&mut self, op: MatrixOp, inputs: &[Ref]) -> Ref {
        let shape = op.shape(&|i| self.shape(inputs[i]), &|w| {
            let (post, pre) = self.matrices.get(w).dim();
            Shape::matrix(post, pre)
        });
        self.make(shape, op.support(), |g, y| g.run(op, inputs, y))
    }

    /// Changes a matrix.
    fn change(&mut self, op: MatrixOp, inputs: &[Ref]) {
        self.run(op, inputs, &mut []);
    }

    fn run(&mut self, op: MatrixOp, inputs: &[Ref], y: &mut [T]) {
        let (program, pool) = (self.program, &self.pool);
        let inputs = Mixed {
            program,
            pool,
            inputs,
        };
        op.value(&mut self.matrices, &inputs, y);
    }

    /// W ← scale·W + factor·Σ sₖ aₖ ⊗ bₖ.
    fn add_terms(&mut self, w: MatrixId, scale: Option<T>, factor: T, terms: &[Outer<Ref>]) {
        let (program, pool) = (self.program, &self.pool);
        let store = self.matrices.store(w);
        store.begin_update(scale);
        store.add_terms(terms.iter().map(|term| {
            let factor = match term.scale {
                Some(s) => factor * tensor(program, pool, s).scalar(),
                None => factor,
            };
            let post = tensor(program, pool, term.post);
            (factor, post, operand(program, pool, term.pre))
        }));
    }

    /// For at most [`MAX_PRODUCTS`] terms of single vectors, in one walk.
    fn products_at_once(
        &mut self,
        w: MatrixId,
        terms: &[Outer<Ref>],
        wanted: &[Wanted],
        result: &mut Vec<Products<Ref>>,
    ) {
        let (program, pool) = (self.program, &self.pool);
        let nothing = Tensor {
            shape: Shape::matrix(0, 0),
            data: &[],
        };
        let mut right = [Operand {
            tensor: nothing,
            on: None,
        }; MAX_PRODUCTS];
        let mut left: [&[T]; MAX_PRODUCTS] = [&[]; MAX_PRODUCTS];
        let mut on = [None; MAX_PRODUCTS];
        let (mut m, mut n) = (0, 0);
        for (k, term) in terms.iter().enumerate() {
            let b = operand(program, pool, term.pre);
            if wanted[k].back {
                right[m] = b;
                m += 1;
            }
            if wanted[k].forth {
                left[n] = tensor(program, pool, term.post).data;
                on[n] = program.supports.coordinates(wanted[k].on);
                n += 1;
            }
        }
        let store = self.matrices.store(w);
        if m + n > 0 {
            store.products(&right[..m], &left[..n], &on[..n]);
        }
        let (post, pre) = store.dim();
        let (mut m, mut n) = (0, 0);
        for wanted in wanted {
            let da = wanted.back.then(|| {
                let index = self.pool.take(Shape::vector(post), Support::DENSE);
                store.product(m, &mut self.pool.values[index].data);
                m += 1;
                Ref::of_pool(index)
            });
            let db = wanted.forth.then(|| {
                let support = wanted.on;
                let index = self.pool.take(Shape::vector(pre), support);
                let coordinates = self.program.supports.coordinates(support);
                store.product_t(n, coordinates, &mut self.pool.values[index].data);
                n += 1;
                Ref::of_pool(index)
            });
            result.push((da, db));
        }
    }
}

/// sum ← sum + term.
fn add_to<T: Real>(sum: &mut [T], term: &[T]) {
    lanes::dispatch(
        #[inline(always)]
        move |_| {
            for (sum, term) in sum.iter_mut().zip(term) {
                *sum = *sum + *term;
            }
        },
    );
}
