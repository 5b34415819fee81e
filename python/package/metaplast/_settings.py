"""Settings as keyword arguments, turned into the text that the command reads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np


def text(value: Any) -> str:
    """A value as it would be typed behind ``key=``."""
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        # As many trials as 2.0 are two.
        value = int(value)
    if isinstance(value, (list, tuple, np.ndarray)):
        # As TOML has lists.
        parts = (json.dumps(part) if isinstance(part, str) else text(part) for part in value)
        return f"[{', '.join(parts)}]"
    return repr(value) if isinstance(value, float) else str(value)


def whole(name: str, value: Any, least: int = 1) -> int:
    """A whole number, also one of NumPy's or a float that is one.

    Raises ValueError if it is none, or below ``least``.
    """
    number = None if isinstance(value, (bool, str)) else value
    try:
        exact = int(number)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        exact = least - 1
    if exact < least or exact != value or exact >= 2**63:
        raise ValueError(f"{name}: {value!r} is not a whole number of at least {least}")
    return exact


def perhaps(name: str, value: Optional[Any], least: int = 1) -> Optional[int]:
    """As ``whole``; None stays None."""
    return None if value is None else whole(name, value, least)


def path(name: str, value: Any) -> Path:
    """A path, or ValueError."""
    if isinstance(value, (str, os.PathLike)):
        return Path(value)
    raise ValueError(f"{name}: should be a path, got {value!r}")


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
    if array.ndim != 1 or not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: should be a list of finite numbers, got {values!r}")
    listed: list[float] = array.tolist()
    return listed


def pairs(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys and texts; None stands for the default, ``lambda_`` for ``lambda``."""
    return [
        (key[:-1] if key.endswith("_") else key, text(value))
        for key, value in settings.items()
        if value is not None
    ]
