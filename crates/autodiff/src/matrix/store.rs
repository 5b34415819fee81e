//! A plastic matrix: what is written down, and the updates that wait.

use lanes::{BATCH, HALF, Lanes, MAX_APPLIED, MAX_SIDE, Pass, TILE, dispatch};
use ndarray::{Array2, ArrayView2, ShapeBuilder};

use super::applied::{Applied, copy_from, copy_into};
use super::columns::Columns;
use super::differences::Differences;
use super::signed::Signed;
use super::waiting::{Due, MAX_WAITING, Waiting};
use crate::Real;
use crate::support::{Coordinates, words_for};
use crate::view::{Operand, Tensor};

/// A matrix with `post` rows and `pre` columns in the field's sense (W y: pre → post).
///
/// Updates of rank 1 wait, since to write the matrix takes longer than anything else
/// that is done with it: the matrix is c·S + Σ postₖ ⊗ preₖ with S what is stored. As
/// soon as [`MAX_APPLIED`] terms wait, whatever walks the matrix next applies them;
/// until then products are taken of S, and what waits is added to them.
///
/// S is not the matrix as long as anything waits. Who wants its numbers has to ask for
/// them by [`Store::applied`].
#[derive(Debug)]
pub(crate) struct Store<T> {
    /// S.
    stored: Applied<T>,
    waiting: Waiting<T>,
    scratch: Scratch<T>,
}

/// Room for the vectors of a pass.
#[derive(Debug)]
struct Scratch<T> {
    out: Vec<Lanes<T>>,
    left: Vec<Lanes<T>>,
    dots: Vec<Vec<T>>,
    columns: Columns,
    list: Vec<u32>,
    /// All columns, in increasing order.
    all: Vec<u32>,
    halves: Box<[[T; HALF]; TILE]>,
}

impl<T: Real> Store<T> {
    pub(crate) fn zeros(post: usize, pre: usize) -> Self {
        let stored = Applied::zeros(post, pre);
        let room = MAX_SIDE * stored.stride;
        Store {
            stored,
            waiting: Waiting::nothing(post, pre),
            scratch: Scratch {
                out: vec![Lanes::ZERO; room],
                left: vec![Lanes::ZERO; room],
                dots: vec![vec![T::ZERO; pre]; MAX_SIDE],
                columns: Columns::none(pre),
                list: Vec::with_capacity(pre),
                all: (0..pre as u32).collect(),
                halves: Box::new([[T::ZERO; HALF]; TILE]),
            },
        }
    }

    /// Rows and columns: post and pre.
    pub(crate) fn dim(&self) -> (usize, usize) {
        (self.stored.post, self.stored.pre)
    }

    pub(crate) fn bytes(&self) -> usize {
        let (scratch, pre) = (&self.scratch, self.stored.pre);
        size_of_val(&self.stored.lanes[..])
            + self.waiting.bytes()
            + size_of_val(&scratch.out[..])
            + size_of_val(&scratch.left[..])
            + MAX_SIDE * pre * size_of::<T>()
            + words_for(pre) * size_of::<u64>()
            + 2 * pre * size_of::<u32>()
            + size_of_val(&*scratch.halves)
    }

    /// Takes over the numbers of a post × pre array, whatever its memory order.
    pub(crate) fn set(&mut self, w: ArrayView2<'_, T>) {
        self.waiting.forget();
        self.stored.set(w);
    }

    /// Takes over what `fill` writes, column by column.
    pub(crate) fn fill_with(&mut self, fill: impl FnMut(&mut [T])) {
        self.waiting.forget();
        self.stored.fill_with(fill);
    }

    pub(crate) fn set_zero(&mut self) {
        self.waiting.forget();
        self.stored.set_zero();
    }

    /// Becomes the same matrix as a store of the same size, with what waits there.
    pub(crate) fn copy_from(&mut self, other: &Store<T>) {
        self.stored.lanes.copy_from_slice(&other.stored.lanes);
        self.waiting.copy_from(&other.waiting);
    }

