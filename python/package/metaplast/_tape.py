"""The differentiation engine: a tape, and derivatives of what is recorded on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union, overload

import numpy as np
import numpy.typing as npt

from metaplast import _native
from metaplast._operations import Operations
from metaplast._settings import whole
from metaplast._values import Array, Operand, Plastic, Var


def _checked(tape: Tape, thing: Union[Var, Plastic]) -> None:
    if thing.tape is not tape:
        raise ValueError("this value belongs to another tape")


def _plastic(tape: Tape, thing: Any) -> None:
    if not isinstance(thing, Plastic):
        raise ValueError(f"a plastic matrix is needed, got {type(thing).__name__}")
    _checked(tape, thing)


class Tape(Operations):
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
        _plastic(self, w)
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

    # How Python's values become the engine's.

    def _array(self, values: Any) -> Array:
        if isinstance(values, (Var, Plastic)):
            raise ValueError("a value of a tape stands where numbers should; give its .value")
        try:
            array = np.asarray(values)
        except ValueError:
            raise ValueError("lists of unlike lengths are no array") from None
        # NumPy would make a number of None and of a text.
        if array.dtype.kind not in "biuf":
            raise ValueError(f"numbers are needed, got {values!r}")
        return array.astype(self.dtype, copy=False)

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
        _plastic(self, w)
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
        counts = [whole(name, count, 0) for count in counts]
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
            elif name in ("add", "sub", "mul"):
                along = self._along(name, x, y)
                if along is not None:
                    return along
        # The shape of whichever is no scalar.
        first, second = (y, x) if x.shape == () else (x, y)
        handle = self._engine.apply(name, [x._handle, y._handle], [], [])
        return self._wrap(handle, [first, second])

    def _along(self, name: str, x: Var, y: Var) -> Optional[Var]:
        """A vector with every row of a matrix, or a column with every column."""
        if name == "sub":
            return self._along("add", x, self.neg(y))
        small, large = (x, y) if x._size() < y._size() else (y, x)
        rows, cols = large._handle.shape
        kind = {(1, cols): "col", (rows, 1): "row"}.get(small._handle.shape)
        if kind is None:
            return None
        return self._apply(f"{kind}_{'add' if name == 'add' else 'scale'}", [small, large])

    def _times(self, a: Operand, b: Operand) -> Var:
        """a @ b, where a vector is a row on the left and a column on the right."""
        x, y = self._var(a), self._var(b)
        if len(y.shape) == 1:
            return self.dot(x, y) if len(x.shape) == 1 else self._column(x, y)
        product = self.matmul(x, y)
        return product._reshaped((y.shape[1],)) if len(x.shape) == 1 else product

    def _column(self, a: Var, x: Var) -> Var:
        """A x of a matrix A."""
        return self.matmul_nt(x, a)._reshaped(a.shape[:1])
