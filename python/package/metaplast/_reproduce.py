"""The paper, re-run."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from metaplast import _native
from metaplast._progress import Bar, Progress
from metaplast._settings import pairs, path, perhaps, whole


@dataclass(frozen=True)
class Check:
    """What a claim is judged by."""

    check: str
    #: How it stands: met, not met, undecided, or not judged.
    met: str
    #: The mean over trials, and its 98 % interval.
    mean: Optional[float]
    lower: Optional[float]
    upper: Optional[float]
    trials: int
    wanted: str


@dataclass(frozen=True)
class Verdict:
    """What came of one of the paper's claims."""

    #: C1 to C16.
    claim: str
    figure: str
    #: held, not held, undecided, or not tested.
    outcome: str
    note: str
    checks: list[Check]


@dataclass(frozen=True)
class Reproduction:
    """Figures and verdicts, and where they stand."""

    #: Runs, figures (NAME.svg, NAME.csv), verdicts.csv and the report.
    directory: Path
    #: The page with all of it.
    report: Path
    data: str
    seed: int
    trials: int
    #: In what the runs differ from the paper's.
    differs_from_the_paper: list[str]
    #: One a claim.
    verdicts: list[Verdict]

    def __repr__(self) -> str:
        head = f"Reproduction on {self.data}, {self.trials} trials, in {self.directory}"
        looked_at = [verdict for verdict in self.verdicts if verdict.checks]
        return "\n  ".join([head, *(f"{v.claim:<4}{v.outcome:<11} {v.figure}" for v in looked_at)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{v.claim}</td><td>{html.escape(v.figure)}</td><td>{v.outcome}</td></tr>"
            for v in self.verdicts
        )
        return (
            f"<table><caption>{html.escape(self.data)}, {self.trials} trials</caption>"
            f"<tr><th>claim</th><th>figure</th><th>outcome</th></tr>{rows}</table>"
        )


def reproduce(
    figures: Union[str, Sequence[str]],
    data: Optional[Union[str, os.PathLike[str]]] = None,
    trials: Optional[int] = None,
    episodes: Optional[int] = None,
    quick: bool = False,
    seed: int = 0,
    out: Optional[Union[str, os.PathLike[str]]] = None,
    *,
    threads: Optional[int] = None,
    progress: Progress = None,
    **settings: Any,
) -> Reproduction:
    """Re-run the paper, draw its figures and judge its claims, as ``metaplast reproduce`` does.

    ``figures``: one or several of fig1, fig3, fig4, fig5, fig7, fig8, table1, figs1, figs2,
    figs5, gains, transfer, or ``all``. By default on emnist-balanced where it is found, with
    the paper's trials and episodes; ``quick`` is a first look of 4 trials of 60 episodes.
    ``settings`` hold for every run, as ``optimiser="adam"`` does. Called again with the same
    ``out`` it goes on where it was stopped.
    """
    several = [figures] if isinstance(figures, str) else figures
    if not isinstance(several, Sequence) or not all(isinstance(name, str) for name in several):
        raise ValueError(f"figures: should be a name or a list of names, got {figures!r}")
    size = (
        perhaps("trials", trials),
        perhaps("episodes", episodes),
        whole("seed", seed, 0),
        perhaps("threads", threads),
    )
    with Bar(None, progress) as tell:
        directory, said = _native.reproduce(
            list(several),
            None if data is None else str(path("data", data)),
            quick,
            size,
            None if out is None else path("out", out),
            pairs(settings),
            tell,
        )
    parsed = json.loads(said)
    verdicts = [
        Verdict(**{**verdict, "checks": [Check(**check) for check in verdict["checks"]]})
        for verdict in parsed.pop("verdicts")
    ]
    report = Path(parsed.pop("report"))
    return Reproduction(directory=directory, report=report, verdicts=verdicts, **parsed)
