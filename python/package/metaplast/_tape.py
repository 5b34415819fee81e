"""The differentiation engine: values on a tape, and matrices that change in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union, overload

import numpy as np
import numpy.typing as npt

from metaplast import _native

Array = npt.NDArray[Any]


class Var:
    """A value on a tape: a scalar, a vector, or a matrix whose rows are a batch of vectors.

    ``+``, ``-``, ``*``, ``/`` work entry by entry, with a scalar or a number on either side
    too; ``**`` takes a whole number, ``@`` multiplies matrices.
    """

    __slots__ = ("tape", "_handle", "shape")

    def __init__(self, tape: Tape, handle: _native.Handle, shape: tuple[int, ...]) -> None:
        #: The tape it is on.
        self.tape = tape
        self._handle = handle
        #: As NumPy has it: () for a scalar, (n,) for a vector, (rows, columns) for a matrix.
        self.shape = shape

    @property
    def value(self) -> Array:
        """Its numbers, as an array of its shape."""
        return self.tape._engine.value(self._handle).reshape(self.shape)

    def _size(self) -> int:
        rows, cols = self._handle.shape
        return rows * cols

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> Array:
        value = self.value
        return value if dtype is None else value.astype(dtype)

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        return f"Var({np.array2string(self.value, threshold=20)})"

    # Without this NumPy would take a Var for a list of objects.
    __array_ufunc__ = None

    def __neg__(self) -> Var:
        return self.tape.neg(self)

    def __add__(self, other: Operand) -> Var:
        return self.tape._entrywise("add", self, other)

    def __radd__(self, other: Operand) -> Var:
        return self.tape._entrywise("add", other, self)

    def __sub__(self, other: Operand) -> Var:
        return self.tape._entrywise("sub", self, other)

    def __rsub__(self, other: Operand) -> Var:
        return self.tape._entrywise("sub", other, self)

    def __mul__(self, other: Operand) -> Var:
        return self.tape._entrywise("mul", self, other)

    def __rmul__(self, other: Operand) -> Var:
        return self.tape._entrywise("mul", other, self)

    def __truediv__(self, other: Operand) -> Var:
        return self.tape._entrywise("div", self, other)

    def __rtruediv__(self, other: Operand) -> Var:
        return self.tape._entrywise("div", other, self)

    def __pow__(self, n: int) -> Var:
        return self.tape.powi(self, n)

    def __matmul__(self, other: Operand) -> Var:
        return self.tape.matmul(self, other)


class Plastic:
    """A matrix on a tape that ``Tape.update`` changes in place, n_post × n_pre.

    ``W @ y`` is ``Tape.matvec``. A handle stands for the matrix as it is now.
    """

    __slots__ = ("tape", "_matrix", "shape")

    def __init__(self, tape: Tape, matrix: _native.Matrix) -> None:
        #: The tape it is on.
        self.tape = tape
        self._matrix = matrix
        #: (n_post, n_pre).
        self.shape: tuple[int, int] = matrix.shape

    @property
    def value(self) -> Array:
        """The matrix as it is now, n_post × n_pre."""
        return self.tape._engine.matrix(self._matrix)

    def __matmul__(self, y: Operand) -> Var:
        return self.tape.matvec(self, y)

    def __repr__(self) -> str:
        return f"Plastic({np.array2string(self.value, threshold=20)})"

    # As that of Var.
    __array_ufunc__ = None


Operand = Union[Var, npt.ArrayLike]


def _checked(tape: Tape, thing: Union[Var, Plastic]) -> None:
    if thing.tape is not tape:
        raise ValueError("this value belongs to another tape")


class Tape:
    """A record of computations on values, which can be differentiated to second order.

    >>> tape = Tape()
    >>> x = tape.variable([0.5, -1.0])
    >>> tape.gradient(tape.sum(tape.tanh(x)), x)
    array([0.78644773, 0.41997434])

    Operations are evaluated as they are called. Where one takes a value, a number or an array
    stands for a constant. A plastic matrix is one buffer that changes in place; the tape keeps
    the vectors of each update, and the reverse sweep takes the updates back one by one.

    ``dtype`` is ``float64`` or ``float32``. Shapes that do not go together, and values of
    another tape or of before ``clear``, raise ValueError. A tape is for one thread at a time.
    """

    def __init__(self, dtype: npt.DTypeLike = np.float64) -> None:
        #: The number type of all its values.
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._engine = _native.Engine(self.dtype.name)

    def __len__(self) -> int:
        """How many values are recorded."""
        return len(self._engine)

    def __repr__(self) -> str:
        return f"Tape of {len(self)} values, {self.dtype.name}, {self.nbytes} bytes"

    @property
    def nbytes(self) -> int:
        """Bytes that what is recorded and its sweeps take."""
        return self._engine.bytes()

    def clear(self) -> None:
        """Forget everything recorded. Handles of it are void from then on."""
        self._engine.clear()

    # Values from outside.

    def variable(self, values: npt.ArrayLike) -> Var:
        """A value that derivatives can be taken by: of zero, one or two dimensions."""
        return self._input(values, True)

    def constant(self, values: npt.ArrayLike) -> Var:
        """A value that is given: derivatives by it are zero."""
        return self._input(values, False)

    def plastic(self, start: npt.ArrayLike) -> Plastic:
        """A matrix that can be updated in place, n_post × n_pre.

        ``gradient`` by it is that by its initial value. ``start`` may be a Var: then
        derivatives by the initial value pass on to it.
        """
        if isinstance(start, Var):
            _checked(self, start)
            return Plastic(self, self._engine.declare_from(start._handle))
        return Plastic(self, self._engine.declare(self._array(start), True))

    def fixed(self, values: npt.ArrayLike) -> Plastic:
        """A matrix that stays as it is and counts as a constant, n_post × n_pre."""
        return Plastic(self, self._engine.declare(self._array(values), False))

    # Plastic matrices.

    def matvec(self, w: Plastic, y: Operand) -> Var:
        """W y for each row y of a batch: (B ×) n_pre to (B ×) n_post."""
        return self._product(w, y, False)

    def matvec_t(self, w: Plastic, e: Operand) -> Var:
        """Wᵀ e for each row e of a batch: (B ×) n_post to (B ×) n_pre."""
        return self._product(w, e, True)

    def update(
        self,
        w: Plastic,
        terms: Sequence[Union[tuple[Operand, Operand], tuple[Operand, Operand, Operand]]],
        scale: Optional[Operand] = None,
    ) -> None:
        """W ← scale·W + Σ s·post ⊗ pre, in place.

        ``terms`` are pairs (post, pre), or triples (s, post, pre) with a scalar s; ``scale`` is
        a scalar, 1 if there is none. A batch of rows in post and pre stands for the sum over
        them.
        """
        _checked(self, w)
        handles = [[self._var(part)._handle for part in term] for term in terms]
        triples = []
        for term in handles:
            if len(term) not in (2, 3):
                raise ValueError("a term of an update is (post, pre) or (scale, post, pre)")
            triples.append((term[0] if len(term) == 3 else None, term[-2], term[-1]))
        by = None if scale is None else self._var(scale)._handle
        self._engine.update(w._matrix, by, triples)

    # Derivatives.

    @overload
    def gradient(
        self, loss: Var, wrt: Union[Var, Plastic], *, rewind: str = ...
    ) -> Array: ...
    @overload
    def gradient(
        self, loss: Var, wrt: Sequence[Union[Var, Plastic]], *, rewind: str = ...
    ) -> list[Array]: ...
    def gradient(
        self,
        loss: Var,
        wrt: Union[Var, Plastic, Sequence[Union[Var, Plastic]]],
        *,
        rewind: str = "auto",
    ) -> Union[Array, list[Array]]:
        """dL/dx for each x of ``wrt``, in its shape; by a plastic matrix, that by its start.

        One array for one x, a list for a list. ``rewind`` says how plastic matrices are found
        as they were: ``undo``, ``replay``, or ``auto``, which undoes and where that lost digits
        replays. What is recorded stays as it was.
        """
        several: list[Any] = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
        self._values([loss, *(x for x in several if not isinstance(x, Plastic))])
        for x in several:
            _checked(self, x)
        values = [x._handle for x in several if isinstance(x, Var)]
        matrices = [x._matrix for x in several if isinstance(x, Plastic)]
        by_values, by_matrices, _, _ = self._engine.gradient(
            loss._handle, values, matrices, rewind
        )
        parts, starts = iter(by_values), iter(by_matrices)
        slopes = [
            next(parts if isinstance(x, Var) else starts).reshape(x.shape) for x in several
        ]
        return slopes[0] if isinstance(wrt, (Var, Plastic)) else slopes

    @overload
    def gradient_taped(self, loss: Var, wrt: Var, *, rewind: str = ...) -> Var: ...
    @overload
    def gradient_taped(
        self, loss: Var, wrt: Sequence[Var], *, rewind: str = ...
    ) -> list[Var]: ...
    def gradient_taped(
        self, loss: Var, wrt: Union[Var, Sequence[Var]], *, rewind: str = "auto"
    ) -> Union[Var, list[Var]]:
        """As ``gradient``, recorded on the tape, so that it can be differentiated again."""
        several = self._values(wrt)
        self._values([loss])
        handles = self._engine.gradient_taped(
            loss._handle, [x._handle for x in several], rewind
        )
        slopes = [Var(self, handle, x.shape) for handle, x in zip(handles, several)]
        return slopes[0] if isinstance(wrt, Var) else slopes

    @overload
    def hessian_vector(self, loss: Var, wrt: Var, direction: npt.ArrayLike) -> Array: ...
    @overload
    def hessian_vector(
        self, loss: Var, wrt: Sequence[Var], direction: Sequence[npt.ArrayLike]
    ) -> list[Array]: ...
    def hessian_vector(
        self, loss: Var, wrt: Union[Var, Sequence[Var]], direction: Any
    ) -> Union[Array, list[Array]]:
        """The Hessian of ``loss`` by ``wrt`` times ``direction``, which has its shapes."""
        several = self._values(wrt)
        self._values([loss])
        directions = [direction] if isinstance(wrt, Var) else list(direction)
        products = self._engine.hessian_vector(
            loss._handle,
            [x._handle for x in several],
            [self._array(part) for part in directions],
        )
        shaped = [product.reshape(x.shape) for product, x in zip(products, several)]
        return shaped[0] if isinstance(wrt, Var) else shaped

    def tangent(
        self, of: Sequence[Var], along: Sequence[tuple[Var, npt.ArrayLike]]
    ) -> list[Array]:
        """Forward mode: how each of ``of`` changes along directions of variables."""
        self._values([*of, *(x for x, _ in along)])
        tangents = self._engine.tangent(
            [y._handle for y in of], [(x._handle, self._array(d)) for x, d in along]
        )
        return [tangent.reshape(y.shape) for tangent, y in zip(tangents, of)]

    def jacobian(self, y: Var, wrt: Union[Var, Sequence[Var]]) -> list[Array]:
        """dy/dx for each x of ``wrt``: a row for each number of y, a column for each of x."""
        several = self._values(wrt)
        self._values([y])
        return self._engine.jacobian(y._handle, [x._handle for x in several])

    def hessian(self, loss: Var, wrt: Union[Var, Sequence[Var]]) -> Array:
        """All second derivatives by the numbers of ``wrt``, in their order and row by row."""
        several = self._values(wrt)
        self._values([loss])
        return self._engine.hessian(loss._handle, [x._handle for x in several])

    # Operations, by the engine's names.

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

    # How Python's values become the engine's.

    def _array(self, values: Any) -> Array:
        if isinstance(values, (Var, Plastic)):
            raise ValueError("a value of a tape stands where numbers should; give its .value")
        return np.asarray(values, dtype=self.dtype)

    def _input(self, values: Any, variable: bool) -> Var:
        array = self._array(values)
        return Var(self, self._engine.input(array, variable), array.shape)

    def _var(self, x: Operand) -> Var:
        if isinstance(x, Var):
            _checked(self, x)
            return x
        if isinstance(x, Plastic):
            raise ValueError("a plastic matrix is no value; multiply with it, or take its .value")
        return self.constant(x)

    def _values(self, given: Any) -> list[Var]:
        """Values of this tape, one or several."""
        several = list(given) if isinstance(given, (list, tuple)) else [given]
        for x in several:
            if not isinstance(x, Var):
                kind = type(x).__name__
                raise ValueError(f"derivatives are of and by values of a tape, got {kind}")
            _checked(self, x)
        return several

    def _product(self, w: Plastic, y: Operand, transposed: bool) -> Var:
        _checked(self, w)
        var = self._var(y)
        return self._wrap(self._engine.matvec(w._matrix, var._handle, transposed), [])

    def _apply(
        self,
        name: str,
        inputs: Sequence[Operand],
        numbers: Sequence[float] = (),
        counts: Sequence[int] = (),
    ) -> Var:
        operands = [self._var(x) for x in inputs]
        if any(count < 0 for count in counts):
            raise ValueError(f"{name}: rows and columns are counted from 0, got {list(counts)}")
        handles = [x._handle for x in operands]
        return self._wrap(self._engine.apply(name, handles, numbers, counts), operands)

    def _wrap(self, handle: _native.Handle, like: Sequence[Var]) -> Var:
        """A result, in NumPy's shape of an operand of the same rows and columns."""
        for x in like:
            if x._handle.shape == handle.shape:
                return Var(self, handle, x.shape)
        rows, cols = handle.shape
        shape = (rows, cols) if rows > 1 else (cols,) if cols > 1 else ()
        return Var(self, handle, shape)

    def _entrywise(self, name: str, a: Operand, b: Operand) -> Var:
        """An operation entry by entry, of a scalar with every entry too."""
        x, y = self._var(a), self._var(b)
        if x._handle.shape != y._handle.shape:
            if name == "mul" and 1 in (x._size(), y._size()):
                return self.scale(x, y) if x._size() == 1 else self.scale(y, x)
            if x._size() == 1:
                x = self.fill(x, *y._handle.shape)
            elif y._size() == 1:
                y = self.fill(y, *x._handle.shape)
        # The shape of whichever is no scalar.
        first, second = (y, x) if x.shape == () else (x, y)
        handle = self._engine.apply(name, [x._handle, y._handle], [], [])
        return self._wrap(handle, [first, second])
