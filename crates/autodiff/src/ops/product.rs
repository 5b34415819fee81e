//! Matrix products A B, A Bᵀ and Aᵀ B, one or a batch of them. Matrix-vector and outer
//! products are the same with one row, since a vector is one row.

use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::Operation;
use crate::algebra::{Algebra, Reverse, Tangent};
use crate::shape::Shape;
use crate::view::Inputs;
use crate::{Real, Tape, Var};

/// Which factor of a product is transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A B.
    Plain,
    /// A Bᵀ.
    Right,
    /// Aᵀ B.
    Left,
}

/// Y = A B in one of its forms. With several `blocks`, A, B and Y are stacks of as many
/// matrices of the same shape, one below the other, and each pair is multiplied by
/// itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Product {
    pub(crate) form: Form,
    pub(crate) blocks: u32,
}

impl Product {
    /// The shape of one block of a stack.
    #[track_caller]
    fn block(&self, stack: Shape) -> Shape {
        let blocks = self.blocks as usize;
        assert!(
            blocks > 0 && stack.rows.is_multiple_of(blocks),
            "{} cannot cut the rows of a value of shape {stack} into {blocks} blocks",
            self.name()
        );
        Shape::matrix(stack.rows / blocks, stack.cols)
    }

    fn of(self, form: Form) -> super::Op {
        Product { form, ..self }.into()
    }
}

impl Operation for Product {
    const NAMES: &'static [&'static str] = &["matmul", "matmul_nt", "matmul_tn"];

    fn name(&self) -> &'static str {
        Self::NAMES[self.form as usize]
    }

    fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
        let (a, b) = (self.block(x(0)), self.block(x(1)));
        let (rows, inner, other, cols) = match self.form {
            Form::Plain => (a.rows, a.cols, b.rows, b.cols),
            Form::Right => (a.rows, a.cols, b.cols, b.rows),
            Form::Left => (a.cols, a.rows, b.rows, b.cols),
        };
        assert!(
            inner == other,
            "{} cannot multiply values of shapes {a} and {b}",
            self.name()
        );
        Shape::matrix(rows * self.blocks as usize, cols)
    }

    /// With matrixmultiply's kernels, block by block.
    fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
        let (a, b) = (x.get(0), x.get(1));
        let (a_shape, b_shape) = (self.block(a.shape), self.block(b.shape));
        let size = y.len() / self.blocks as usize;
        for k in 0..self.blocks as usize {
            let (a, b) = (view(a_shape, a.data, k), view(b_shape, b.data, k));
            let (a, b) = match self.form {
                Form::Plain => (a, b),
                Form::Right => (a, b.reversed_axes()),
                Form::Left => (a.reversed_axes(), b),
            };
            let y = &mut y[k * size..(k + 1) * size];
            let mut y = ArrayViewMut2::from_shape((a.nrows(), b.ncols()), y)
                .expect("the output has the shape of the product");
            general_mat_mul(T::ONE, &a, &b, T::ZERO, &mut y);
        }
    }

    /// Y = A B: Ā = Ȳ Bᵀ, B̄ = Aᵀ Ȳ. Y = A Bᵀ: Ā = Ȳ B, B̄ = Ȳᵀ A.
    /// Y = Aᵀ B: Ā = B Ȳᵀ, B̄ = A Ȳ.
    fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
        let (a, b, dy) = (cx.input(0), cx.input(1), cx.adjoint());
        let ((form_a, factors_a), (form_b, factors_b)) = match self.form {
            Form::Plain => ((Form::Right, [dy, b]), (Form::Left, [a, dy])),
            Form::Right => ((Form::Plain, [dy, b]), (Form::Left, [dy, a])),
            Form::Left => ((Form::Right, [b, dy]), (Form::Plain, [a, dy])),
        };
        cx.give(0, |g| g.evaluate(self.of(form_a), &factors_a));
        cx.give(1, |g| g.evaluate(self.of(form_b), &factors_b));
    }

    /// Ẏ: the same product of Ȧ with B, plus that of A with Ḃ.
    fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
        let (a, b) = (cx.input(0), cx.input(1));
        cx.take(0, |g, da| g.evaluate((*self).into(), &[da, b]));
        cx.take(1, |g, db| g.evaluate((*self).into(), &[a, db]));
    }
}

/// Block `k` of a stack of blocks of the given shape.
fn view<T>(shape: Shape, stack: &[T], k: usize) -> ArrayView2<'_, T> {
    let data = &stack[k * shape.len()..(k + 1) * shape.len()];
    ArrayView2::from_shape((shape.rows, shape.cols), data)
        .expect("a block has as many numbers as its shape asks for")
}

