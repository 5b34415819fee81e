//! Matrices that change in place, while the tape remembers how to go back.
//!
//! A plastic matrix W is one buffer with one handle, so a version that is gone cannot
//! be read. The tape keeps the vectors of each update W ← sW + Σ aₖ ⊗ bₖ; the reverse sweep takes the updates back
//! one by one, so that each earlier operation finds W as it was. What is stored grows
//! by a few vectors a step, never by a matrix.
//!
//! The adjoint Λ of W is a plastic matrix too: reading W adds outer products to Λ, and
//! undoing an update is an update. That is why a recorded gradient through plastic
//! matrices can itself be differentiated in the same little memory.

use ndarray::{Array2, ArrayView2};

use crate::algebra::{MatrixAlgebra, MatrixId, Origin, Outer};
use crate::matrix::Store;
use crate::ops;
use crate::ops::plastic::{MatrixOp, MatvecT, Signed, Stores};
use crate::program::{Action, Heading};
use crate::shape::Shape;
use crate::support::Support;
use crate::{Real, Tape, Var};

/// The present version of a plastic matrix: n_post rows and n_pre columns, as W in
/// z = W y.
///
/// The only handle of its matrix: neither copyable nor cloneable, and changed by
/// [`Tape::update`] through an exclusive borrow. A handle of an outdated version
/// cannot exist:
///
/// ```compile_fail
/// # use autodiff::Tape;
/// # let mut tape = Tape::<f64>::new();
/// let w = tape.plastic(ndarray::array![[1.0]].view());
/// let before = w.clone(); // error: no method named `clone`
/// ```
#[derive(Debug)]
pub struct Plastic {
    slot: MatrixId,
    stamp: u32,
}

/// A plastic matrix of a tape.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) origin: Origin,
    /// The matrix as it is now.
    pub(crate) store: Store<T>,
    /// The matrix as it was given, for an origin of `Plastic`.
    pub(crate) initial: Option<Store<T>>,
    /// Whether derivatives pass through it.
    pub(crate) active: bool,
    /// As that of nodes.
    stamp: u32,
}

impl<T: Real> Stores<T> for Vec<Slot<T>> {
    fn store(&mut self, w: MatrixId) -> &mut Store<T> {
        &mut self[w.index()].store
    }

    fn two(&mut self, a: MatrixId, b: MatrixId) -> (&mut Store<T>, &mut Store<T>) {
        let [a, b] = self
            .get_disjoint_mut([a.index(), b.index()])
            .expect("a matrix is combined with another");
        (&mut a.store, &mut b.store)
    }
}

impl<T: Real> Slot<T> {
    /// Rows × columns.
    pub(crate) fn shape(&self) -> Shape {
        let (post, pre) = self.store.dim();
        Shape::matrix(post, pre)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.store.bytes() + self.initial.as_ref().map_or(0, Store::bytes)
    }
}

/// # Plastic matrices
impl<T: Real> Tape<T> {
    /// A matrix that can be updated in place, n_post × n_pre. Derivatives pass through
    /// it, and its own initial value has an adjoint, see
    /// [`Gradient::initial`](crate::Gradient::initial). Cheapest if `w` is column-major.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let mut w = tape.plastic(ndarray::array![[1.0, 2.0]].view());
    /// let a = tape.variable_vector(&[1.0]);
    /// let b = tape.constant_vector(&[0.0, 5.0]);
    /// tape.update(&mut w, None, &[autodiff::Outer::new(a, b)]);
    /// assert_eq!(tape.matrix(&w), ndarray::array![[1.0, 7.0]]);
    /// ```
    ///
    /// # Panics
    /// If it has no rows or no columns.
    #[track_caller]
    pub fn plastic(&mut self, w: ArrayView2<'_, T>) -> Plastic {
        self.declare(Origin::Plastic, w.dim(), |store| store.set(w))
    }

