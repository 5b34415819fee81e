"""One episode from explicit inputs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np

from metaplast import _native


def _plain(value: Any) -> Any:
    """NumPy's values as JSON has them."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a number, a text, a list or an array")


def _json(case: Mapping[str, Any]) -> str:
    fields = []
    for key, value in case.items():
        try:
            text = json.dumps(value, default=_plain, allow_nan=False)
        except ValueError:
            raise ValueError(f"{key}: holds a number that is not finite") from None
        except TypeError as error:
            raise ValueError(f"{key}: {error}") from None
        fields.append(f"{json.dumps(key)}: {text}")
    return "{" + ", ".join(fields) + "}"


def episode(
    case: Union[Mapping[str, Any], str, os.PathLike[str]], precision: str = "f64"
) -> dict[str, Any]:
    """Run one episode from explicit inputs: learn from ``train``, score on ``query``.

    ``case`` is a case file's path, or a dict of its keys, whose matrices may be NumPy arrays:
    ``sizes``, ``activation``, ``feedback``, ``lambda``, ``terms``, ``theta``, ``W`` and ``B``
    (one matrix a layer, row = post-synaptic unit), ``train`` and ``query`` (``x`` and
    ``label``), and what else ``metaplast episode --help`` lists. ``precision`` is ``f64`` or
    ``f32``.

    Returns what the command prints: ``meta_loss``, ``query_cross_entropy``, ``accuracy``,
    ``gradient`` (of the meta-loss by ``theta``), ``W`` after learning, ``orthonormality`` and,
    for feedback of its own, ``angles_deg``.

    Raises ValueError naming the field that is wrong.
    """
    if isinstance(case, Mapping):
        result = _native.episode(_json(case), precision)
    elif isinstance(case, (str, os.PathLike)):
        result = _native.episode_of_file(Path(case), precision)
    else:
        raise ValueError(f"case: should be a dict or the path of a case file, got {case!r}")
    parsed: dict[str, Any] = json.loads(result)
    return parsed