/// # Matrix products
impl<T: Real> Tape<T> {
    /// A B: (m × k), (k × n) → (m × n).
    ///
    /// ```
    /// use ndarray::array;
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_array(array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let b = tape.constant_array(array![[1.0], [10.0]].view());
    /// let y = tape.matmul(a, b);
    /// assert_eq!(tape.array(y), array![[21.0], [43.0]]);
    /// ```
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[track_caller]
    pub fn matmul(&mut self, a: Var, b: Var) -> Var {
        self.matmul_blocks(a, b, 1)
    }

    /// A Bᵀ: (m × k), (n × k) → (m × n). With y in the rows of A and W = B this is
    /// W y for each row y.
    ///
    /// ```
    /// use ndarray::array;
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let w = tape.variable_array(array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.constant_vector(&[1.0, 10.0]);
    /// let z = tape.matmul_nt(y, w);
    /// assert_eq!(tape.value(z), [21.0, 43.0]);
    /// ```
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[track_caller]
    pub fn matmul_nt(&mut self, a: Var, b: Var) -> Var {
        self.matmul_nt_blocks(a, b, 1)
    }

    /// Aᵀ B: (k × m), (k × n) → (m × n): the sum over k of the outer products of the
    /// rows.
    ///
    /// ```
    /// use ndarray::array;
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_array(array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let b = tape.constant_array(array![[1.0], [10.0]].view());
    /// let y = tape.matmul_tn(a, b);
    /// assert_eq!(tape.array(y), array![[31.0], [42.0]]);
    /// ```
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[track_caller]
    pub fn matmul_tn(&mut self, a: Var, b: Var) -> Var {
        self.matmul_tn_blocks(a, b, 1)
    }

    /// a ⊗ b = a bᵀ of two vectors: (1 × m), (1 × n) → (m × n).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_vector(&[1.0, 2.0]);
    /// let b = tape.variable_vector(&[3.0, 4.0]);
    /// let y = tape.outer(a, b);
    /// assert_eq!(tape.array(y), ndarray::array![[3.0, 4.0], [6.0, 8.0]]);
    /// ```
    ///
    /// # Panics
    /// If one of them has several rows and the other has not as many.
    #[track_caller]
    pub fn outer(&mut self, a: Var, b: Var) -> Var {
        self.matmul_tn(a, b)
    }

    /// A B for each pair of two stacks of `blocks` matrices, one below the other:
    /// (blocks·m × k), (blocks·k × n) → (blocks·m × n).
    ///
    /// A value has two axes, and whatever works row by row works on a stack as it is;
    /// only products have to know where one matrix ends.
    ///
    /// ```
    /// use ndarray::array;
    /// // Two products of a 1 × 2 with a 2 × 1 matrix.
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_array(array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let b = tape.constant_array(array![[1.0], [10.0], [1.0], [10.0]].view());
    /// let y = tape.matmul_blocks(a, b, 2);
    /// assert_eq!(tape.array(y), array![[21.0], [43.0]]);
    /// ```
    ///
    /// # Panics
    /// If the rows cannot be cut into so many blocks, or the inner dimensions differ.
    #[track_caller]
    pub fn matmul_blocks(&mut self, a: Var, b: Var, blocks: usize) -> Var {
        self.product(Form::Plain, a, b, blocks)
    }

    /// A Bᵀ for each pair of two stacks, as [`Tape::matmul_blocks`]: (blocks·m × k),
    /// (blocks·n × k) → (blocks·m × n).
    ///
    /// ```
    /// use ndarray::array;
    /// // All inner products within each of two pairs of vectors.
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(array![[1.0, 0.0], [1.0, 1.0], [2.0, 0.0], [0.0, 2.0]].view());
    /// let gram = tape.matmul_nt_blocks(x, x, 2);
    /// let want = array![[1.0, 1.0], [1.0, 2.0], [4.0, 0.0], [0.0, 4.0]];
    /// assert_eq!(tape.array(gram), want);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::matmul_blocks`].
    #[track_caller]
    pub fn matmul_nt_blocks(&mut self, a: Var, b: Var, blocks: usize) -> Var {
        self.product(Form::Right, a, b, blocks)
    }

    /// Aᵀ B for each pair of two stacks, as [`Tape::matmul_blocks`]: (blocks·k × m),
    /// (blocks·k × n) → (blocks·m × n).
    ///
    /// ```
    /// use ndarray::array;
    /// // The outer product of each row of a batch.
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let a = tape.variable_array(array![[1.0, 2.0], [3.0, 4.0]].view());
    /// let y = tape.matmul_tn_blocks(a, a, 2);
    /// let want = array![[1.0, 2.0], [2.0, 4.0], [9.0, 12.0], [12.0, 16.0]];
    /// assert_eq!(tape.array(y), want);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::matmul_blocks`].
    #[track_caller]
    pub fn matmul_tn_blocks(&mut self, a: Var, b: Var, blocks: usize) -> Var {
        self.product(Form::Left, a, b, blocks)
    }

    #[track_caller]
    fn product(&mut self, form: Form, a: Var, b: Var, blocks: usize) -> Var {
        let blocks = u32::try_from(blocks).expect("fewer than 2³² blocks");
        self.record(Product { form, blocks }.into(), &[a, b])
    }
}