    /// A matrix that stays as it is and counts as a constant, n_post × n_pre.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let feedback = tape.fixed(ndarray::array![[1.0, -1.0]].view());
    /// let e = tape.variable_vector(&[2.0]);
    /// let u = tape.matvec_t(&feedback, e);
    /// assert_eq!(tape.value(u), [2.0, -2.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::plastic`].
    #[track_caller]
    pub fn fixed(&mut self, w: ArrayView2<'_, T>) -> Plastic {
        self.declare(Origin::Fixed, w.dim(), |store| store.set(w))
    }

    /// A matrix as [`Tape::plastic`], without an array to copy from: `fill` writes one
    /// column after the other, into memory with arbitrary numbers.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let mut next = 0.0;
    /// let w = tape.plastic_with(2, 2, |column| {
    ///     next += 1.0;
    ///     column.fill(next);
    /// });
    /// assert_eq!(tape.matrix(&w), ndarray::array![[1.0, 2.0], [1.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::plastic`].
    #[track_caller]
    pub fn plastic_with(&mut self, post: usize, pre: usize, fill: impl FnMut(&mut [T])) -> Plastic {
        self.declare(Origin::Plastic, (post, pre), |store| store.fill_with(fill))
    }

    /// A matrix as [`Tape::fixed`], filled as by [`Tape::plastic_with`].
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.fixed_with(1, 3, |column| column.fill(0.5));
    /// assert_eq!(tape.matrix(&w), ndarray::array![[0.5, 0.5, 0.5]]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::plastic`].
    #[track_caller]
    pub fn fixed_with(&mut self, post: usize, pre: usize, fill: impl FnMut(&mut [T])) -> Plastic {
        self.declare(Origin::Fixed, (post, pre), |store| store.fill_with(fill))
    }

    #[track_caller]
    fn declare(
        &mut self,
        origin: Origin,
        (post, pre): (usize, usize),
        fill: impl FnOnce(&mut Store<T>),
    ) -> Plastic {
        assert!(
            post > 0 && pre > 0,
            "a matrix needs a row and a column at least, got shape {post}×{pre}"
        );
        let mut store = self.workspace.store(post, pre);
        fill(&mut store);
        let plastic = origin == Origin::Plastic;
        let initial = plastic.then(|| {
            let mut initial = self.workspace.store(post, pre);
            initial.copy_from(&store);
            initial
        });
        let slot = self.add_slot(origin, store, initial, plastic);
        let stamp = self.program.stamp;
        Plastic { slot, stamp }
    }

    /// A matrix as [`Tape::plastic`] whose initial value is the value `start` of the tape,
    /// n_post × n_pre: derivatives by `start` are those by the initial value, recorded ones
    /// too. It is declared as zero and takes the rows of `start` by its first update.
    ///
    /// ```
    /// use autodiff::{Outer, Tape};
    /// use ndarray::array;
    ///
    /// // A step of gradient descent on ½(W x)² from W₀ = 3, and how the loss after it
    /// // depends on W₀: with x = 2 and rate 0.1, W₁ = 0.6 W₀.
    /// let mut tape = Tape::<f64>::new();
    /// let start = tape.variable_array(array![[3.0]].view());
    /// let mut w = tape.plastic_from(start);
    /// let (x, step) = (tape.constant_vector(&[2.0]), tape.constant_scalar(-0.1));
    /// let z = tape.matvec(&w, x);
    /// tape.update(&mut w, None, &[Outer::scaled(step, z, x)]);
    /// let after = tape.matvec(&w, x);
    /// let loss = tape.dot(after, after);
    /// // L = 4·0.36 W₀², so dL/dW₀ = 2.88 W₀, a value like any other.
    /// let slope = tape.gradient_taped(loss, &[start])[0];
    /// assert!((tape.scalar(slope) - 8.64).abs() < 1e-12);
    /// assert!((tape.gradient(slope, &[start])[start][0] - 2.88).abs() < 1e-12);
    /// ```
    ///
    /// # Panics
    /// If `start` is not of this tape.
    #[track_caller]
    pub fn plastic_from(&mut self, start: Var) -> Plastic {
        let Shape { rows, cols } = self.shape_of(start);
        let mut w = self.plastic_with(rows, cols, |column| column.fill(T::ZERO));
        let diagonal = |k| if k % (rows + 1) == 0 { T::ONE } else { T::ZERO };
        let unit = self.constant_with(Shape::matrix(rows, rows), diagonal);
        self.update(&mut w, None, &[Outer::new(unit, start)]);
        w
    }

