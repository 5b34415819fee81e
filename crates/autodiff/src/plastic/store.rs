//! The numbers of a plastic matrix.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, ShapeBuilder, linalg::general_mat_mul};

use super::buffer::Buffer;
use super::pass::{BLOCK, MAX_PENDING, MAX_PRODUCTS, Pass, is_compiled, pad};
use crate::Real;
use crate::program::Tensor;
use crate::real::max;
use crate::simd::{self, Lanes, WIDTH, dispatch, lanes_for};

/// Coordinates a vector may be non-zero in, in increasing order; `None` stands for all.
pub(crate) type Coordinates<'a> = Option<&'a [u32]>;

/// A vector, or a batch of them, and where it may be non-zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a, T> {
    pub(crate) tensor: Tensor<'a, T>,
    pub(crate) on: Coordinates<'a>,
}

/// A matrix with `post` rows and `pre` columns in the field's sense (W y: pre → post),
/// kept column by column: all synapses of one pre-synaptic unit side by side, padded
/// to whole lanes. The columns of silent pre-synaptic units can then be skipped. Behind
/// the last column are spare ones, always zero, with which a list of columns can be
/// filled up to whole blocks.
///
/// Updates of rank 1 wait, and are applied by whatever walks the matrix next.
#[derive(Debug)]
pub(crate) struct Store<T> {
    pub(crate) post: usize,
    pub(crate) pre: usize,
    stride: usize,
    columns: Buffer<T>,
    all: Vec<u32>,
    pending: Pending<T>,
    scratch: Scratch<T>,
}

/// Terms of W ← scale·W + Σ postₖ ⊗ preₖ that wait.
#[derive(Debug)]
struct Pending<T> {
    terms: usize,
    scale: Option<T>,
    posts: Vec<[T; WIDTH]>,
    pres: Vec<Vec<T>>,
    /// Which columns the terms touch; `dense` if all.
    columns: Columns,
}

/// A set of columns.
#[derive(Debug, Default)]
struct Columns {
    dense: bool,
    bits: Vec<u64>,
}

impl Columns {
    fn clear(&mut self) {
        self.dense = false;
        self.bits.fill(0);
    }

    fn add(&mut self, on: Coordinates<'_>) {
        match on {
            None => self.dense = true,
            Some(coordinates) => {
                for &j in coordinates {
                    self.bits[j as usize / 64] |= 1 << (j % 64);
                }
            }
        }
    }

