"""Tests of rules with frozen coefficients."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

from metaplast import _native
from metaplast._data import Data, one_set
from metaplast._progress import Bar, Progress
from metaplast._rules import Rule, given
from metaplast._run import Run
from metaplast._settings import numbers, pairs, path, whole


@dataclass(frozen=True)
class Spread:
    """A mean over trials with its 98 % interval, None if there is but one trial."""

    mean: float
    lower: Optional[float]
    upper: Optional[float]
    trials: int

    def __str__(self) -> str:
        if self.lower is None or self.upper is None:
            return f"{self.mean:.4f}"
        return f"{self.mean:.4f} [{self.lower:.4f}, {self.upper:.4f}]"


@dataclass(frozen=True)
class OnData:
    """What a test came to on one data set."""

    #: The data set's name.
    data: str
    #: Whether it was drawn by a program.
    synthetic: bool
    #: The share of query images classified right; a diverged task counts as a guess.
    accuracy: Spread
    #: Of the tasks that did not diverge.
    cross_entropy: Optional[Spread]
    diverged_tasks: int


@dataclass(frozen=True)
class Tested:
    """What a test came to."""

    rule: str
    #: What the columns of ``theta`` are of.
    terms: list[str]
    #: The coefficients, trials × terms.
    theta: npt.NDArray[np.float64]
    #: Fresh tasks of each trial.
    tasks_a_trial: int
    #: One entry a data set.
    data: list[OnData]

    def __repr__(self) -> str:
        head = f"{self.rule}, frozen, {self.tasks_a_trial} fresh tasks a trial"
        return "\n  ".join([head, *(f"{on.data}: accuracy {on.accuracy}" for on in self.data)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(on.data)}</td><td>{on.accuracy}</td>"
            f"<td>{on.cross_entropy or ''}</td><td>{on.diverged_tasks}</td></tr>"
            for on in self.data
        )
        return (
            f"<table><caption>{html.escape(self.rule)}, frozen, {self.tasks_a_trial} fresh tasks "
            "a trial</caption><tr><th>data</th><th>accuracy</th><th>cross-entropy</th>"
            f"<th>diverged</th></tr>{rows}</table>"
        )


def test(
    rule: Union[str, os.PathLike[str], Rule, Run],
    theta: Optional[Sequence[float]] = None,
    data: Optional[Union[Data, list[Union[str, os.PathLike[str]]]]] = None,
    trials: Optional[int] = None,
    fresh: int = 20,
    *,
    progress: Progress = None,
    **settings: Any,
) -> Tested:
    """Try a rule, its coefficients frozen, on fresh tasks, as ``metaplast test`` does.

    ``rule``: what ``train`` takes, or a ``Run`` or its directory, which brings its settings
    and the coefficients that each of its trials arrived at. ``theta``: other coefficients, one
    for each term. ``data``: a name or path, a list of them, or ``(images, labels)``; by default
    the run's own. Each trial learns ``fresh`` tasks that no training has seen.
    """
    what = os.fspath(rule.directory) if isinstance(rule, Run) else given(rule)
    tried: Any
    if isinstance(data, (list, tuple)) and all(isinstance(x, (str, os.PathLike)) for x in data):
        tried = [str(path("data", name)) for name in data]
    else:
        given_set = one_set(data)
        alone = given_set is None or isinstance(given_set, str)
        tried = ([] if given_set is None else [given_set]) if alone else given_set
    fresh = whole("fresh", fresh)
    asked = pairs(dict(trials=trials, **settings))
    coefficients = numbers("theta", theta)
    with Bar("trial", progress) as tell:
        said = json.loads(_native.test(what, coefficients, tried, fresh, asked, tell))

    def spread(given: Optional[dict[str, Any]]) -> Optional[Spread]:
        return None if given is None else Spread(**given)

    sets = [
        OnData(
            data=on["data"],
            synthetic=on["synthetic"],
            accuracy=Spread(**on["accuracy"]),
            cross_entropy=spread(on["cross_entropy"]),
            diverged_tasks=on["diverged_tasks"],
        )
        for on in said["data"]
    ]
    return Tested(
        rule=said["rule"],
        terms=said["terms"],
        theta=np.array(said["theta"]),
        tasks_a_trial=said["tasks_a_trial"],
        data=sets,
    )