    pub(crate) fn add_slot(
        &mut self,
        origin: Origin,
        store: Store<T>,
        initial: Option<Store<T>>,
        active: bool,
    ) -> MatrixId {
        let slot = u32::try_from(self.slots.len()).expect("fewer than 2³² matrices");
        self.slots.push(Slot {
            origin,
            store,
            initial,
            active,
            stamp: self.program.stamp,
        });
        MatrixId(slot)
    }

    /// W y for each row y of a batch: (B × n_pre) → (B × n_post).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.plastic(ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].view());
    /// let y = tape.variable_vector(&[1.0, 10.0]);
    /// let z = tape.matvec(&w, y);
    /// assert_eq!(tape.value(z), [21.0, 43.0, 65.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not go together, or something is not of this tape.
    #[track_caller]
    pub fn matvec(&mut self, w: &Plastic, y: Var) -> Var {
        let of = self.slots[self.slot_of(w)].shape();
        self.want_cols("matvec", y, of, of.cols);
        MatrixAlgebra::matvec(self, w.slot, y, false)
    }

    /// Wᵀ e for each row e of a batch: (B × n_post) → (B × n_pre).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.plastic(ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].view());
    /// let e = tape.variable_vector(&[1.0, 10.0, 100.0]);
    /// let u = tape.matvec_t(&w, e);
    /// assert_eq!(tape.value(u), [531.0, 642.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not go together, or something is not of this tape.
    #[track_caller]
    pub fn matvec_t(&mut self, w: &Plastic, e: Var) -> Var {
        self.checked_matvec_t(w, e, false, Support::DENSE, None)
    }

    /// Wᵀ e as [`Tape::matvec_t`], with W taken as a constant: derivatives pass
    /// through e alone.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let rate = tape.variable_scalar(0.5);
    /// let one = tape.constant_vector(&[1.0]);
    /// let mut w = tape.plastic(ndarray::array![[3.0]].view());
    /// tape.update(&mut w, None, &[autodiff::Outer::scaled(rate, one, one)]);
    /// let u = tape.matvec_t_detached(&w, one);
    /// assert_eq!(tape.scalar(u), 3.5);
    /// // W depends on the rate, and u as it is taken here does not.
    /// assert_eq!(tape.gradient(u, &[rate])[rate], [0.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::matvec_t`].
    #[track_caller]
    pub fn matvec_t_detached(&mut self, w: &Plastic, e: Var) -> Var {
        self.checked_matvec_t(w, e, true, Support::DENSE, None)
    }

    /// Wᵀ e, computed only where `like` is not structurally zero, and zero elsewhere.
    /// For a product that is going to be multiplied by `like`.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.plastic(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let e = tape.variable_vector(&[1.0, 10.0]);
    /// let pixels = tape.constant_vector(&[0.5, 0.0]);
    /// let u = tape.matvec_t_where(&w, e, false, pixels);
    /// assert_eq!(tape.value(u), [31.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::matvec_t`].
    #[track_caller]
    pub fn matvec_t_where(&mut self, w: &Plastic, e: Var, detached: bool, like: Var) -> Var {
        self.check(like);
        let support = self.program.nodes[like.index()].support;
        self.checked_matvec_t(w, e, detached, support, None)
    }

