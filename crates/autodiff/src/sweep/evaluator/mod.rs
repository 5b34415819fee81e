//! Evaluates derivative rules without recording them.
//!
//! Values live in a pool of buffers that are reused as soon as nobody needs them, so
//! that a sweep's own values stay in the first-level cache and a sweep over a program
//! seen before allocates nothing.

mod matrices;
mod pool;

use matrices::Matrices;
use pool::Pool;

use super::Replay;
use crate::Real;
use crate::algebra::{Algebra, MatrixId, Outer, Products, Signed};
use crate::matrix::{MAX_PRODUCTS, Store, has_pass};
use crate::ops::{self, Op};
use crate::plastic::Slot;
use crate::program::{Program, Var};
use crate::shape::Shape;
use crate::support::{Coordinates, Support};
use crate::view::{Inputs, Operand, Tensor};

/// A value: of the program, or of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref(u32);

impl Ref {
    const POOL: u32 = 1 << 31;

    fn of_program(index: u32) -> Self {
        assert!(index < Self::POOL, "fewer than 2³¹ values");
        Ref(index)
    }

    fn of_pool(index: usize) -> Self {
        Ref(index as u32 | Self::POOL)
    }

    fn pool_index(self) -> Option<usize> {
        (self.0 & Self::POOL != 0).then_some((self.0 & !Self::POOL) as usize)
    }
}

/// Memory that sweeps leave to the next sweep.
#[derive(Debug)]
pub(crate) struct Workspace<T> {
    pool: Pool<T>,
    spare: Vec<Store<T>>,
    pub(crate) adjoints: Vec<Option<Ref>>,
}

impl<T> Default for Workspace<T> {
    fn default() -> Self {
        Workspace {
            pool: Pool::default(),
            spare: Vec::new(),
            adjoints: Vec::new(),
        }
    }
}

impl<T: Real> Workspace<T> {
    /// A store of the given size with arbitrary numbers.
    pub(crate) fn store(&mut self, post: usize, pre: usize) -> Store<T> {
        match self
            .spare
            .iter()
            .position(|s| s.post == post && s.pre == pre)
        {
            Some(found) => self.spare.swap_remove(found),
            None => Store::zeros(post, pre),
        }
    }

    pub(crate) fn keep(&mut self, store: Store<T>) {
        self.spare.push(store);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.pool.bytes()
            + self.spare.iter().map(Store::bytes).sum::<usize>()
            + self.adjoints.capacity() * size_of::<Option<Ref>>()
    }

    /// Keeps the stores of a tape that is cleared.
    pub(crate) fn recycle(&mut self, slots: &mut Vec<Slot<T>>) {
        for slot in slots.drain(..) {
            self.spare.push(slot.store);
            self.spare.extend(slot.initial);
        }
    }
}

/// Evaluates rules over a program.
pub(crate) struct Evaluator<'a, T> {
    program: &'a Program<T>,
    pub(crate) matrices: Matrices<'a, T>,
    pool: Pool<T>,
    replay: Option<Replay<T>>,
}

impl<'a, T: Real> Evaluator<'a, T> {
    pub(crate) fn new(
        program: &'a Program<T>,
        slots: &'a mut [Slot<T>],
        workspace: &mut Workspace<T>,
        replay: Option<Replay<T>>,
    ) -> Self {
        let mut pool = std::mem::take(&mut workspace.pool);
        pool.reset();
        let matrices = Matrices {
            slots,
            own: Vec::new(),
        };
        Evaluator {
            program,
            matrices,
            pool,
            replay,
        }
    }

    /// Hands the memory back.
    pub(crate) fn finish(self, workspace: &mut Workspace<T>) {
        workspace.pool = self.pool;
        for store in self.matrices.own {
            workspace.keep(store);
        }
        if let Some(replay) = self.replay {
            replay.finish(workspace);
        }
    }

    /// A value that is to outlive the rule it was made in.
    pub(crate) fn hold(&mut self, shape: Shape, data: &[T]) -> Ref {
        let index = self.pool.take(shape, Support::DENSE);
        self.pool.values[index].data.copy_from_slice(data);
        self.pool.values[index].holders = 1;
        Ref::of_pool(index)
    }

    pub(crate) fn numbers(&self, x: Ref) -> &[T] {
        tensor(self.program, &self.pool, x).data
    }
}

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

    fn coordinates(&self, support: Support) -> Coordinates<'_> {
        self.program.supports.coordinates(support)
    }
}

