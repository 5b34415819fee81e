"""Values on a tape, and matrices on it that change in place."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
import numpy.typing as npt

from metaplast import _native

if TYPE_CHECKING:
    from metaplast._tape import Tape

Array = npt.NDArray[Any]

#: The operations that NumPy's functions are.
UFUNCS = {
    np.negative: "neg",
    np.absolute: "abs",
    np.sign: "sign",
    np.square: "square",
    np.sqrt: "sqrt",
    np.reciprocal: "recip",
    np.exp: "exp",
    np.expm1: "exp_m1",
    np.log: "ln",
    np.log1p: "ln_1p",
    np.sin: "sin",
    np.cos: "cos",
    np.tanh: "tanh",
    np.add: "add",
    np.subtract: "sub",
    np.multiply: "mul",
    np.true_divide: "div",
    np.maximum: "max",
    np.minimum: "min",
    np.matmul: "matmul",
}


class Var:
    """A value on a tape: a scalar, a vector, or a matrix whose rows are a batch of vectors.

    ``+``, ``-``, ``*``, ``/`` work entry by entry, with a scalar or a number on either side
    too, and but for ``/`` a vector with every row of a matrix; ``**`` takes a whole number, ``@`` multiplies as NumPy does, ``x[i]`` and ``x[i:j]``
    take rows of a matrix or numbers of a vector, and NumPy's functions that the tape has, such
    as ``np.tanh(x)``, are recorded.
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

    def __bool__(self) -> bool:
        return bool(self.value)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar has no length")
        return self.shape[0]

    def __getitem__(self, place: Union[int, slice]) -> Var:
        rows = len(self.shape) == 2
        cut = self.tape.slice_rows if rows else self.tape.slice_cols
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            if step != 1 or stop <= start:
                raise ValueError(f"{place}: should be some in a row, as in x[2:5]")
            return cut(self, start, stop)._reshaped((stop - start, *self.shape[1:]))
        place = operator.index(place)
        if not -len(self) <= place < len(self):
            raise IndexError(f"{place} is not below {len(self)}")
        return cut(self, place % len(self), place % len(self) + 1)._reshaped(self.shape[1:])

    def _reshaped(self, shape: tuple[int, ...]) -> Var:
        """The same rows and columns, in NumPy's shape of them."""
        return Var(self.tape, self._handle, shape)

    def __repr__(self) -> str:
        return f"Var({np.array2string(self.value, threshold=20)})"

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = UFUNCS.get(ufunc)
        if name is None or method != "__call__" or options:
            return NotImplemented
        if name == "matmul":
            return self.tape._times(*inputs)
        if len(inputs) == 2:
            return self.tape._entrywise(name, *inputs)
        return self.tape._apply(name, inputs)

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
        return self.tape._times(self, other)

    def __rmatmul__(self, other: Operand) -> Var:
        return self.tape._times(other, self)

    def __abs__(self) -> Var:
        return self.tape.abs(self)


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

    # NumPy's functions take no matrix that changes.
    __array_ufunc__ = None


Operand = Union[Var, npt.ArrayLike]