    /// (Wᵀ e) ⊙ (1 − e^−βy): what [`Tape::softplus_gate`] makes of
    /// [`Tape::matvec_t_where`], in one value instead of two if y is a constant.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.plastic(ndarray::array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let e = tape.variable_vector(&[1.0, 10.0]);
    /// let y = tape.constant_vector(&[9.0, 0.0]);
    /// // 1 − e^−90 is 1 in all its digits.
    /// let u = tape.matvec_t_gated(&w, e, false, y, 10.0);
    /// assert_eq!(tape.value(u), [31.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::matvec_t`], if y is no vector of n_pre numbers for each row of e, and if β
    /// is not above 0 and finite.
    #[track_caller]
    pub fn matvec_t_gated(
        &mut self,
        w: &Plastic,
        e: Var,
        detached: bool,
        y: Var,
        beta: f64,
    ) -> Var {
        ops::want_sharpness::<T>(beta);
        if self.is_active(y) {
            let u = self.matvec_t_where(w, e, detached, y);
            return self.softplus_gate(u, y, beta);
        }
        let cols = self.slots[self.slot_of(w)].shape().cols;
        let want = Shape::matrix(self.shape_of(e).rows, cols);
        let found = self.shape_of(y);
        assert!(
            want == found,
            "matvec_t_gated needs a gate of shape {want}, got shape {found}"
        );
        let support = self.program.nodes[y.index()].support;
        self.checked_matvec_t(w, e, detached, support, Some((y, beta)))
    }

    #[track_caller]
    fn checked_matvec_t(
        &mut self,
        w: &Plastic,
        e: Var,
        detached: bool,
        on: Support,
        gate: Option<(Var, f64)>,
    ) -> Var {
        let of = self.slots[self.slot_of(w)].shape();
        self.want_cols("matvec_t", e, of, of.rows);
        let op = MatvecT {
            w: w.slot,
            on: self.support_for(e, on),
            detached,
            gate: gate.map(|(_, beta)| beta),
        };
        match gate {
            Some((y, _)) => self.record_on(op.into(), &[e, y]),
            None => self.record_on(op.into(), &[e]),
        }
    }

    /// (|V| ⊙ sign W)ᵀ e for each row e of a batch, with the sizes of one matrix and the
    /// present signs of another of its shape: (B × n_post) → (B × n_pre). Both matrices
    /// count as constants, so that derivatives pass through e alone. `like` is as in
    /// [`Tape::matvec_t_where`].
    ///
    /// # Panics
    /// If the shapes do not go together, the two matrices are one, or something is not of
    /// this tape.
    #[track_caller]
    pub fn signed_matvec_t(
        &mut self,
        (signs, sizes): (&Plastic, &Plastic),
        e: Var,
        like: Option<Var>,
    ) -> Var {
        let of = |w: &Plastic| self.slots[self.slot_of(w)].shape();
        let shape = of(signs);
        assert!(
            signs.slot != sizes.slot && shape == of(sizes),
            "signed_matvec_t needs two matrices of one shape"
        );
        self.want_cols("signed_matvec_t", e, shape, shape.rows);
        let on = like.map_or(Support::DENSE, |like| {
            self.check(like);
            self.program.nodes[like.index()].support
        });
        let op = Signed {
            signs: signs.slot,
            sizes: sizes.slot,
            transposed: true,
            on,
        };
        MatrixAlgebra::signed(self, op, e)
    }

