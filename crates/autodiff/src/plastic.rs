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

mod rules;

pub(crate) use rules::{Companions, Room, changes_matrix, reverse, tangent, unwind};

use ndarray::{Array2, ArrayView2};

use crate::algebra::{MatrixId, Outer};
use crate::matrix::Store;
use crate::ops;
use crate::program::Action;
use crate::shape::Shape;
use crate::support::Support;
use crate::view::{Operand, Tensor};
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
    slot: u32,
    stamp: u32,
}

impl Plastic {
    pub(crate) fn slot(&self) -> usize {
        self.slot as usize
    }
}

/// What a node does with plastic matrices. A slot is a matrix of the tape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PlasticOp {
    /// y Wᵀ.
    Matvec { slot: u32 },
    /// e W on the node's support; `detached`: W counts as a constant. With a gate β, e W
    /// times the slope of softplus_β where its value is the second input, a constant.
    MatvecT {
        slot: u32,
        detached: bool,
        gate: Option<f64>,
    },
    /// (|V| ⊙ sign W) y, or its transpose times e on the node's support; both matrices
    /// count as constants.
    Signed {
        signs: u32,
        sizes: u32,
        transposed: bool,
    },
    /// W ← sW + Σ sₖ aₖ ⊗ bₖ; inputs s₁, a₁, b₁, s₂, …, and s first if `scaled`.
    Update { slot: u32, scaled: bool },
    /// ⟨A, B⟩.
    Frobenius { a: u32, b: u32 },
    /// W ← W + s·V; input s.
    AddScaled { slot: u32, from: u32 },
    /// W ← V, for a W not used before.
    Fork { slot: u32, from: u32 },
}

impl PlasticOp {
    #[cfg(test)]
    pub(crate) const NAMES: &[&str] = &[
        "matvec",
        "matvec_t",
        "signed_matvec_t",
        "update",
        "frobenius",
        "add_scaled",
        "fork",
    ];

    /// Its name, as pictures of tapes show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PlasticOp::Matvec { .. } => "matvec",
            PlasticOp::MatvecT { .. } => "matvec_t",
            PlasticOp::Signed { .. } => "signed_matvec_t",
            PlasticOp::Update { .. } => "update",
            PlasticOp::Frobenius { .. } => "frobenius",
            PlasticOp::AddScaled { .. } => "add_scaled",
            PlasticOp::Fork { .. } => "fork",
        }
    }

    /// The matrix that a product with a vector reads.
    pub(crate) fn reads(self) -> Option<u32> {
        match self {
            PlasticOp::Matvec { slot } | PlasticOp::MatvecT { slot, .. } => Some(slot),
            _ => None,
        }
    }
}

/// Where a plastic matrix starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Given from outside, and plastic.
    Plastic,
    /// Given from outside, never to change.
    Fixed,
    /// All zero: the adjoint of another matrix.
    Zeros,
    /// A copy of another, made by a fork.
    Fork,
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
}

impl<T: Real> Slot<T> {
    pub(crate) fn bytes(&self) -> usize {
        self.store.bytes() + self.initial.as_ref().map_or(0, Store::bytes)
    }
}

/// # Plastic matrices
impl<T: Real> Tape<T> {
    /// A matrix that can be updated in place, n_post × n_pre. Derivatives pass through
    /// it, and its own initial value has an adjoint, see
    /// [`Gradient::initial`](crate::Gradient::initial). Cheapest if `w` is column-major.
    pub fn plastic(&mut self, w: ArrayView2<'_, T>) -> Plastic {
        let mut initial = self.workspace.store(w.nrows(), w.ncols());
        initial.set(w);
        let mut store = self.workspace.store(w.nrows(), w.ncols());
        store.copy_from(&initial);
        self.add_slot(Origin::Plastic, store, Some(initial), true)
    }

    /// A matrix that stays as it is and counts as a constant, n_post × n_pre.
    pub fn fixed(&mut self, w: ArrayView2<'_, T>) -> Plastic {
        let mut store = self.workspace.store(w.nrows(), w.ncols());
        store.set(w);
        self.add_slot(Origin::Fixed, store, None, false)
    }

