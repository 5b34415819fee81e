"""Rule cards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from metaplast import _native
from metaplast._progress import Bar, Progress
from metaplast._run import Run
from metaplast._settings import path, perhaps, whole


@dataclass(frozen=True)
class Card:
    """One page about the rule of a run."""

    #: The page, card.html, which opens offline.
    page: Path
    #: The same as Markdown, card.md.
    markdown: Path

    def __str__(self) -> str:
        return self.markdown.read_text(encoding="utf-8")

    def _repr_markdown_(self) -> str:
        return str(self)


def card(
    run: Union[Run, str, os.PathLike[str]],
    data: Union[str, os.PathLike[str], Sequence[Union[str, os.PathLike[str]]]] = (),
    trials: Optional[int] = None,
    fresh: int = 20,
    out: Optional[Union[str, os.PathLike[str]]] = None,
    *,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> Card:
    """Write one page about the rule of a finished run, as ``metaplast card`` does.

    What the rule says, what it came to, what each term is worth, and how it does on fresh
    tasks: of the run's own data and of ``data``, one or several names or paths, by default all
    that are found. ``trials`` of each test (by default the run's) learn ``fresh`` tasks.
    ``out`` is the folder of card.html and card.md, by default the run's.

    Raises ValueError for a run that is not finished or was changed, or whose data are not
    found by name.
    """
    directory = run.directory if isinstance(run, Run) else path("run", run)
    names = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    size = (perhaps("trials", trials), whole("fresh", fresh), perhaps("threads", threads))
    where = None if out is None else path("out", out)
    with Bar("trial", progress) as tell:
        page, text = _native.card(
            directory, [str(path("data", name)) for name in names], size, where, tell
        )
    return Card(page, text)