impl<T: Real> Algebra for Evaluator<'_, T> {
    type Real = T;
    type Value = Ref;

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

    fn constant(&mut self, shape: Shape, value: f64) -> Ref {
        let index = self.pool.take(shape, Support::DENSE);
        self.pool.values[index].data.fill(T::from_f64(value));
        Ref::of_pool(index)
    }

    fn evaluate(&mut self, op: Op, inputs: &[Ref]) -> Ref {
        let shape = op.shape(inputs.len(), &|i| self.shape(inputs[i]));
        let support = op.support(inputs.len(), &|i| self.support(inputs[i]));
        let index = self.pool.take(shape, support);
        let mut data = std::mem::take(&mut self.pool.values[index].data);
        op.value(
            &Mixed {
                program: self.program,
                pool: &self.pool,
                inputs,
            },
            &mut data,
        );
        self.pool.values[index].data = data;
        Ref::of_pool(index)
    }

    fn accumulate(&mut self, sum: Option<Ref>, term: Ref) -> Ref {
        let Some(sum) = sum else {
            if let Some(index) = term.pool_index() {
                self.pool.values[index].holders += 1;
            }
            return term;
        };
        if let Some(index) = sum.pool_index()
            && self.pool.values[index].holders == 1
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

    fn matvec(&mut self, w: MatrixId, y: Ref) -> Ref {
        let rows = self.shape(y).rows;
        let post = self.matrices.get(w).post;
        let index = self.pool.take(Shape::matrix(rows, post), Support::DENSE);
        let mut data = std::mem::take(&mut self.pool.values[index].data);
        let store = self.matrices.get(w);
        store.matvec(operand(self.program, &self.pool, y), &mut data);
        self.pool.values[index].data = data;
        Ref::of_pool(index)
    }

    fn matvec_t(&mut self, w: MatrixId, e: Ref, on: Support) -> Ref {
        let rows = self.shape(e).rows;
        let pre = self.matrices.get(w).pre;
        let index = self.pool.take(Shape::matrix(rows, pre), on);
        let mut data = std::mem::take(&mut self.pool.values[index].data);
        let store = self.matrices.get(w);
        let coordinates = self.program.supports.coordinates(on);
        store.matvec_t(tensor(self.program, &self.pool, e), coordinates, &mut data);
        self.pool.values[index].data = data;
        Ref::of_pool(index)
    }

    fn signed(&mut self, matrices: Signed, x: Ref, transposed: bool, on: Support) -> Ref {
        let Signed { signs, sizes } = matrices;
        let rows = self.shape(x).rows;
        let store = self.matrices.get(signs);
        let cols = if transposed { store.pre } else { store.post };
        let index = self.pool.take(Shape::matrix(rows, cols), on);
        let mut data = std::mem::take(&mut self.pool.values[index].data);
        let (store, sizes) = self.matrices.two(signs, sizes);
        let coordinates = self.program.supports.coordinates(on);
        let x = tensor(self.program, &self.pool, x);
        store.signed(sizes, x, transposed, coordinates, &mut data);
        self.pool.values[index].data = data;
        Ref::of_pool(index)
    }

    fn products(
        &mut self,
        w: MatrixId,
        terms: &[Outer<Ref>],
        wanted: &[(bool, bool)],
        result: &mut Vec<Products<Ref>>,
    ) {
        let rounds = terms.chunks(MAX_PRODUCTS).zip(wanted.chunks(MAX_PRODUCTS));
        for (terms, wanted) in rounds {
            if terms.iter().any(|term| self.shape(term.post).rows > 1) {
                for (term, (want_a, want_b)) in terms.iter().zip(wanted) {
                    let on = self.support(term.pre);
                    let da = want_a.then(|| self.matvec(w, term.pre));
                    let db = want_b.then(|| self.matvec_t(w, term.post, on));
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

    fn undo(&mut self, w: MatrixId, node: u32, scale: Option<Ref>, terms: &[Outer<Ref>]) {
        if let Some(replay) = &mut self.replay
            && let Some(slot) = replay.slot_of(node)
            && let (w, Some(initial)) = self.matrices.with_initial(w, slot)
        {
            return replay.rewind(self.program, (slot, node), initial, w);
        }
        let back = scale.map(|s| T::ONE / self.numbers(s)[0]);
        let factor = back.map_or(-T::ONE, |back| -back);
        self.add_terms(w, back, factor, terms);
    }

    fn frobenius(&mut self, a: MatrixId, b: MatrixId) -> Ref {
        let (a, b) = self.matrices.two(a, b);
        let value = a.frobenius(b);
        let index = self.pool.take(Shape::SCALAR, Support::DENSE);
        self.pool.values[index].data[0] = value;
        Ref::of_pool(index)
    }

    fn add_scaled(&mut self, w: MatrixId, s: Ref, v: MatrixId) {
        let s = self.numbers(s)[0];
        let (w, v) = self.matrices.two(w, v);
        w.add_scaled(s, v);
    }
}

impl<T: Real> Evaluator<'_, T> {
    /// W ← scale·W + factor·Σ sₖ aₖ ⊗ bₖ.
    fn add_terms(&mut self, w: MatrixId, scale: Option<T>, factor: T, terms: &[Outer<Ref>]) {
        let (program, pool) = (self.program, &self.pool);
        let store = self.matrices.get(w);
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
        wanted: &[(bool, bool)],
        result: &mut Vec<Products<Ref>>,
    ) {
        let count = |side: fn(&(bool, bool)) -> bool| wanted.iter().filter(|w| side(w)).count();
        // Not every combination is compiled; then what nobody asked for is computed too.
        let all = !has_pass(count(|w| w.0), count(|w| w.1));
        let want = |k: usize| if all { (true, true) } else { wanted[k] };
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
            if want(k).0 {
                right[m] = b;
                m += 1;
            }
            if want(k).1 {
                left[n] = tensor(program, pool, term.post).data;
                on[n] = b.on;
                n += 1;
            }
        }
        let store = self.matrices.get(w);
        if m + n > 0 {
            store.products(&right[..m], &left[..n], &on[..n]);
        }
        let (post, pre) = (store.post, store.pre);
        let (mut m, mut n) = (0, 0);
        for (k, term) in terms.iter().enumerate() {
            let da = want(k).0.then(|| {
                let index = self.pool.take(Shape::vector(post), Support::DENSE);
                store.product(m, &mut self.pool.values[index].data);
                m += 1;
                Ref::of_pool(index)
            });
            let db = want(k).1.then(|| {
                let support = support_of(self.program, &self.pool, term.pre);
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
    crate::simd::dispatch(
        #[inline(always)]
        move |_| {
            for (sum, term) in sum.iter_mut().zip(term) {
                *sum = *sum + *term;
            }
        },
    );
}
