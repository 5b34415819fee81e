"""The engine: derivatives against mathematics, and mistakes as exceptions."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

import metaplast
from metaplast import Tape


def inner_loop(tape, rate, steps=3):
    """Gradient descent on ½|W x|² from a fixed W, and the loss after it."""
    w = tape.plastic([[0.5, -0.2], [0.1, 0.3]])
    x = tape.constant([0.7, -1.1])
    for _ in range(steps):
        tape.update(w, [(-rate, w @ x, x)])
    after = w @ x
    return tape.dot(after, after) * 0.5


def by_hand(rate, steps=3):
    w, x = np.array([[0.5, -0.2], [0.1, 0.3]]), np.array([0.7, -1.1])
    for _ in range(steps):
        w = w - rate * np.outer(w @ x, x)
    return 0.5 * np.sum((w @ x) ** 2)


def test_gradients_are_those_of_calculus():
    tape = Tape()
    x = tape.variable([0.5, -1.0])
    a = tape.variable(2.0)
    y = tape.sum(tape.tanh(x)) * a + 1
    assert float(y) == pytest.approx(2 * np.tanh([0.5, -1.0]).sum() + 1)
    slope, by_a = tape.gradient(y, [x, a])
    np.testing.assert_allclose(slope, 2 * (1 - np.tanh([0.5, -1.0]) ** 2), rtol=1e-14)
    assert by_a.shape == () and by_a == pytest.approx(np.tanh([0.5, -1.0]).sum())


def test_a_loop_of_updates_is_differentiated_to_second_order():
    tape = Tape()
    rate = tape.variable(0.05)
    loss = inner_loop(tape, rate)
    assert float(loss) == pytest.approx(by_hand(0.05), rel=1e-14)
    step = 1e-4
    first = (by_hand(0.05 + step) - by_hand(0.05 - step)) / (2 * step)
    second = (by_hand(0.05 + step) - 2 * by_hand(0.05) + by_hand(0.05 - step)) / step**2
    # The error of central differences is of the order of step².
    assert tape.gradient(loss, rate) == pytest.approx(first, rel=1e-6)
    assert tape.hessian_vector(loss, rate, 1.0) == pytest.approx(second, rel=1e-5)
    assert tape.hessian(loss, rate)[0, 0] == pytest.approx(second, rel=1e-5)
    assert tape.tangent([loss], [(rate, 1.0)])[0] == pytest.approx(first, rel=1e-6)
    slope = tape.gradient_taped(loss, rate)
    assert tape.gradient(slope, rate) == pytest.approx(second, rel=1e-5)
    for way in ("undo", "replay"):
        assert tape.gradient(loss, rate, rewind=way) == pytest.approx(first, rel=1e-6)


def test_a_plastic_matrix_has_a_derivative_by_its_start():
    tape = Tape()
    w = tape.plastic([[1.0, 2.0]])
    x = tape.variable([3.0, 4.0])
    z = w @ x
    by_x, by_w = tape.gradient(z, [x, w])
    assert by_x.tolist() == [1, 2] and by_w.tolist() == [[3, 4]]
    start = tape.variable([[1.0, 2.0]])
    assert tape.gradient(tape.plastic(start) @ [3.0, 4.0], start).tolist() == [[3, 4]]
    tape.update(w, [([10.0], [1.0, 2.0])], scale=0.5)
    assert w.value.tolist() == [[10.5, 21.0]]
    assert tape.matvec_t(w, [2.0]).value.tolist() == [21.0, 42.0]


OPERATIONS = {
    "neg": lambda x: -x,
    "abs": np.abs,
    "sign": np.sign,
    "relu": lambda x: np.maximum(x, 0),
    "square": np.square,
    "sqrt": np.sqrt,
    "recip": lambda x: 1 / x,
    "exp": np.exp,
    "exp_m1": np.expm1,
    "ln": np.log,
    "ln_1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)),
    "stop_gradient": lambda x: x,
    "transpose": np.transpose,
    "sum": np.sum,
    "mean": np.mean,
}
PAIRS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "greater": lambda a, b: (a > b).astype(float),
    "dot": lambda a, b: (a * b).sum(),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_operation_has_the_value_of_numpy(dtype):
    x = np.array([[0.3, 1.2, 0.7], [2.1, 0.4, 0.9]])
    y = x[:, ::-1] + 0.05
    tape = Tape(dtype)
    tolerance = dict(rtol=1e-14 if dtype == "float64" else 1e-5)
    for name, of in OPERATIONS.items():
        value = getattr(tape, name)(x).value
        assert value.dtype == dtype
        np.testing.assert_allclose(value, of(x), **tolerance)
    for name, of in PAIRS.items():
        np.testing.assert_allclose(getattr(tape, name)(x, y).value, of(x, y), **tolerance)
    for value, wanted in [
        (tape.softplus(x, 10), np.log1p(np.exp(10 * x)) / 10),
        (tape.affine(x, 2, 3), 2 * x + 3),
        (tape.clamp(x, 0.5, 1), np.clip(x, 0.5, 1)),
        (tape.powi(x, -2), x**-2.0),
        (tape.select([[1, 0, 1], [0, 1, 0]], x, y), np.where([[1, 0, 1], [0, 1, 0]], x, y)),
        (tape.scale(2, x), 2 * x),
        (tape.reshape(x, 3, 2), x.reshape(3, 2)),
        (tape.fill(2, 2, 2), np.full((2, 2), 2)),
        (tape.matmul(x, y.T), x @ y.T),
        (tape.outer(x[0], y[0]), np.outer(x[0], y[0])),
        (tape.slice_rows(x, 1, 2), x[1]),
        (tape.slice_cols(x, 0, 2), x[:, :2]),
        (tape.concat_rows([x, y, x]), np.vstack([x, y, x])),
        (tape.concat_cols([x, y]), np.hstack([x, y])),
        (tape.gather_rows(x, [1, 1, 0]), x[[1, 1, 0]]),
        (tape.cross_entropy(x[0], [0, 1, 0]), np.log(np.exp(x[0]).sum()) - x[0, 1]),
    ]:
        np.testing.assert_allclose(value.value, wanted, **tolerance)


def test_operators_work_with_numbers_arrays_and_scalars_on_both_sides():
    tape = Tape()
    x, s = tape.variable([1.0, 2.0]), tape.variable(4.0)
    for value, wanted in [
        (2 * x + 1, [3, 5]),
        (1 - x, [0, -1]),
        (np.array([3.0, 4.0]) - x, [2, 2]),
        (x / s, [0.25, 0.5]),
        (s / x, [4, 2]),
        (x + s, [5, 6]),
        (s - x, [3, 2]),
        (x**2, [1, 4]),
        (-x, [-1, -2]),
        (np.float64(3.0) * x, [3, 6]),
    ]:
        assert value.value.tolist() == wanted and value.shape == (2,)
    assert np.asarray(x).tolist() == [1, 2] and "1." in repr(x)
    # A vector of one number stays a vector.
    one = tape.variable([0.5])
    assert (one * 2).shape == (1,) and tape.gradient(tape.sum(one), one).shape == (1,)


def test_numpys_functions_products_and_places_are_recorded():
    m, v = np.array([[0.3, 1.2, 0.7], [2.1, 0.4, 0.9]]), np.array([0.5, -1.0, 2.0])
    tape = Tape()
    a, x = tape.variable(m), tape.variable(v)
    for value, wanted in [
        (np.tanh(x), np.tanh(v)),
        (np.exp(x) * 2, np.exp(v) * 2),
        (np.multiply(v, x), v * v),
        (np.maximum(x, 0.0), np.maximum(v, 0)),
        (abs(x), abs(v)),
        (a @ x, m @ v),
        (m @ x, m @ v),
        (a @ v, m @ v),
        (x @ x, v @ v),
        (x @ m.T, v @ m.T),
        (a @ m.T, m @ m.T),
        (np.matmul(m, x), m @ v),
        (a + x, m + v),
        (x - a, v - m),
        (a * v, m * v),
        (a - [[1.0], [2.0]], m - [[1.0], [2.0]]),
        (a * [[1.0], [2.0]], m * [[1.0], [2.0]]),
        (x[1], v[1]),
        (x[-1], v[-1]),
        (x[1:], v[1:]),
        (a[1], m[1]),
        (a[0:1], m[0:1]),
        (a[1][2], m[1][2]),
        (tape.row_sum(a), m.sum(1, keepdims=True)),
        (tape.col_mean(a), m.mean(0)),
        (tape.matmul_nt(a, m), m @ m.T),
        (tape.matmul_tn(a, m), m.T @ m),
        (tape.keep([[1, 0, 1], [0, 1, 0]], a), np.where([[1, 0, 1], [0, 1, 0]], m, 0)),
    ]:
        assert value.shape == np.shape(wanted)
        np.testing.assert_allclose(value.value, wanted, rtol=1e-14)
    assert len(a) == 2 and [float(part) for part in x] == v.tolist()
    assert tape.gradient(tape.sum(m @ x), x).tolist() == pytest.approx(m.sum(0).tolist())
    assert bool(tape.constant(0.0)) is False
    for mistake in (lambda: bool(x), lambda: x[3], lambda: np.arctan(x), lambda: np.add.reduce(x)):
        with pytest.raises((ValueError, IndexError, TypeError)):
            mistake()


def test_a_tape_that_another_thread_works_on_says_so():
    tape = Tape()
    rate = tape.variable(1e-3)
    w, x = tape.plastic(np.full((300, 300), 1e-3)), tape.constant(np.ones(300))
    for _ in range(200):
        tape.update(w, [(-rate, w @ x, x)])
    loss = tape.dot(w @ x, w @ x)
    wanted, told = tape.gradient(loss, rate), []

    def go():
        try:
            assert tape.gradient(loss, rate) == wanted
        except RuntimeError as error:
            told.append(str(error))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever came in time has the gradient, and who did not the reason.
    assert len(told) < 4 and all("one at a time" in line for line in told)


def test_jacobians_and_derivatives_along_directions():
    tape = Tape()
    x = tape.variable([1.0, 2.0])
    y = tape.square(x)
    assert tape.jacobian(y, x)[0].tolist() == [[2, 0], [0, 4]]
    (tangent,) = tape.tangent([y], [(x, [1.0, 10.0])])
    assert tangent.tolist() == [2, 40]
    assert tape.hessian_vector(tape.sum(y), [x], [[1.0, 10.0]])[0].tolist() == [2, 20]


def test_whatever_is_wrong_raises_value_error_and_leaves_the_tape_usable(capfd):
    tape, other = Tape(), Tape()
    x, w = tape.variable([1.0, 2.0]), tape.plastic([[1.0, 2.0]])
    fixed = tape.fixed([[1.0, 2.0]])
    foreign, strange = other.variable([1.0, 2.0]), other.plastic([[1.0, 2.0]])
    loss = tape.dot(x, x)
    mistakes = [
        lambda: tape.add(x, [1.0, 2.0, 3.0]),
        lambda: x + tape.variable([1.0, 2.0, 3.0]),
        lambda: tape.add(x, foreign),
        lambda: tape.matvec(strange, x),
        lambda: tape.matvec(w, [1.0]),
        lambda: tape.matvec_t(w, [1.0, 2.0]),
        lambda: tape.update(w, [([1.0, 2.0], x)]),
        lambda: tape.update(w, [(x,)]),
        lambda: tape.update(w, [(x, [1.0], x)]),
        lambda: tape.update(fixed, [([1.0], x)]),
        lambda: tape.gradient(x, x),
        lambda: tape.gradient(loss, foreign),
        lambda: tape.gradient(loss, fixed),
        lambda: tape.gradient(loss, 3.0),
        lambda: tape.gradient(loss, x, rewind="back"),
        lambda: tape.hessian_vector(loss, x, [1.0]),
        lambda: tape.hessian_vector(loss, [x], []),
        lambda: tape.tangent([loss], [(loss, 1.0)]),
        lambda: tape.tangent([loss], [(x, [1.0])]),
        lambda: tape.reshape(x, 2, 2),
        lambda: tape.slice_cols(x, 1, 5),
        lambda: tape.slice_cols(x, -1, 1),
        lambda: tape.gather_rows(x, [4]),
        lambda: tape.softplus(x, -1.0),
        lambda: tape.powi(x, 0.5),
        lambda: tape.variable(np.zeros((2, 2, 2))),
        lambda: tape.variable([]),
        lambda: tape.variable(x),
        lambda: tape.variable("x"),
        lambda: tape.variable([1j]),
        lambda: tape.variable([[1.0, 2.0], [3.0]]),
        lambda: x + None,
        lambda: tape.update(x, [(x, x)]),
        lambda: tape.gather_rows(x, [0.5]),
        lambda: tape.slice_cols(x, None, 1),
        lambda: x[0:2:2],
        lambda: x @ [1.0, 2.0, 3.0],
        lambda: tape.plastic(np.zeros((0, 2))),
        lambda: Tape("float16"),
    ]
    for i, mistake in enumerate(mistakes):
        with pytest.raises(ValueError):
            mistake()
            pytest.fail(f"mistake {i} was none")
        assert tape.gradient(loss, x).tolist() == [2, 4], i
    tape.clear()
    for void in (lambda: x.value, lambda: w.value, lambda: tape.dot(x, x)):
        with pytest.raises(ValueError, match="cleared"):
            void()
    # The engine's complaints are exceptions alone.
    assert capfd.readouterr() == ("", "")


def test_a_tape_tells_its_size_and_gives_its_memory_back():
    tape = Tape()
    x = tape.variable(np.zeros((1000, 1000)))
    assert len(tape) == 1 and tape.nbytes >= 8_000_000 and "1 values" in repr(tape)
    value = x.value
    del tape, x
    gc.collect()
    assert value[0, 0] == 0, "an array that was handed out outlives its tape"


def test_names_that_the_package_exports_are_all_there():
    for name in metaplast.__all__:
        assert getattr(metaplast, name) is not None