    fn list(&self, list: &mut Vec<u32>) {
        list.clear();
        for (word, &bits) in self.bits.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                list.push(word as u32 * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

/// Room for the vectors of a pass.
#[derive(Debug)]
struct Scratch<T> {
    out: Vec<[T; WIDTH]>,
    left: Vec<[T; WIDTH]>,
    dots: Vec<Vec<T>>,
    list: Vec<u32>,
    copy: Vec<[T; WIDTH]>,
}

impl<T: Real> Store<T> {
    pub(crate) fn zeros(post: usize, pre: usize) -> Self {
        let stride = lanes_for(post);
        let mut all = (0..pre as u32).collect();
        pad(&mut all, pre);
        Store {
            post,
            pre,
            stride,
            columns: Buffer::zeros(stride * (pre + BLOCK - 1)),
            all,
            pending: Pending {
                terms: 0,
                scale: None,
                posts: vec![[T::ZERO; WIDTH]; MAX_PENDING * stride],
                pres: vec![vec![T::ZERO; pre]; MAX_PENDING],
                columns: Columns {
                    dense: false,
                    bits: vec![0; pre.div_ceil(64)],
                },
            },
            scratch: Scratch {
                out: vec![[T::ZERO; WIDTH]; MAX_PRODUCTS * stride],
                left: vec![[T::ZERO; WIDTH]; MAX_PRODUCTS * stride],
                dots: vec![vec![T::ZERO; pre]; MAX_PRODUCTS],
                list: Vec::with_capacity(pre + BLOCK - 1),
                copy: vec![[T::ZERO; WIDTH]; BLOCK * stride],
            },
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.columns.bytes()
            + (self.pending.posts.len() + self.scratch.out.len() + self.scratch.left.len())
                * size_of::<[T; WIDTH]>()
            + (MAX_PENDING + MAX_PRODUCTS) * self.pre * size_of::<T>()
    }

    /// Takes over the numbers of a post × pre array, whatever its memory order.
    pub(crate) fn set(&mut self, w: ArrayView2<'_, T>) {
        self.forget_pending();
        let row = self.stride * WIDTH;
        // A diverged run may have left NaN in the padding and the spare columns.
        self.columns.flat_mut()[self.pre * row..].fill(T::ZERO);
        for (column, values) in self
            .columns
            .flat_mut()
            .chunks_exact_mut(row)
            .zip(w.columns())
        {
            column[values.len()..].fill(T::ZERO);
            match values.as_slice() {
                Some(values) => column[..values.len()].copy_from_slice(values),
                None => column.iter_mut().zip(values).for_each(|(c, v)| *c = *v),
            }
        }
    }

    pub(crate) fn set_zero(&mut self) {
        self.forget_pending();
        self.columns.flat_mut().fill(T::ZERO);
    }

    /// Takes over the numbers of a store of the same size.
    pub(crate) fn copy_from(&mut self, other: &mut Store<T>) {
        other.flush();
        self.forget_pending();
        self.columns
            .flat_mut()
            .copy_from_slice(other.columns.flat());
    }

    pub(crate) fn array(&mut self) -> Array2<T> {
        self.flush();
        self.view().reversed_axes().to_owned()
    }

    /// The numbers as a pre × post array.
    fn view(&self) -> ArrayView2<'_, T> {
        let strides = (self.pre, self.post).strides((self.stride * WIDTH, 1));
        ArrayView2::from_shape(strides, self.columns.flat()).expect("the buffer holds all columns")
    }

    fn view_mut(&mut self) -> ArrayViewMut2<'_, T> {
        let strides = (self.pre, self.post).strides((self.stride * WIDTH, 1));
        ArrayViewMut2::from_shape(strides, self.columns.flat_mut())
            .expect("the buffer holds all columns")
    }

    fn forget_pending(&mut self) {
        self.pending.terms = 0;
        self.pending.scale = None;
        self.pending.columns.clear();
    }

    /// Applies what waits.
    pub(crate) fn flush(&mut self) {
        if self.pending.terms > 0 || self.pending.scale.is_some() {
            self.pass(&[], &[], &[]);
        }
    }

    /// Applies what waits and takes the products with `right` (left in
    /// `scratch.out`) and with `left` (left in `scratch.dots`, valid on `on`).
    fn pass(&mut self, right: &[Operand<'_, T>], left: &[&[T]], on: &[Coordinates<'_>]) {
        let scaled = self.pending.scale.is_some();
        if !is_compiled(self.pending.terms, right.len(), left.len(), scaled) {
            self.pass(&[], &[], &[]);
        }
        let pending = &mut self.pending;
        let scratch = &mut self.scratch;
        for operand in right {
            pending.columns.add(operand.on);
        }
        for coordinates in on {
            pending.columns.add(*coordinates);
        }
        let dense = pending.columns.dense || pending.scale.is_some();
        if !dense {
            pending.columns.list(&mut scratch.list);
            pad(&mut scratch.list, self.pre);
        }
        let mut vectors = [[].as_slice(); MAX_PRODUCTS];
        for (vector, operand) in vectors.iter_mut().zip(right) {
            *vector = operand.tensor.data;
        }
        let out = &mut scratch.out[..right.len() * self.stride];
        out.fill([T::ZERO; WIDTH]);
        for (padded, vector) in scratch.left.chunks_exact_mut(self.stride).zip(left) {
            padded.as_flattened_mut()[..vector.len()].copy_from_slice(vector);
        }
        T::walk(Pass {
            matrix: self.columns.chunks_mut(),
            stride: self.stride,
            rows: if dense { &self.all } else { &scratch.list },
            scale: pending.scale,
            posts: &pending.posts,
            pres: &pending.pres[..pending.terms],
            right: &vectors[..right.len()],
            out,
            left: &scratch.left,
            dots: &mut scratch.dots[..left.len()],
            copy: &mut scratch.copy,
        });
        self.forget_pending();
    }

    /// y Wᵀ for each row y.
    pub(crate) fn matvec(&mut self, y: Operand<'_, T>, z: &mut [T]) {
        if y.tensor.shape.rows == 1 {
            self.pass(&[y], &[], &[]);
            z.copy_from_slice(&self.scratch.out.as_flattened()[..self.post]);
        } else {
            self.flush();
            crate::ops::multiply(matrix(y.tensor), self.view(), z);
        }
    }

    /// e W for each row e, on the coordinates `on` and zero elsewhere.
    pub(crate) fn matvec_t(&mut self, e: Tensor<'_, T>, on: Coordinates<'_>, u: &mut [T]) {
        if e.shape.rows == 1 {
            self.pass(&[], &[e.data], &[on]);
            copy_on(&self.scratch.dots[0], on, u);
        } else {
            self.flush();
            crate::ops::multiply(matrix(e), self.view().reversed_axes(), u);
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
        self.pass(right, left, on);
    }

    pub(crate) fn product(&self, m: usize, z: &mut [T]) {
        let out = &self.scratch.out[m * self.stride..(m + 1) * self.stride];
        z.copy_from_slice(&out.as_flattened()[..self.post]);
    }

    pub(crate) fn product_t(&self, n: usize, on: Coordinates<'_>, u: &mut [T]) {
        copy_on(&self.scratch.dots[n], on, u);
    }

    /// W ← scale·W, the first part of an update.
    pub(crate) fn begin_update(&mut self, scale: Option<T>) {
        if scale.is_some() {
            self.flush();
            self.pending.scale = scale;
        }
    }

    /// W ← W + factor·a ⊗ b, or the sum over the rows of both.
    pub(crate) fn add_outer(&mut self, factor: T, a: Tensor<'_, T>, b: Operand<'_, T>) {
        if a.shape.rows > 1 {
            self.flush();
            let (a, b) = (matrix(a), matrix(b.tensor).reversed_axes());
            general_mat_mul(factor, &b, &a, T::ONE, &mut self.view_mut());
            return;
        }
        if self.pending.terms == MAX_PENDING {
            self.flush();
        }
        let pending = &mut self.pending;
        let k = pending.terms;
        let post = pending.posts[k * self.stride..(k + 1) * self.stride].as_flattened_mut();
        let post = &mut post[..self.post];
        if factor == T::ONE {
            post.copy_from_slice(a.data);
        } else {
            crate::ops::map(a.data, post, |a| factor * a);
        }
        pending.pres[k].copy_from_slice(b.tensor.data);
        pending.columns.add(b.on);
        pending.terms += 1;
    }

    /// ⟨A, B⟩ = Σ Aᵢⱼ Bᵢⱼ with a store of the same size.
    pub(crate) fn frobenius(&mut self, other: &mut Store<T>) -> T {
        self.flush();
        other.flush();
        let (a, b) = (self.columns.flat(), other.columns.flat());
        dispatch(
            #[inline(always)]
            move || simd::dot(a, b),
        )
    }

    /// W ← W + s·V with a store of the same size.
    pub(crate) fn add_scaled(&mut self, s: T, other: &mut Store<T>) {
        self.flush();
        other.flush();
        let (w, v) = (self.columns.chunks_mut(), other.columns.chunks());
        dispatch(
            #[inline(always)]
            move || {
                for (w, v) in w.iter_mut().zip(v) {
                    *w = Lanes(*w).plus_scaled(s, Lanes(*v)).0;
                }
            },
        );
    }

    /// max |W − V| over max |V|, both over all entries; NaN if either is not a number.
    pub(crate) fn distance(&mut self, other: &mut Store<T>) -> T {
        self.flush();
        other.flush();
        let (w, v) = (self.columns.chunks(), other.columns.chunks());
        let (difference, size) = dispatch(
            #[inline(always)]
            move || {
                let mut difference = [T::ZERO; WIDTH];
                let mut size = [T::ZERO; WIDTH];
                // 0 as long as all differences are finite, NaN otherwise.
                let mut poison = [T::ZERO; WIDTH];
                for (w, v) in w.iter().zip(v) {
                    for lane in 0..WIDTH {
                        let d = (w[lane] - v[lane]).abs();
                        difference[lane] = max(difference[lane], d);
                        poison[lane] = d.mul_add(T::ZERO, poison[lane]);
                        size[lane] = max(size[lane], v[lane].abs());
                    }
                }
                let largest = |lanes: [T; WIDTH]| lanes.into_iter().fold(T::ZERO, max);
                (largest(difference) + Lanes(poison).total(), largest(size))
            },
        );
        if size > T::ZERO {
            difference / size
        } else {
            difference
        }
    }
}

fn matrix<'a, T: Real>(x: Tensor<'a, T>) -> ArrayView2<'a, T> {
    ArrayView2::from_shape((x.shape.rows, x.shape.cols), x.data)
        .expect("a value has as many numbers as its shape asks for")
}

/// Copies the coordinates `on` and sets the others to zero.
fn copy_on<T: Real>(from: &[T], on: Coordinates<'_>, to: &mut [T]) {
    match on {
        None => to.copy_from_slice(from),
        Some(coordinates) => {
            to.fill(T::ZERO);
            for &j in coordinates {
                to[j as usize] = from[j as usize];
            }
        }
    }
}
