"""The engine alone: gradient descent on the learning rate of gradient descent."""

from __future__ import annotations

import numpy as np

import metaplast


def loss_after(rate: float, steps: int = 10) -> tuple[float, float]:
    """The loss of a linear map after some online steps, and its derivative by the rate."""
    rng = np.random.default_rng(0)
    tape = metaplast.Tape()
    step = tape.variable(rate)
    w = tape.plastic(np.zeros((2, 3)))
    target = rng.normal(size=(2, 3))
    for _ in range(steps):
        x = tape.constant(rng.normal(size=3))
        error = w @ x - target @ x.value
        tape.update(w, [(-step, error, x)])
    rest = w @ np.eye(3) - target.T
    loss = tape.dot(rest, rest)
    return float(loss), float(tape.gradient(loss, step))


def main() -> None:
    rate = 0.01
    for _ in range(10):
        loss, slope = loss_after(rate)
        print(f"rate {rate:.4f}: loss {loss:.4f}")
        rate -= 2e-3 * slope


if __name__ == "__main__":
    main()