    /// A matrix as [`Tape::plastic`], filled column by column by calls of `number`, without
    /// an array to copy from.
    pub fn plastic_with(&mut self, post: usize, pre: usize, number: impl FnMut() -> T) -> Plastic {
        let mut initial = self.workspace.store(post, pre);
        initial.fill_with(number);
        let mut store = self.workspace.store(post, pre);
        store.copy_from(&initial);
        self.add_slot(Origin::Plastic, store, Some(initial), true)
    }

    /// A matrix as [`Tape::fixed`], filled column by column by calls of `number`, without
    /// an array to copy from.
    pub fn fixed_with(&mut self, post: usize, pre: usize, number: impl FnMut() -> T) -> Plastic {
        let mut store = self.workspace.store(post, pre);
        store.fill_with(number);
        self.add_slot(Origin::Fixed, store, None, false)
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
        let mut w = self.plastic_with(rows, cols, || T::ZERO);
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
    ) -> Plastic {
        let slot = u32::try_from(self.slots.len()).expect("fewer than 2³² matrices");
        self.slots.push(Slot {
            origin,
            store,
            initial,
            active,
        });
        Plastic {
            slot,
            stamp: self.program.stamp,
        }
    }

    /// W y for each row y of a batch: (B × n_pre) → (B × n_post).
    ///
    /// # Panics
    /// If the shapes do not go together, or something is not of this tape.
    #[track_caller]
    pub fn matvec(&mut self, w: &Plastic, y: Var) -> Var {
        let slot = self.slot_of(w);
        self.check(y);
        self.want_cols("matvec", y, w, self.slots[slot].store.pre);
        self.record_matvec(w.slot, y)
    }

    /// Wᵀ e for each row e of a batch: (B × n_post) → (B × n_pre).
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
    /// # Panics
    /// As [`Tape::matvec_t`].
    #[track_caller]
    pub fn matvec_t_detached(&mut self, w: &Plastic, e: Var) -> Var {
        self.checked_matvec_t(w, e, true, Support::DENSE, None)
    }

