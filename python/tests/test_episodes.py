"""Episodes from explicit inputs, against an independent program in JAX."""

from __future__ import annotations

import json

import numpy as np
import pytest

import metaplast
from common import command_line

NUMBERS = ["meta_loss", "query_cross_entropy", "accuracy", "gradient", "orthonormality"]


def test_golden_cases_come_out_as_jax_computed_them(golden):
    files = sorted(golden.glob("*.json"))
    assert files
    for path in files:
        case = json.loads(path.read_text())
        if "expect" not in case:
            continue
        by_path = metaplast.episode(path)
        # Matrices as arrays are the same case.
        case["W"] = [np.array(w) for w in case["W"]]
        by_dict = metaplast.episode(case)
        assert by_path == by_dict
        for key in NUMBERS:
            # Float64 on both sides; sums in another order.
            np.testing.assert_allclose(by_dict[key], case["expect"][key], rtol=1e-7, atol=1e-10)


def test_an_episode_is_what_the_command_prints(golden, command):
    path = golden / "bio.json"
    for precision in ("f64", "f32"):
        told = command_line(command, "episode", str(path), "--precision", precision)
        assert json.loads(told.stdout) == metaplast.episode(path, precision=precision)


def test_what_is_wrong_with_a_case_names_the_field(golden, tmp_path):
    case = json.loads((golden / "bio.json").read_text())
    for field, value, wanted in [
        ("theta", [0.0], "theta: needs"),
        ("lambda", float("nan"), "lambda: holds a number that is not finite"),
        ("W", [np.zeros((2, 2))], "W"),
        ("feedback", "none", "feedback: 'none' is not one of"),
        ("sizes", object(), "sizes: "),
    ]:
        with pytest.raises(ValueError, match=wanted):
            metaplast.episode({**case, field: value})
    with pytest.raises(ValueError, match="precision: 'f16'"):
        metaplast.episode(case, precision="f16")
    with pytest.raises(ValueError, match="missing.json"):
        metaplast.episode(tmp_path / "missing.json")
