"""Settings as keyword arguments, turned into the text that the command reads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np


def text(value: Any) -> str:
    """A value as it would be typed behind ``key=``."""
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple, np.ndarray)):
        # As TOML has lists.
        parts = (json.dumps(part) if isinstance(part, str) else text(part) for part in value)
        return f"[{', '.join(parts)}]"
    return repr(value) if isinstance(value, float) else str(value)


def numbers(name: str, values: Optional[Any]) -> Optional[list[float]]:
    """A list of numbers, or none.

    Raises ValueError if it is something else.
    """
    if values is None:
        return None
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ValueError(f"{name}: should be a list of numbers, got {values!r}")
    listed: list[float] = array.tolist()
    return listed


def pairs(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys and texts; None stands for the default, ``lambda_`` for ``lambda``."""
    return [
        (key[:-1] if key.endswith("_") else key, text(value))
        for key, value in settings.items()
        if value is not None
    ]
