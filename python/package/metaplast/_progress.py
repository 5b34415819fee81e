"""How far long work is: tqdm's bar, and lines in the log."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any, Callable, Optional

log = logging.getLogger("metaplast")

#: Shown: True, False, or None for "where somebody is looking".
Progress = Optional[bool]


def _somebody_looks() -> bool:
    """Whether standard error is a terminal, or this is a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel") or sys.stderr.isatty()


class Bar:
    """A bar while it is entered, which gives what the library is to call.

    It counts ``unit``s; without one, work of unlike pieces, of which it tells the share.
    """

    def __init__(self, unit: Optional[str], progress: Progress) -> None:
        self._unit = unit
        self._shown = _somebody_looks() if progress is None else progress
        self._bar: Optional[Any] = None

    def __enter__(self) -> Callable[[int, int, list[str]], None]:
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _tell(self, done: int, total: int, lines: list[str]) -> None:
        for line in lines:
            log.info(line)
        if not self._shown:
            return
        if self._bar is None:
            # Here, so that a program that shows no bar does not pay for it.
            with warnings.catch_warnings():
                # That ipywidgets is missing, for which tqdm has a bar of text.
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm

                form: dict[str, Any] = {"bar_format": "{l_bar}{bar}| {elapsed}<{remaining}"}
                counted: dict[str, Any] = form if self._unit is None else {"unit": self._unit}
                if self._unit == "B":
                    counted.update(unit_scale=True)
                self._bar = tqdm(total=total, initial=done, **counted)
        if self._bar.total != total:
            # Work of several parts, as files one after the other.
            self._bar.reset(total)
        self._bar.update(done - self._bar.n)