    /// W ← s W + Σₖ sₖ aₖ ⊗ bₖ over the terms, in place; s = 1 if there is none. From now
    /// on `w` is the new version. Terms in a row with the same aₖ count as one of rank 1,
    /// a ⊗ Σ sₖ bₖ, which costs little more than a single term.
    ///
    /// With s near 0 the update cannot be taken back precisely; the reverse sweep then
    /// replays it, see [`Rewind`](crate::Rewind).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let mut w = tape.plastic(ndarray::array![[1.0, 2.0]].view());
    /// let keep = tape.variable_scalar(0.5);
    /// let (a, b) = (tape.constant_vector(&[10.0]), tape.constant_vector(&[1.0, 2.0]));
    /// tape.update(&mut w, Some(keep), &[autodiff::Outer::new(a, b)]);
    /// assert_eq!(tape.matrix(&w), ndarray::array![[10.5, 21.0]]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not go together, `w` was declared fixed, or something is not
    /// of this tape.
    #[track_caller]
    pub fn update(&mut self, w: &mut Plastic, scale: Option<Var>, terms: &[Outer]) {
        let slot = self.slot_of(w);
        assert!(
            self.slots[slot].origin != Origin::Fixed,
            "a matrix declared fixed cannot be updated; declare it with `plastic`"
        );
        for s in scale
            .into_iter()
            .chain(terms.iter().filter_map(|term| term.scale))
        {
            let shape = self.shape_of(s);
            assert!(
                shape == Shape::SCALAR,
                "update needs scalar factors, got shape {shape}"
            );
        }
        let Shape {
            rows: post,
            cols: pre,
        } = self.slots[slot].shape();
        for term in terms {
            let (a, b) = (self.shape_of(term.post), self.shape_of(term.pre));
            assert!(
                a.cols == post && b.cols == pre && a.rows == b.rows,
                "update of a {post}×{pre} matrix cannot use vectors of shapes {a} and {b}"
            );
        }
        MatrixAlgebra::update(self, w.slot, scale, terms);
    }

    /// The matrix as it is now, n_post × n_pre.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.plastic(ndarray::array![[1.0, 2.0]].view());
    /// assert_eq!(tape.matrix(&w), ndarray::array![[1.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// If `w` is not of this tape.
    #[track_caller]
    pub fn matrix(&self, w: &Plastic) -> Array2<T> {
        let slot = self.slot_of(w);
        self.slots[slot].store.array()
    }

    /// The index of a matrix of this tape.
    #[track_caller]
    pub(crate) fn slot_of(&self, w: &Plastic) -> usize {
        let slot = self.slots.get(w.slot.index());
        assert!(
            slot.is_some_and(|slot| slot.stamp == w.stamp),
            "this plastic matrix belongs to another tape, or to a time before this one was \
             cleared or its `aside` was over"
        );
        self.check_unspent();
        w.slot.index()
    }

    #[track_caller]
    fn want_cols(&self, name: &str, x: Var, of: Shape, cols: usize) {
        let shape = self.shape_of(x);
        assert!(
            shape.cols == cols,
            "{name} with a {of} matrix needs vectors of {cols}, got shape {shape}"
        );
    }

    /// The support that a product with W over its rows may have: supports belong to single
    /// vectors.
    pub(crate) fn support_for(&self, e: Var, on: Support) -> Support {
        if self.program.nodes[e.index()].shape.rows == 1 {
            on
        } else {
            Support::DENSE
        }
    }

    /// Does an operation on matrices and records it.
    pub(crate) fn record_on(&mut self, op: MatrixOp, inputs: &[Var]) -> Var {
        let (nodes, slots) = (&self.program.nodes, &mut self.slots);
        let shape = op.shape(&|i| nodes[inputs[i].index()].shape, &|w| {
            slots[w.index()].shape()
        });
        let inputs_active = inputs.iter().any(|x| nodes[x.index()].active);
        let active = op.is_active(inputs_active, &|w| slots[w.index()].active);
        if let Some(changed) = op.changes() {
            slots[changed.index()].active |= active;
        }
        let heading = Heading {
            action: Action::Matrix(op),
            shape,
            support: op.support(),
            active,
        };
        let var = self
            .program
            .append(heading, inputs, |x, y| T::value_on(op, slots, x, y));
        self.charge_recording();
        var
    }
}
