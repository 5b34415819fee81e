"""The command to compare with, and golden cases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def command() -> str:
    """The command, from METAPLAST_COMMAND; tests that compare with it are left out without."""
    path = os.environ.get("METAPLAST_COMMAND")
    if path is None:
        pytest.skip("METAPLAST_COMMAND names no metaplast to compare with")
    return path


@pytest.fixture
def golden() -> Path:
    """Episodes computed by an independent program in JAX."""
    return Path(__file__).resolve().parents[2] / "tests" / "golden"
