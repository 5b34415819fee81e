"""The engine's operations, by its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np

from metaplast._values import Array, Operand, Plastic, Var


class Operations:
    """What a tape records. An operand is a value of it, or a number or array as a constant."""

    def _apply(
        self,
        name: str,
        inputs: Sequence[Operand],
        numbers: Sequence[float] = (),
        counts: Sequence[int] = (),
    ) -> Var:
        raise NotImplementedError

    def neg(self, x: Operand) -> Var:
        """−x."""
        return self._apply("neg", [x])

    def abs(self, x: Operand) -> Var:
        """|x|; the slope at 0 is 0."""
        return self._apply("abs", [x])

    def sign(self, x: Operand) -> Var:
        """−1, 0 or 1; derivatives do not pass."""
        return self._apply("sign", [x])

    def relu(self, x: Operand) -> Var:
        """max(x, 0); the slope at 0 is 0."""
        return self._apply("relu", [x])

    def square(self, x: Operand) -> Var:
        """x²."""
        return self._apply("square", [x])

    def sqrt(self, x: Operand) -> Var:
        """√x."""
        return self._apply("sqrt", [x])

    def recip(self, x: Operand) -> Var:
        """1/x."""
        return self._apply("recip", [x])

    def exp(self, x: Operand) -> Var:
        """eˣ."""
        return self._apply("exp", [x])

    def exp_m1(self, x: Operand) -> Var:
        """eˣ − 1, precise near 0."""
        return self._apply("exp_m1", [x])

    def ln(self, x: Operand) -> Var:
        """The natural logarithm."""
        return self._apply("ln", [x])

    def ln_1p(self, x: Operand) -> Var:
        """ln(1 + x), precise near 0."""
        return self._apply("ln_1p", [x])

    def sin(self, x: Operand) -> Var:
        """The sine."""
        return self._apply("sin", [x])

    def cos(self, x: Operand) -> Var:
        """The cosine."""
        return self._apply("cos", [x])

    def tanh(self, x: Operand) -> Var:
        """The hyperbolic tangent."""
        return self._apply("tanh", [x])

    def sigmoid(self, x: Operand) -> Var:
        """1/(1 + e⁻ˣ)."""
        return self._apply("sigmoid", [x])

    def softplus(self, x: Operand, beta: float = 1.0) -> Var:
        """ln(1 + e^(βx))/β."""
        return self._apply("softplus", [x], numbers=[beta])

    def softmax(self, x: Operand) -> Var:
        """eˣ/Σeˣ over each row."""
        return self._apply("softmax", [x])

    def log_softmax(self, x: Operand) -> Var:
        """x − ln Σeˣ over each row."""
        return self._apply("log_softmax", [x])

    def stop_gradient(self, x: Operand) -> Var:
        """x; derivatives do not pass."""
        return self._apply("stop_gradient", [x])

    def affine(self, x: Operand, slope: float, shift: float) -> Var:
        """slope·x + shift."""
        return self._apply("affine", [x], numbers=[slope, shift])

    def clamp(self, x: Operand, low: float, high: float) -> Var:
        """x between low and high; the slope outside is 0."""
        return self._apply("clamp", [x], numbers=[low, high])

    def powi(self, x: Operand, n: int) -> Var:
        """xⁿ for a whole number n."""
        if int(n) != n or abs(n) >= 2**31:
            raise ValueError(f"powi takes a whole number, got {n}")
        return self._apply("powi", [x], numbers=[float(n)])

    def add(self, a: Operand, b: Operand) -> Var:
        """a + b, of one shape."""
        return self._apply("add", [a, b])

    def sub(self, a: Operand, b: Operand) -> Var:
        """a − b, of one shape."""
        return self._apply("sub", [a, b])

    def mul(self, a: Operand, b: Operand) -> Var:
        """a ⊙ b, of one shape."""
        return self._apply("mul", [a, b])

    def div(self, a: Operand, b: Operand) -> Var:
        """a ⊘ b, of one shape."""
        return self._apply("div", [a, b])

    def max(self, a: Operand, b: Operand) -> Var:
        """The larger of a and b, entry by entry."""
        return self._apply("max", [a, b])

    def min(self, a: Operand, b: Operand) -> Var:
        """The smaller of a and b, entry by entry."""
        return self._apply("min", [a, b])

    def greater(self, a: Operand, b: Operand) -> Var:
        """1 where a > b, else 0; derivatives do not pass."""
        return self._apply("greater", [a, b])

    def select(self, mask: Operand, a: Operand, b: Operand) -> Var:
        """a where the mask is not 0, else b."""
        return self._apply("select", [mask, a, b])

    def scale(self, s: Operand, x: Operand) -> Var:
        """s·x with a scalar s."""
        return self._apply("scale", [s, x])

    def dot(self, a: Operand, b: Operand) -> Var:
        """Σ aᵢbᵢ over all entries, a scalar."""
        return self._apply("dot", [a, b])

    def sum(self, x: Operand) -> Var:
        """The sum of all entries, a scalar."""
        return self._apply("sum", [x])

    def mean(self, x: Operand) -> Var:
        """The mean of all entries, a scalar."""
        return self._apply("mean", [x])

    def cross_entropy(self, z: Operand, t: Operand) -> Var:
        """−Σ t ln softmax(z), the mean over the rows of a batch."""
        return self._apply("cross_entropy", [z, t])

    def transpose(self, x: Operand) -> Var:
        """Rows and columns swapped; a vector becomes a column."""
        return self._apply("transpose", [x])

    def reshape(self, x: Operand, rows: int, cols: int) -> Var:
        """The same numbers row by row in another shape."""
        return self._apply("reshape", [x], counts=[rows, cols])

    def fill(self, s: Operand, rows: int, cols: int) -> Var:
        """A matrix with the scalar s everywhere."""
        return self._apply("fill", [s], counts=[rows, cols])

    def matmul(self, a: Operand, b: Operand) -> Var:
        """The matrix product of values; a vector counts as one row."""
        return self._apply("matmul", [a, b])

    def matmul_nt(self, a: Operand, b: Operand) -> Var:
        """a bᵀ: W y for each row y of a batch a, if b is W."""
        return self._apply("matmul_nt", [a, b])

    def matmul_tn(self, a: Operand, b: Operand) -> Var:
        """aᵀ b: the sum over rows of a and b of their outer products."""
        return self._apply("matmul_tn", [a, b])

    def outer(self, a: Operand, b: Operand) -> Var:
        """aᵀb for vectors: a matrix with a row for each entry of a."""
        return self._apply("outer", [a, b])

    def slice_rows(self, x: Operand, start: int, end: int) -> Var:
        """The rows from start up to end."""
        return self._apply("slice_rows", [x], counts=[start, end])

    def slice_cols(self, x: Operand, start: int, end: int) -> Var:
        """The columns from start up to end: of a vector, its entries."""
        return self._apply("slice_cols", [x], counts=[start, end])

    def concat_rows(self, parts: Sequence[Operand]) -> Var:
        """Values below one another."""
        return self._apply("concat_rows", list(parts))

    def concat_cols(self, parts: Sequence[Operand]) -> Var:
        """Values beside one another."""
        return self._apply("concat_cols", list(parts))

    def gather_rows(self, x: Operand, rows: Sequence[int]) -> Var:
        """The rows of these numbers, in this order and perhaps again."""
        return self._apply("gather_rows", [x], counts=list(rows))

    # Along the rows and columns of a batch, B × n.

    def row_sum(self, x: Operand) -> Var:
        """The sum of each row, B × 1."""
        return self._apply("row_sum", [x])

    def col_sum(self, x: Operand) -> Var:
        """The sum of each column, a vector of n."""
        return self._apply("col_sum", [x])

    def row_mean(self, x: Operand) -> Var:
        """The mean of each row, B × 1."""
        return self._apply("row_mean", [x])

    def col_mean(self, x: Operand) -> Var:
        """The mean of each column, a vector of n."""
        return self._apply("col_mean", [x])

    def row_scale(self, c: Operand, x: Operand) -> Var:
        """Each row of x times its own number, of c, which is B × 1."""
        return self._apply("row_scale", [c, x])

    def col_scale(self, c: Operand, x: Operand) -> Var:
        """Each column of x times its own number, of the vector c of n."""
        return self._apply("col_scale", [c, x])

    def row_add(self, c: Operand, x: Operand) -> Var:
        """To each row of x its own number is added, of c, which is B × 1."""
        return self._apply("row_add", [c, x])

    def col_add(self, c: Operand, x: Operand) -> Var:
        """To each column of x its own number is added, of the vector c of n, as a bias is."""
        return self._apply("col_add", [c, x])

    def keep(self, mask: Operand, x: Operand) -> Var:
        """x where the mask is not 0, else 0, whatever x is there."""
        return self._apply("keep", [mask, x])
