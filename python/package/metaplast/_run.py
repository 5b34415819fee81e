"""Run directories, read."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
import numpy.typing as npt

from metaplast import _native
from metaplast._data import Data, Halves, one_set, two_sets
from metaplast._progress import Bar, Progress
from metaplast._settings import path, perhaps

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure


class Run:
    """A run directory: what was asked for, and what came out.

    Made by ``train``, ``resume``, ``merge`` and ``load``. Nothing is read before it is asked
    for, and the metrics of a finished run but once.
    """

    #: The file of its records, the column that counts along a trial, and what a row is of.
    _table = "metrics.csv"
    _axis = "episode"
    _unit = "episode"

    def __init__(self, directory: Path) -> None:
        #: Where it is.
        self.directory = directory
        self._metrics: Optional[dict[str, npt.NDArray[Any]]] = None

    @property
    def config(self) -> dict[str, Any]:
        """Every setting resolved, and how the run was made under ``record``."""
        parsed: dict[str, Any] = json.loads(_native.config(self.directory))
        return parsed

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left for ``resume`` to do."""
        return (self.directory / "summary.json").is_file()

    @property
    def metrics(self) -> dict[str, npt.NDArray[Any]]:
        """The columns of metrics.csv, each an array of trials × episodes.

        ``trial`` and ``episode`` are whole numbers, ``status`` and where an episode diverged
        are words, all others float64: ``loss`` (with the penalty), ``cross_entropy``,
        ``accuracy`` (0 to 1), what is learned (``theta_…``, ``phi_…``, ``gain_…``,
        ``constant_…``), ``angle_0`` … (degrees) and ``ortho_1`` …. Of an unfinished run,
        episodes that a trial has not come to are NaN, and their words empty.
        """
        if self._metrics is not None:
            return self._metrics
        finished = self.is_finished
        trials, steps, columns = _native.columns(self.directory / self._table)
        metrics = {name: np.asarray(values).reshape(trials, steps) for name, values in columns}
        if finished:
            self._metrics = metrics
        return metrics

    @property
    def summary(self) -> dict[str, Any]:
        """Means over the last episodes, with deviations over trials: summary.json.

        Raises RuntimeError if the run is not finished.
        """
        if not self.is_finished:
            raise RuntimeError(
                f"{self.directory}: is not finished; go on with metaplast.resume"
            )
        with open(self.directory / "summary.json", encoding="utf-8") as file:
            summary: dict[str, Any] = json.load(file)
        return summary

    @property
    def theta(self) -> npt.NDArray[np.float64]:
        """What each trial arrived at, trials × coefficients.

        In the order of the columns ``theta_…``, ``phi_…``, ``gain_…`` and ``constant_…``: means
        over the last sixth of the episodes, or the outer optimiser's own estimate.
        """
        return np.array(_native.final_theta(self.directory))

    @property
    def report(self) -> Path:
        """Its page with curves, report.html."""
        return self.directory / "report.html"

    def verify(
        self,
        sample: Optional[int] = 20,
        *,
        data: Optional[Union[Data, Halves]] = None,
        progress: Progress = None,
    ) -> list[str]:
        """Hold the directory against what its run would write; return what differs.

        ``sample`` recorded episodes are run again (None: all), and must come out to the bit.
        A run that learned from arrays needs them as ``data``.
        """
        sample = perhaps("sample", sample, 0)
        given = self._data(data)
        with Bar(self._unit, progress) as tell:
            return _native.verify(self.directory, sample, given, tell)

    #: Data as the library takes them.
    _given = staticmethod(one_set)

    def _data(self, data: Optional[Any]) -> Any:
        """The data that the run learned from, as the library takes them."""
        if data is None and self.config["data"] == "arrays":
            raise ValueError(f"{self.directory}: learned from arrays; give them again as data")
        return self._given(data)

    def to_pandas(self) -> pandas.DataFrame:
        """The metrics as a DataFrame with a row an episode, indexed by trial and episode."""
        import pandas

        columns = {name: values.ravel() for name, values in self.metrics.items()}
        return pandas.DataFrame(columns).set_index(["trial", self._axis])

    def to_xarray(self) -> xarray.Dataset:
        """The metrics as a Dataset with the dimensions trial and episode."""
        import xarray

        metrics = self.metrics
        variables = {
            name: (("trial", self._axis), values)
            for name, values in metrics.items()
            if name not in ("trial", self._axis)
        }
        coordinates = {
            "trial": metrics["trial"][:, :1].ravel(),
            self._axis: metrics[self._axis][:1].ravel(),
        }
        return xarray.Dataset(variables, coordinates, {"directory": str(self.directory)})

    def plot(self, columns: Union[str, list[str], None] = None) -> Figure:
        """Curves over episodes, the mean over trials with its deviation.

        ``columns``: one or several of ``metrics``; by default the accuracy, the coefficients,
        and the angles of the layers.
        """
        from metaplast._plot import curves

        several = [columns] if isinstance(columns, str) else columns
        return curves(self.metrics, self._axis, several)

    def _lines(self) -> list[tuple[str, str]]:
        """What is most worth knowing, as names and texts."""
        try:
            config = self.config
        except ValueError as error:
            # A directory that is gone is still to be shown.
            return [("state", str(error))]
        lines = [("rule", str(config["rule"])), *self._asked(config), ("seed", str(config["seed"]))]
        if self.is_finished:
            lines += self._came_to(self.summary)
        else:
            lines.append(("state", "not finished; metaplast.resume goes on"))
        lines.append(("directory", str(self.directory)))
        return lines

    def _asked(self, config: dict[str, Any]) -> list[tuple[str, str]]:
        trials = str(config["trials"])
        if "shard" in config:
            trials = f"part {config['shard']} of {trials}"
        return [
            ("data", f"{config['data']}, {config['split']} split"),
            ("size", f"{trials} trials of {config['episodes']} episodes"),
        ]

    def _came_to(self, summary: dict[str, Any]) -> list[tuple[str, str]]:
        measures = [(name, summary[name]) for name in ("accuracy", "loss")]
        lines = [(name, spread_text(spread)) for name, spread in [*measures, *summary["theta"]]]
        if summary["diverged_episodes"]:
            lines.append(("diverged", f"{summary['diverged_episodes']} episodes"))
        return lines

    def __repr__(self) -> str:
        lines = (f"  {name:<10} {what}" for name, what in self._lines())
        return "\n".join([type(self).__name__, *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(what)}</td></tr>"
            for name, what in self._lines()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


class OnlineRun(Run):
    """The run directory of one long stream of images, learned with frozen coefficients.

    Made by ``online``, ``resume`` and ``load``. As a ``Run``, but that ``metrics`` are those of
    online.csv, trials × tests: ``images`` before a test takes the place of ``episode``, and
    there are ``cross_entropy``, ``accuracy``, ``angle_0`` … and ``ortho_1`` …. It has no page.
    """

    _table = "online.csv"
    _axis = "images"
    _unit = "test"

    @property
    def theta(self) -> npt.NDArray[np.float64]:
        """The coefficients that each trial learned with, trials × coefficients."""
        config = self.config
        return np.array([config["online"]["theta"]] * config["trials"])

    @property
    def report(self) -> Path:
        """Raises RuntimeError: an online run has no page; ``plot`` shows its curves."""
        raise RuntimeError(f"{self.directory}: an online run has no page; plot() shows its curves")

    _given = staticmethod(two_sets)  # type: ignore[assignment]

    def _asked(self, config: dict[str, Any]) -> list[tuple[str, str]]:
        stream = config["online"]
        return [
            ("data", f"{config['data']}, {stream['classes']} classes"),
            ("size", f"{config['trials']} trials of at most {stream['images']} images"),
        ]

    def _came_to(self, summary: dict[str, Any]) -> list[tuple[str, str]]:
        names = ("accuracy", "cross_entropy")
        lines = [(name, spread_text(summary[name])) for name in names]
        if summary["diverged_trials"]:
            lines.append(("diverged", f"{summary['diverged_trials']} trials"))
        return lines


def spread_text(spread: Optional[dict[str, Any]]) -> str:
    """A mean of a summary and its deviation over trials."""
    if spread is None:
        return "none"
    deviation = "" if spread["sd"] is None else f" ± {spread['sd']:.3g}"
    return f"{spread['mean']:.4g}{deviation}"


def load(directory: Union[str, os.PathLike[str]]) -> Run:
    """A run directory as a ``Run``, finished or not; that of ``online`` as an ``OnlineRun``.

    Raises ValueError if it is none.
    """
    where = path("directory", directory)
    # It says what is wrong with a directory that is none of a run.
    config = json.loads(_native.config(where))
    return OnlineRun(where) if "online" in config else Run(where)
