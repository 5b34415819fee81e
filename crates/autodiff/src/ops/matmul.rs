//! Matrix products A B, A Bᵀ and Aᵀ B. Matrix-vector and outer products are the same
//! with one row, since a vector is one row.

use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::Operation;
use crate::algebra::{Algebra, Reverse, Shorthand, Tangent};
use crate::program::{Inputs, Tensor};
use crate::shape::Shape;
use crate::{Real, Tape, Var};

/// Y ← A B for row-major arrays, with matrixmultiply's kernels.
fn multiply<T: Real>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, y: &mut [T]) {
    let shape = (a.nrows(), b.ncols());
    let mut y =
        ArrayViewMut2::from_shape(shape, y).expect("the output has the shape of the product");
    general_mat_mul(T::ONE, &a, &b, T::ZERO, &mut y);
}

fn view<'a, T: Real>(x: &Tensor<'a, T>) -> ArrayView2<'a, T> {
    ArrayView2::from_shape((x.shape.rows, x.shape.cols), x.data)
        .expect("a value has as many numbers as its shape asks for")
}

macro_rules! product {
    ($Name:ident, $name:literal, $doc:literal,
     $rows:ident, $inner_a:ident, $inner_b:ident, $cols:ident,
     |$a:ident, $b:ident| $operands:expr,
     $reverse_doc:literal, |$g:ident, $ra:ident, $rb:ident, $dy:ident| ($for_a:expr, $for_b:expr)) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct $Name;

        impl Operation for $Name {
            const NAME: &'static str = $name;

            fn shape(&self, _: usize, x: &dyn Fn(usize) -> Shape) -> Shape {
                let (a, b) = (x(0), x(1));
                assert!(
                    a.$inner_a == b.$inner_b,
                    "{} cannot multiply values of shapes {a} and {b}",
                    Self::NAME
                );
                Shape::matrix(a.$rows, b.$cols)
            }

            fn value<T: Real>(&self, x: &impl Inputs<T>, y: &mut [T]) {
                let (x0, x1) = (x.get(0), x.get(1));
                let ($a, $b) = (view(&x0), view(&x1));
                let (a, b) = $operands;
                multiply(a, b, y);
            }

            #[doc = $reverse_doc]
            fn reverse<A: Algebra>(&self, cx: &mut Reverse<'_, A>) {
                let ($ra, $rb, $dy) = (cx.input(0), cx.input(1), cx.adjoint());
                cx.give(0, |$g| $for_a);
                cx.give(1, |$g| $for_b);
            }

            /// Ẏ: the same product of Ȧ with B, plus that of A with Ḃ.
            fn tangent<A: Algebra>(&self, cx: &mut Tangent<'_, A>) {
                let (a, b) = (cx.input(0), cx.input(1));
                cx.take(0, |g, da| g.evaluate((*self).into(), &[da, b]));
                cx.take(1, |g, db| g.evaluate((*self).into(), &[a, db]));
            }
        }
    };
}

product!(
    MatMul,
    "matmul",
    "Y = A B: (m × k), (k × n) → (m × n).",
    rows,
    cols,
    rows,
    cols,
    |a, b| (a, b),
    "Ā = Ȳ Bᵀ, B̄ = Aᵀ Ȳ.",
    |g, a, b, dy| (g.matmul_nt(dy, b), g.matmul_tn(a, dy))
);
product!(
    MatMulNt,
    "matmul_nt",
    "Y = A Bᵀ: (m × k), (n × k) → (m × n).",
    rows,
    cols,
    cols,
    rows,
    |a, b| (a, b.reversed_axes()),
    "Ā = Ȳ B, B̄ = Ȳᵀ A.",
    |g, a, b, dy| (g.matmul(dy, b), g.matmul_tn(dy, a))
);
product!(
    MatMulTn,
    "matmul_tn",
    "Y = Aᵀ B: (k × m), (k × n) → (m × n).",
    cols,
    rows,
    rows,
    cols,
    |a, b| (a.reversed_axes(), b),
    "Ā = B Ȳᵀ, B̄ = A Ȳ.",
    |g, a, b, dy| (g.matmul_nt(b, dy), g.matmul(a, dy))
);

/// # Matrix products
impl<T: Real> Tape<T> {
    /// A B: (m × k), (k × n) → (m × n).
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[track_caller]
    pub fn matmul(&mut self, a: Var, b: Var) -> Var {
        self.record(MatMul.into(), &[a, b])
    }

    /// A Bᵀ: (m × k), (n × k) → (m × n). With y in the rows of A and W = B this is
    /// W y for each row y.
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[track_caller]
    pub fn matmul_nt(&mut self, a: Var, b: Var) -> Var {
        self.record(MatMulNt.into(), &[a, b])
    }

    /// Aᵀ B: (k × m), (k × n) → (m × n): the sum over k of the outer products of the
    /// rows.
    ///
    /// # Panics
    /// If the inner dimensions differ.
    #[track_caller]
    pub fn matmul_tn(&mut self, a: Var, b: Var) -> Var {
        self.record(MatMulTn.into(), &[a, b])
    }

    /// a ⊗ b = a bᵀ of two vectors: (1 × m), (1 × n) → (m × n).
    ///
    /// # Panics
    /// If one of them has several rows and the other has not as many.
    #[track_caller]
    pub fn outer(&mut self, a: Var, b: Var) -> Var {
        self.matmul_tn(a, b)
    }
}