    /// The matrix with all that waits, post × pre, column-major.
    pub(crate) fn array(&self) -> Array2<T> {
        let (post, pre) = self.dim();
        let mut numbers = Vec::with_capacity(post * pre);
        for (j, column) in self.stored.columns().enumerate() {
            let end = numbers.len() + post;
            for (chunk, lanes) in column.iter().enumerate() {
                let x = self.waiting.complete(j, chunk, *lanes);
                numbers.extend(x.0.iter().take(end - numbers.len()));
            }
        }
        Array2::from_shape_vec((post, pre).f(), numbers)
            .expect("post numbers from each of pre columns")
    }

    /// Applies all that waits. S is the matrix then.
    fn applied(&mut self) -> &mut Applied<T> {
        while !self.waiting.is_nothing() {
            self.apply(self.waiting.terms().min(MAX_APPLIED));
        }
        &mut self.stored
    }

    /// Applies c and the first `terms` terms that wait.
    fn apply(&mut self, terms: usize) {
        self.walk(Some(terms), &[], &[], &[]);
    }

    /// Takes the products of the matrix with `right` (left in `scratch.out`) and with
    /// `left` (left in `scratch.dots`, valid on `on`), at most [`MAX_SIDE`] each. Read the
    /// results with [`Store::product`] and [`Store::product_t`].
    pub(crate) fn products(
        &mut self,
        right: &[Operand<'_, T>],
        left: &[&[T]],
        on: &[Coordinates<'_>],
    ) {
        let enough = self.waiting.terms() >= MAX_APPLIED;
        let applied = enough.then_some(MAX_APPLIED);
        self.walk(applied, right, left, on);
        if !self.waiting.is_nothing() {
            self.complete_products(right, left.len());
        }
    }

    /// Walks S: applies c and the first of the terms that wait, if a number of them is
    /// given, and takes the products of what is stored then.
    fn walk(
        &mut self,
        applied: Option<usize>,
        right: &[Operand<'_, T>],
        left: &[&[T]],
        on: &[Coordinates<'_>],
    ) {
        let (stored, scratch) = (&mut self.stored, &mut self.scratch);
        let due = applied.map_or(Due::nothing(), |terms| self.waiting.due(terms));
        let mut needed = right.iter().map(|x| x.on).chain(on.iter().copied());
        let listed = match (needed.next(), needed.next()) {
            (Some(None), _) => None,
            (Some(Some(only)), None) if applied.is_none() => Some(only.list),
            _ if due.scale.is_some() => None,
            _ => {
                scratch.columns.clear();
                for coordinates in right.iter().map(|x| x.on).chain(on.iter().copied()) {
                    scratch.columns.add(coordinates);
                }
                for columns in due.columns {
                    scratch.columns.add_all(columns);
                }
                scratch.columns.listed(&mut scratch.list)
            }
        };
        let mut vectors = [[].as_slice(); MAX_SIDE];
        for (vector, operand) in vectors.iter_mut().zip(right) {
            *vector = operand.tensor.data;
        }
        let out = &mut scratch.out[..right.len() * stored.stride];
        out.fill(Lanes::ZERO);
        for (padded, vector) in scratch.left.chunks_exact_mut(stored.stride).zip(left) {
            copy_into(padded, vector);
        }
        T::walk(Pass {
            matrix: &mut stored.lanes,
            stride: stored.stride,
            rows: listed.unwrap_or(&scratch.all),
            scale: due.scale,
            posts: due.posts,
            pres: due.pres,
            right: &vectors[..right.len()],
            out,
            left: &scratch.left,
            dots: &mut scratch.dots[..left.len()],
            halves: &mut scratch.halves,
        });
        if let Some(terms) = applied {
            self.waiting.settle(terms);
        }
    }

    /// Makes products of S products of the matrix.
    fn complete_products(&mut self, right: &[Operand<'_, T>], left: usize) {
        let (waiting, scratch, stride) = (&self.waiting, &mut self.scratch, self.stored.stride);
        dispatch(
            #[inline(always)]
            move |fused| {
                for (out, y) in scratch.out.chunks_exact_mut(stride).zip(right) {
                    waiting.complete_product(fused, y.tensor.data, out);
                }
                let lefts = scratch.left.chunks_exact(stride);
                for (dots, e) in scratch.dots[..left].iter_mut().zip(lefts) {
                    waiting.complete_product_t(fused, e, dots);
                }
            },
        );
    }

    /// y Wᵀ for each row y.
    pub(crate) fn matvec(&mut self, y: Operand<'_, T>, z: &mut [T]) {
        let rows = y.tensor.shape.rows;
        if rows == 1 {
            self.products(&[y], &[], &[]);
            copy_from(&self.scratch.out, z);
            return;
        }
        self.applied();
        for first in (0..rows).step_by(BATCH) {
            // Beyond the last row the last one is repeated.
            let group: [Operand<'_, T>; BATCH] =
                std::array::from_fn(|m| y.row((first + m).min(rows - 1)));
            self.walk(None, &group, &[], &[]);
            let products = self.scratch.out.chunks_exact(self.stored.stride);
            let z = z[first * self.stored.post..].chunks_exact_mut(self.stored.post);
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
            self.products(&[], &[e.data], &[on]);
            copy_on(&self.scratch.dots[0], on, u);
            return;
        }
        self.applied();
        for first in (0..rows).step_by(BATCH) {
            let group: [&[T]; BATCH] =
                std::array::from_fn(|n| e.row((first + n).min(rows - 1)).data);
            self.walk(None, &[], &group, &[None]);
            let u = u[first * self.stored.pre..].chunks_exact_mut(self.stored.pre);
            self.scratch
                .dots
                .iter()
                .zip(u)
                .for_each(|(dots, u)| u.copy_from_slice(dots));
        }
    }

    pub(crate) fn product(&self, m: usize, z: &mut [T]) {
        copy_from(&self.scratch.out[m * self.stored.stride..], z);
    }

    pub(crate) fn product_t(&self, n: usize, on: Coordinates<'_>, u: &mut [T]) {
        copy_on(&self.scratch.dots[n], on, u);
    }

    /// W ← scale·W, the first part of an update.
    pub(crate) fn begin_update(&mut self, scale: Option<T>) {
        if let Some(scale) = scale {
            self.waiting.scale_by(scale);
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
                    if self.waiting.terms() == MAX_WAITING {
                        self.apply(MAX_APPLIED);
                    }
                    self.waiting.begin_term(a.data);
                    last = a.data;
                }
                self.waiting.add_to_term(factor, b, begins);
            }
        }
    }

    /// ⟨A, B⟩ = Σ Aᵢⱼ Bᵢⱼ with a store of the same size.
    pub(crate) fn frobenius(&mut self, other: &mut Store<T>) -> T {
        self.applied().frobenius(other.applied())
    }

    /// W ← W + s·V with a store of the same size.
    pub(crate) fn add_scaled(&mut self, s: T, other: &mut Store<T>) {
        self.applied().add_scaled(s, other.applied());
    }

    /// How far this matrix is from one of the same size.
    pub(crate) fn differences(&mut self, from: &mut Store<T>) -> Differences {
        Differences::between(self.applied(), from.applied())
    }

    /// (|V| ⊙ sign W) y for each row y, or its transpose times e for each row e, the latter
    /// on the coordinates `on` and zero elsewhere. V is a store of the same size; sign 0
    /// is 0.
    pub(crate) fn signed(
        &mut self,
        sizes: &mut Store<T>,
        x: Tensor<'_, T>,
        transposed: bool,
        on: Coordinates<'_>,
        out: &mut [T],
    ) {
        self.applied();
        let stride = self.stored.stride;
        let mut signed = Signed {
            signs: &self.stored,
            sizes: sizes.applied(),
            column: &mut self.scratch.left[..stride],
            vector: &mut self.scratch.out[..stride],
        };
        if transposed {
            signed.matvec_t(x, on, out);
        } else {
            signed.matvec(x, out);
        }
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