    /// Wᵀ e, computed only where `like` is not structurally zero, and zero elsewhere.
    /// For a product that is going to be multiplied by `like`.
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
        let (want, found) = (
            Shape::matrix(self.shape_of(e).rows, self.slots[self.slot_of(w)].store.pre),
            self.shape_of(y),
        );
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
        let slot = self.slot_of(w);
        self.check(e);
        self.want_cols("matvec_t", e, w, self.slots[slot].store.post);
        self.record_matvec_t(w.slot, e, detached, on, gate)
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
        let (w, v) = (self.slot_of(signs), self.slot_of(sizes));
        self.check(e);
        let shape = |slot: usize| (self.slots[slot].store.post, self.slots[slot].store.pre);
        assert!(
            w != v && shape(w) == shape(v),
            "signed_matvec_t needs two matrices of one shape"
        );
        self.want_cols("signed_matvec_t", e, signs, shape(w).0);
        let on = like.map_or(Support::DENSE, |like| {
            self.check(like);
            self.program.nodes[like.index()].support
        });
        self.record_signed(signs.slot, sizes.slot, e, true, on)
    }

    /// W ← s W + Σₖ sₖ aₖ ⊗ bₖ over the terms, in place; s = 1 if there is none. From now
    /// on `w` is the new version. Terms in a row with the same aₖ count as one of rank 1,
    /// a ⊗ Σ sₖ bₖ, which costs little more than a single term.
    ///
    /// With s near 0 the update cannot be taken back precisely; the reverse sweep then
    /// replays it, see [`Rewind`](crate::Rewind).
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
        let (post, pre) = (self.slots[slot].store.post, self.slots[slot].store.pre);
        for term in terms {
            let (a, b) = (self.shape_of(term.post), self.shape_of(term.pre));
            assert!(
                a.cols == post && b.cols == pre && a.rows == b.rows,
                "update of a {post}×{pre} matrix cannot use vectors of shapes {a} and {b}"
            );
        }
        self.record_update(w.slot, scale, terms);
    }

    /// The matrix as it is now, n_post × n_pre.
    ///
    /// # Panics
    /// If `w` is not of this tape.
    #[track_caller]
    pub fn matrix(&mut self, w: &Plastic) -> Array2<T> {
        let slot = self.slot_of(w);
        self.slots[slot].store.array()
    }

    #[track_caller]
    pub(crate) fn slot_of(&self, w: &Plastic) -> usize {
        assert!(
            w.stamp == self.program.stamp,
            "this plastic matrix belongs to another tape, or to this one before it was cleared"
        );
        self.check_unspent();
        w.slot as usize
    }

    #[track_caller]
    fn want_cols(&self, name: &str, x: Var, w: &Plastic, cols: usize) {
        let shape = self.shape_of(x);
        let store = &self.slots[w.slot as usize].store;
        assert!(
            shape.cols == cols,
            "{name} with a {}×{} matrix needs vectors of {cols}, got shape {shape}",
            store.post,
            store.pre
        );
    }

    fn push_plastic(
        &mut self,
        op: PlasticOp,
        inputs: &[Var],
        offset: usize,
        shape: Shape,
        support: Support,
        active: bool,
    ) -> Var {
        self.push(Action::Plastic(op), inputs, offset, shape, support, active)
    }

    pub(crate) fn record_matvec(&mut self, slot: u32, y: Var) -> Var {
        let store = &mut self.slots[slot as usize];
        let node = self.program.nodes[y.index()];
        let shape = Shape::matrix(node.shape.rows, store.store.post);
        let offset = self.program.values.len();
        self.program.values.resize(offset + shape.len(), T::ZERO);
        let (past, out) = self.program.values.split_at_mut(offset);
        let data = &past[node.offset..node.offset + node.shape.len()];
        let y_operand = Operand {
            tensor: Tensor {
                shape: node.shape,
                data,
            },
            on: self.program.supports.coordinates(node.support),
        };
        store.store.matvec(y_operand, out);
        let active = store.active || node.active;
        self.push_plastic(
            PlasticOp::Matvec { slot },
            &[y],
            offset,
            shape,
            Support::DENSE,
            active,
        )
    }

    pub(crate) fn record_matvec_t(
        &mut self,
        slot: u32,
        e: Var,
        detached: bool,
        on: Support,
        gate: Option<(Var, f64)>,
    ) -> Var {
        let store = &mut self.slots[slot as usize];
        let node = self.program.nodes[e.index()];
        // Supports belong to single vectors.
        let on = if node.shape.rows == 1 {
            on
        } else {
            Support::DENSE
        };
        let shape = Shape::matrix(node.shape.rows, store.store.pre);
        let offset = self.program.values.len();
        self.program.values.resize(offset + shape.len(), T::ZERO);
        let (past, out) = self.program.values.split_at_mut(offset);
        let data = &past[node.offset..node.offset + node.shape.len()];
        let coordinates = self.program.supports.coordinates(on);
        store.store.matvec_t(
            Tensor {
                shape: node.shape,
                data,
            },
            coordinates,
            out,
        );
        if let Some((y, beta)) = gate {
            let y = self.program.nodes[y.index()];
            ops::gate_in_place(out, &past[y.offset..y.offset + y.shape.len()], beta);
        }
        let active = (store.active && !detached) || node.active;
        let op = PlasticOp::MatvecT {
            slot,
            detached,
            gate: gate.map(|(_, beta)| beta),
        };
        match gate {
            Some((y, _)) => self.push_plastic(op, &[e, y], offset, shape, on, active),
            None => self.push_plastic(op, &[e], offset, shape, on, active),
        }
    }

    pub(crate) fn record_signed(
        &mut self,
        signs: u32,
        sizes: u32,
        x: Var,
        transposed: bool,
        on: Support,
    ) -> Var {
        let node = self.program.nodes[x.index()];
        // Supports belong to single vectors.
        let on = if node.shape.rows == 1 && transposed {
            on
        } else {
            Support::DENSE
        };
        let [w, v] = self
            .slots
            .get_disjoint_mut([signs as usize, sizes as usize])
            .expect("two matrices");
        let cols = if transposed {
            w.store.pre
        } else {
            w.store.post
        };
        let shape = Shape::matrix(node.shape.rows, cols);
        let offset = self.program.values.len();
        self.program.values.resize(offset + shape.len(), T::ZERO);
        let (past, out) = self.program.values.split_at_mut(offset);
        let x_tensor = Tensor {
            shape: node.shape,
            data: &past[node.offset..node.offset + node.shape.len()],
        };
        let coordinates = self.program.supports.coordinates(on);
        w.store
            .signed(&mut v.store, x_tensor, transposed, coordinates, out);
        let op = PlasticOp::Signed {
            signs,
            sizes,
            transposed,
        };
        self.push_plastic(op, &[x], offset, shape, on, node.active)
    }

    pub(crate) fn record_update(&mut self, slot: u32, scale: Option<Var>, terms: &[Outer]) {
        let one = self.one();
        let mut inputs = std::mem::take(&mut self.inputs);
        inputs.clear();
        inputs.extend(scale);
        inputs.extend(
            terms
                .iter()
                .flat_map(|t| [t.scale.unwrap_or(one), t.post, t.pre]),
        );
        let active = inputs.iter().any(|x| self.is_active(*x));
        let program = &self.program;
        let tensor = |x: Var| Tensor {
            shape: program.nodes[x.index()].shape,
            data: program.value(x.index),
        };
        let target = &mut self.slots[slot as usize];
        target.active |= active;
        target.store.begin_update(scale.map(|s| tensor(s).scalar()));
        target.store.add_terms(terms.iter().map(|term| {
            let factor = term.scale.map_or(T::ONE, |s| tensor(s).scalar());
            let on = program
                .supports
                .coordinates(program.nodes[term.pre.index()].support);
            let pre = Operand {
                tensor: tensor(term.pre),
                on,
            };
            (factor, tensor(term.post), pre)
        }));
        let offset = self.program.values.len();
        let op = PlasticOp::Update {
            slot,
            scaled: scale.is_some(),
        };
        let shape = Shape::matrix(0, 0);
        self.push_plastic(op, &inputs, offset, shape, Support::DENSE, active);
        self.inputs = inputs;
    }

    pub(crate) fn record_frobenius(&mut self, a: u32, b: u32) -> Var {
        let value = {
            let [a, b] = self
                .slots
                .get_disjoint_mut([a as usize, b as usize])
                .expect("a matrix and its adjoint are two");
            a.store.frobenius(&mut b.store)
        };
        let active = self.slots[a as usize].active || self.slots[b as usize].active;
        let offset = self.program.values.len();
        self.program.values.push(value);
        let op = PlasticOp::Frobenius { a, b };
        self.push_plastic(op, &[], offset, Shape::SCALAR, Support::DENSE, active)
    }

    pub(crate) fn record_add_scaled(&mut self, slot: u32, s: Var, from: u32) {
        let scale = self.program.value(s.index)[0];
        let active = self.is_active(s) || self.slots[from as usize].active;
        let [to, source] = self
            .slots
            .get_disjoint_mut([slot as usize, from as usize])
            .expect("a matrix is added to another");
        to.store.add_scaled(scale, &mut source.store);
        to.active |= active;
        let offset = self.program.values.len();
        let op = PlasticOp::AddScaled { slot, from };
        let shape = Shape::matrix(0, 0);
        self.push_plastic(op, &[s], offset, shape, Support::DENSE, active);
    }

    /// A new matrix that starts as a copy of what `from` is now.
    pub(crate) fn record_fork(&mut self, from: u32) -> MatrixId {
        let (post, pre) = {
            let store = &self.slots[from as usize].store;
            (store.post, store.pre)
        };
        let mut store = self.workspace.store(post, pre);
        store.copy_from(&self.slots[from as usize].store);
        let active = self.slots[from as usize].active;
        let slot = self.add_slot(Origin::Fork, store, None, active).slot;
        let offset = self.program.values.len();
        let op = PlasticOp::Fork { slot, from };
        self.push_plastic(op, &[], offset, Shape::matrix(0, 0), Support::DENSE, active);
        MatrixId(slot)
    }

    /// A new matrix of zeros of the size of `like`.
    pub(crate) fn zeros_like(&mut self, like: u32) -> MatrixId {
        let store = &self.slots[like as usize].store;
        let mut zeros = self.workspace.store(store.post, store.pre);
        zeros.set_zero();
        MatrixId(self.add_slot(Origin::Zeros, zeros, None, false).slot)
    }
}
