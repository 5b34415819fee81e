"""How far long work is: tqdm's bar, and lines in the log."""

from __future__ import annotations

import logging
import sys
from typing import Any, Callable, Optional

log = logging.getLogger("metaplast")

#: Shown: True, False, or None for "where somebody is looking".
Progress = Optional[bool]


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _bar(unit: Optional[str], done: int, total: int) -> Any:
    # Here, so that a program that shows no bar does not pay for it.
    shown: Any
    if _in_notebook():
        from metaplast._notebook import NotebookBar

        shown = NotebookBar
        form, of_share = "{percentage:.0f}% {n_fmt}/{total_fmt}", "{percentage:.0f}%"
        times = " [{elapsed}<{remaining}, {rate_fmt}]"
    else:
        from tqdm import tqdm

        shown = tqdm
        form, of_share, times = "{l_bar}{bar}{r_bar}", "{l_bar}{bar}|", ""
    if unit is None:
        form, times = of_share, " [{elapsed}<{remaining}]"
    options = dict(total=total, initial=done, bar_format=form + times)
    return shown(unit=unit or "it", unit_scale=unit == "B", **options)


class Bar:
    """A bar while it is entered, which gives what the library is to call.

    It counts ``unit``s; without one, work of unlike pieces, of which it tells the share.
    """

    def __init__(self, unit: Optional[str], progress: Progress) -> None:
        self._unit = unit
        looked_at = _in_notebook() or sys.stderr.isatty()
        self._shown = looked_at if progress is None else progress
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
            self._bar = _bar(self._unit, done, total)
        if self._bar.total != total:
            # Work of several parts, as files one after the other.
            self._bar.reset(total)
        self._bar.update(done - self._bar.n)
