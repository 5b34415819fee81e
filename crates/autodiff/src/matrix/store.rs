//! The numbers of a plastic matrix.

use ndarray::{Array2, ArrayView2, ShapeBuilder};

use super::pass::{BATCH, BLOCK, MAX_APPLIED, MAX_SIDE, Pass, Rows, is_compiled};
use crate::Real;
use crate::simd::{self, Fused, Lanes, WIDTH, dispatch, lanes_for};
use crate::support::{Coordinates, list_bits, words_for};
use crate::view::{Operand, Tensor};

/// A matrix with `post` rows and `pre` columns in the field's sense (W y: pre → post),
/// kept column by column: all synapses of one pre-synaptic unit side by side, padded
/// to whole lanes. The columns of silent pre-synaptic units can then be skipped. Behind
/// the last column are spare ones, always zero, with which a list of columns can be
/// filled up to whole blocks.
///
/// Updates of rank 1 wait, since to write the matrix takes longer than anything else
/// that is done with it: the matrix is c·S + Σ postₖ ⊗ preₖ with S what is stored. As
/// soon as [`MAX_APPLIED`] terms wait, whatever walks the matrix next applies them;
/// until then products are taken of S, and what waits is added to them.
#[derive(Debug)]
pub(crate) struct Store<T> {
    pub(crate) post: usize,
    pub(crate) pre: usize,
    /// Lanes a column.
    pub(super) stride: usize,
    pub(super) columns: Vec<Lanes<T>>,
    pending: Pending<T>,
    pub(super) scratch: Scratch<T>,
}

/// Most terms that may wait.
const MAX_PENDING: usize = 2 * MAX_APPLIED;

/// c and the terms of c·S + Σ postₖ ⊗ preₖ.
#[derive(Debug)]
struct Pending<T> {
    terms: usize,
    /// c; 1 if there is none.
    scale: Option<T>,
    posts: Vec<Lanes<T>>,
    pres: Vec<Vec<T>>,
    /// Which columns each term touches.
    columns: Vec<Columns>,
}

/// A set of columns.
#[derive(Clone, Debug)]
struct Columns {
    dense: bool,
    bits: Vec<u64>,
}

impl Columns {
    fn none(pre: usize) -> Self {
        Columns {
            dense: false,
            bits: vec![0; words_for(pre)],
        }
    }

    fn clear(&mut self) {
        self.dense = false;
        self.bits.fill(0);
    }

    fn add(&mut self, on: Coordinates<'_>) {
        match on {
            None => self.dense = true,
            Some(on) => self.add_bits(on.bits),
        }
    }

    fn add_all(&mut self, other: &Columns) {
        self.dense |= other.dense;
        self.add_bits(&other.bits);
    }

    fn add_bits(&mut self, bits: &[u64]) {
        for (word, more) in self.bits.iter_mut().zip(bits) {
            *word |= more;
        }
    }

    /// Writes the columns to `list` in increasing order.
    fn list(&self, list: &mut Vec<u32>) {
        list.clear();
        list_bits(&self.bits, list);
    }
}

/// Room for the vectors of a pass.
#[derive(Debug)]
pub(super) struct Scratch<T> {
    pub(super) out: Vec<Lanes<T>>,
    pub(super) left: Vec<Lanes<T>>,
    dots: Vec<Vec<T>>,
    columns: Columns,
    list: Vec<u32>,
    copy: [Lanes<T>; 2 * BLOCK],
}

impl<T: Real> Store<T> {
    pub(crate) fn zeros(post: usize, pre: usize) -> Self {
        let stride = lanes_for(post);
        Store {
            post,
            pre,
            stride,
            columns: vec![Lanes::ZERO; stride * (pre + BLOCK - 1)],
            pending: Pending {
                terms: 0,
                scale: None,
                posts: vec![Lanes::ZERO; MAX_PENDING * stride],
                pres: vec![vec![T::ZERO; pre]; MAX_PENDING],
                columns: vec![Columns::none(pre); MAX_PENDING],
            },
            scratch: Scratch {
                out: vec![Lanes::ZERO; MAX_SIDE * stride],
                left: vec![Lanes::ZERO; MAX_SIDE * stride],
                dots: vec![vec![T::ZERO; pre]; MAX_SIDE],
                columns: Columns::none(pre),
                list: Vec::with_capacity(pre),
                copy: [Lanes::ZERO; 2 * BLOCK],
            },
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let lanes = self.columns.len()
            + self.pending.posts.len()
            + self.scratch.out.len()
            + self.scratch.left.len();
        let vectors = (MAX_PENDING + MAX_SIDE) * self.pre * size_of::<T>();
        let bits = (MAX_PENDING + 1) * words_for(self.pre) * size_of::<u64>();
        lanes * size_of::<Lanes<T>>() + vectors + bits + self.pre * size_of::<u32>()
    }

    /// Takes over the numbers of a post × pre array, whatever its memory order.
    pub(crate) fn set(&mut self, w: ArrayView2<'_, T>) {
        self.forget_pending();
        let (columns, spare) = self.columns.split_at_mut(self.pre * self.stride);
        // A diverged run may have left NaN in the padding and the spare columns.
        spare.fill(Lanes::ZERO);
        for (column, values) in columns.chunks_exact_mut(self.stride).zip(w.columns()) {
            match values.as_slice() {
                Some(values) => copy_into(column, values),
                None => {
                    column.fill(Lanes::ZERO);
                    for (i, value) in values.iter().enumerate() {
                        column[i / WIDTH].0[i % WIDTH] = *value;
                    }
                }
            }
        }
    }

    /// Takes over numbers column by column.
    pub(crate) fn fill_with(&mut self, mut number: impl FnMut() -> T) {
        self.set_zero();
        let columns = self.columns.chunks_exact_mut(self.stride).take(self.pre);
        for column in columns {
            let entries = column.iter_mut().flat_map(|lanes| &mut lanes.0);
            entries.take(self.post).for_each(|entry| *entry = number());
        }
    }

    pub(crate) fn set_zero(&mut self) {
        self.forget_pending();
        self.columns.fill(Lanes::ZERO);
    }

    /// Becomes the same matrix as a store of the same size, with what waits there.
    pub(crate) fn copy_from(&mut self, other: &Store<T>) {
        self.columns.copy_from_slice(&other.columns);
        let (mine, its) = (&mut self.pending, &other.pending);
        (mine.terms, mine.scale) = (its.terms, its.scale);
        let lanes = its.terms * self.stride;
        mine.posts[..lanes].copy_from_slice(&its.posts[..lanes]);
        for k in 0..its.terms {
            mine.pres[k].copy_from_slice(&its.pres[k]);
            mine.columns[k].clone_from(&its.columns[k]);
        }
    }

    /// The matrix with all that waits, post × pre, column-major.
    pub(crate) fn array(&self) -> Array2<T> {
        let (pending, stride) = (&self.pending, self.stride);
        let mut numbers = Vec::with_capacity(self.post * self.pre);
        for (j, column) in self.columns.chunks_exact(stride).take(self.pre).enumerate() {
            let end = numbers.len() + self.post;
            for (chunk, lanes) in column.iter().enumerate() {
                let mut x = *lanes;
                if let Some(scale) = pending.scale {
                    x = x.scaled(scale);
                }
                for k in 0..pending.terms {
                    let post = &pending.posts[k * stride + chunk];
                    x.add_scaled(Fused::PORTABLE, pending.pres[k][j], post);
                }
                numbers.extend(x.0.iter().take(end - numbers.len()));
            }
        }
        Array2::from_shape_vec((self.post, self.pre).f(), numbers)
            .expect("post numbers from each of pre columns")
    }

    fn forget_pending(&mut self) {
        self.pending.terms = 0;
        self.pending.scale = None;
    }

    /// Applies all that waits.
    pub(crate) fn flush(&mut self) {
        while self.pending.terms > 0 || self.pending.scale.is_some() {
            let terms = self.pending.terms.min(MAX_APPLIED);
            self.pass(terms, &[], &[], &[]);
        }
    }

    /// Takes the products of the matrix with `right` (left in `scratch.out`) and with
    /// `left` (left in `scratch.dots`, valid on `on`).
    fn take_products(&mut self, right: &[Operand<'_, T>], left: &[&[T]], on: &[Coordinates<'_>]) {
        let scaled = self.pending.scale.is_some();
        let mut applied = 0;
        if self.pending.terms >= MAX_APPLIED {
            if is_compiled(MAX_APPLIED, right.len(), left.len(), scaled) {
                applied = MAX_APPLIED;
            } else {
                self.pass(MAX_APPLIED, &[], &[], &[]);
            }
        }
        self.pass(applied, right, left, on);
        if self.pending.terms > 0 || self.pending.scale.is_some() {
            self.add_what_waits(right, left.len());
        }
    }

    /// Applies the first `applied` terms that wait, and with them c, and takes the
    /// products of what is stored then.
    fn pass(
        &mut self,
        applied: usize,
        right: &[Operand<'_, T>],
        left: &[&[T]],
        on: &[Coordinates<'_>],
    ) {
        let (pending, scratch) = (&mut self.pending, &mut self.scratch);
        let applies = applied > 0 || right.len() + left.len() == 0;
        let scale = if applies { pending.scale.take() } else { None };
        let mut needed = right.iter().map(|x| x.on).chain(on.iter().copied());
        let list = match (needed.next(), needed.next()) {
            (Some(None), _) => None,
            (Some(Some(only)), None) if applied == 0 => Some(only.list),
            _ if scale.is_some() => None,
            _ => {
                scratch.columns.clear();
                for operand in right {
                    scratch.columns.add(operand.on);
                }
                for coordinates in on {
                    scratch.columns.add(*coordinates);
                }
                for columns in &pending.columns[..applied] {
                    scratch.columns.add_all(columns);
                }
                if scratch.columns.dense {
                    None
                } else {
                    scratch.columns.list(&mut scratch.list);
                    Some(scratch.list.as_slice())
                }
            }
        };
        let mut vectors = [[].as_slice(); MAX_SIDE];
        for (vector, operand) in vectors.iter_mut().zip(right) {
            *vector = operand.tensor.data;
        }
        let out = &mut scratch.out[..right.len() * self.stride];
        out.fill(Lanes::ZERO);
        for (padded, vector) in scratch.left.chunks_exact_mut(self.stride).zip(left) {
            copy_into(padded, vector);
        }
        T::walk(Pass {
            matrix: &mut self.columns,
            stride: self.stride,
            rows: Rows { of: self.pre, list },
            scale,
            posts: &pending.posts,
            pres: &pending.pres[..applied],
            right: &vectors[..right.len()],
            out,
            left: &scratch.left,
            dots: &mut scratch.dots[..left.len()],
            copy: &mut scratch.copy,
        });
        let left = pending.terms - applied;
        if left > 0 {
            let stride = self.stride;
            pending
                .posts
                .copy_within(applied * stride..pending.terms * stride, 0);
            pending.pres.rotate_left(applied);
            pending.columns.rotate_left(applied);
        }
        pending.terms = left;
    }

    /// Makes products of S products of c·S + Σ postₖ ⊗ preₖ.
    fn add_what_waits(&mut self, right: &[Operand<'_, T>], left: usize) {
        let (pending, scratch, stride) = (&self.pending, &mut self.scratch, self.stride);
        dispatch(
            #[inline(always)]
            move |fused| {
                let outs = scratch.out.chunks_exact_mut(stride).zip(right);
                for (out, operand) in outs {
                    if let Some(scale) = pending.scale {
                        out.iter_mut().for_each(|x| *x = x.scaled(scale));
                    }
                    for k in 0..pending.terms {
                        let share = simd::dot(fused, &pending.pres[k], operand.tensor.data);
                        let post = &pending.posts[k * stride..][..stride];
                        simd::add_scaled(fused, out, share, post);
                    }
                }
                let lefts = scratch.left.chunks_exact(stride);
                for (dots, left) in scratch.dots[..left].iter_mut().zip(lefts) {
                    if let Some(scale) = pending.scale {
                        dots.iter_mut().for_each(|x| *x = scale * *x);
                    }
                    for k in 0..pending.terms {
                        let post = &pending.posts[k * stride..][..stride];
                        let share = simd::dot_lanes(fused, post, left);
                        simd::add_scaled_numbers(fused, dots, share, &pending.pres[k]);
                    }
                }
            },
        );
    }

    /// y Wᵀ for each row y.
    pub(crate) fn matvec(&mut self, y: Operand<'_, T>, z: &mut [T]) {
        let rows = y.tensor.shape.rows;
        if rows == 1 {
            self.take_products(&[y], &[], &[]);
            copy_from(&self.scratch.out, z);
            return;
        }
        self.flush();
        for first in (0..rows).step_by(BATCH) {
            // Beyond the last row the last one is repeated.
            let group: [Operand<'_, T>; BATCH] =
                std::array::from_fn(|m| y.row((first + m).min(rows - 1)));
            self.pass(0, &group, &[], &[]);
            let products = self.scratch.out.chunks_exact(self.stride);
            let z = z[first * self.post..].chunks_exact_mut(self.post);
            products
                .zip(z)
                .take(BATCH)
                .for_each(|(out, z)| copy_from(out, z));
        }
    }

    /// e W for each row e, on the coordinates `on` and zero elsewhere.
    pub(crate) fn matvec_t(&mut self, e: Tensor<'_, T>, on: Coordinates<'_>, u: &mut [T]) {
        let rows = e.shape.rows;
        if rows == 1 {
            self.take_products(&[], &[e.data], &[on]);
            copy_on(&self.scratch.dots[0], on, u);
            return;
        }
        self.flush();
        for first in (0..rows).step_by(BATCH) {
            let group: [&[T]; BATCH] =
                std::array::from_fn(|n| e.row((first + n).min(rows - 1)).data);
            self.pass(0, &[], &group, &[None]);
            let u = u[first * self.pre..].chunks_exact_mut(self.pre);
            self.scratch
                .dots
                .iter()
                .zip(u)
                .for_each(|(dots, u)| u.copy_from_slice(dots));
        }
    }

    /// W b for each b of `right` and a W for each a of `left`, the latter on the
    /// coordinates `on`, in one walk; there must be a pass for so many. Read the results
    /// with [`Store::product`] and [`Store::product_t`].
    pub(crate) fn products(
        &mut self,
        right: &[Operand<'_, T>],
        left: &[&[T]],
        on: &[Coordinates<'_>],
    ) {
        self.take_products(right, left, on);
    }

    pub(crate) fn product(&self, m: usize, z: &mut [T]) {
        copy_from(&self.scratch.out[m * self.stride..], z);
    }

    pub(crate) fn product_t(&self, n: usize, on: Coordinates<'_>, u: &mut [T]) {
        copy_on(&self.scratch.dots[n], on, u);
    }

    /// W ← scale·W, the first part of an update.
    pub(crate) fn begin_update(&mut self, scale: Option<T>) {
        let Some(scale) = scale else {
            return;
        };
        let pending = &mut self.pending;
        pending.scale = Some(pending.scale.map_or(scale, |c| c * scale));
        for x in &mut pending.posts[..pending.terms * self.stride] {
            *x = x.scaled(scale);
        }
    }

    /// W ← W + Σ factorₖ·aₖ ⊗ bₖ over the terms, the second part of an update. Vectors of
    /// several rows stand for the sum over the rows. Terms in a row with the very same
    /// a become one: a ⊗ (Σ factorₖ·bₖ).
    pub(crate) fn add_terms<'t>(
        &mut self,
        terms: impl Iterator<Item = (T, Tensor<'t, T>, Operand<'t, T>)>,
    ) {
        let mut last: &[T] = &[];
        for (factor, a, b) in terms {
            for row in 0..a.shape.rows {
                let (a, b) = (a.row(row), b.row(row));
                let begins = !std::ptr::eq(a.data, last);
                if begins {
                    self.begin_term(a.data);
                    last = a.data;
                }
                self.add_to_term(factor, b, begins);
            }
        }
    }

    /// Makes room for a ⊗ p, with p to follow.
    fn begin_term(&mut self, a: &[T]) {
        if self.pending.terms == MAX_PENDING {
            self.pass(MAX_APPLIED, &[], &[], &[]);
        }
        let pending = &mut self.pending;
        let k = pending.terms;
        copy_into(&mut pending.posts[k * self.stride..][..self.stride], a);
        pending.columns[k].clear();
        pending.terms += 1;
    }

    /// Turns the last a ⊗ p that waits into a ⊗ (p + factor·b), with p = 0 for a `new` one.
    fn add_to_term(&mut self, factor: T, b: Operand<'_, T>, new: bool) {
        let last = self.pending.terms - 1;
        let (pre, b_data) = (&mut self.pending.pres[last], b.tensor.data);
        dispatch(
            #[inline(always)]
            move |fused| {
                if new {
                    pre.iter_mut()
                        .zip(b_data)
                        .for_each(|(pre, b)| *pre = factor * *b);
                } else {
                    simd::add_scaled_numbers(fused, pre, factor, b_data);
                }
            },
        );
        self.pending.columns[last].add(b.on);
    }

    /// ⟨A, B⟩ = Σ Aᵢⱼ Bᵢⱼ with a store of the same size.
    pub(crate) fn frobenius(&mut self, other: &mut Store<T>) -> T {
        self.flush();
        other.flush();
        let (a, b) = (&self.columns, &other.columns);
        dispatch(
            #[inline(always)]
            move |fused| simd::dot_lanes(fused, a, b),
        )
    }

    /// W ← W + s·V with a store of the same size.
    pub(crate) fn add_scaled(&mut self, s: T, other: &mut Store<T>) {
        self.flush();
        other.flush();
        let (w, v) = (&mut self.columns, &other.columns);
        dispatch(
            #[inline(always)]
            move |fused| simd::add_scaled(fused, w, s, v),
        );
    }
}

/// Writes numbers to lanes, and zeros behind them to fill up the last.
pub(super) fn copy_into<T: Real>(lanes: &mut [Lanes<T>], numbers: &[T]) {
    let (whole, rest) = numbers.as_chunks::<WIDTH>();
    for (lanes, numbers) in lanes.iter_mut().zip(whole) {
        lanes.0 = *numbers;
    }
    if let Some(last) = lanes.get_mut(whole.len()) {
        last.0[..rest.len()].copy_from_slice(rest);
        last.0[rest.len()..].fill(T::ZERO);
    }
}

/// Reads numbers from lanes.
pub(super) fn copy_from<T: Real>(lanes: &[Lanes<T>], numbers: &mut [T]) {
    let (whole, rest) = numbers.as_chunks_mut::<WIDTH>();
    for (numbers, lanes) in whole.iter_mut().zip(lanes) {
        *numbers = lanes.0;
    }
    if let Some(last) = lanes.get(whole.len()) {
        rest.copy_from_slice(&last.0[..rest.len()]);
    }
}

/// Copies the coordinates `on` and sets the others to zero.
fn copy_on<T: Real>(from: &[T], on: Coordinates<'_>, to: &mut [T]) {
    let Some(on) = on else {
        to.copy_from_slice(from);
        return;
    };
    dispatch(
        #[inline(always)]
        |_| {
            // All of them, by bits: a vector's worth at a time costs less than those of a
            // list one by one.
            const HALF: usize = u32::BITS as usize;
            let halves = on
                .bits
                .iter()
                .flat_map(|bits| [*bits as u32, (bits >> HALF) as u32]);
            let numbers = to.chunks_mut(HALF).zip(from.chunks(HALF));
            for ((to, from), bits) in numbers.zip(halves) {
                for (bit, (to, from)) in to.iter_mut().zip(from).enumerate() {
                    *to = if bits & (1 << bit) == 0 {
                        T::ZERO
                    } else {
                        *from
                    };
                }
            }
        },
    );
}
