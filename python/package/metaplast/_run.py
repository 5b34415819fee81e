"""Meta-trainings and their run directories."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
import numpy.typing as npt

from metaplast import _native
from metaplast._data import Data, split_data
from metaplast._progress import Bar, Progress
from metaplast._rules import Rule, given
from metaplast._settings import pairs, text

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure


class Run:
    """A run directory: what was asked for, and what came out.

    Made by ``train``, ``resume`` and ``load``. Nothing is read before it is asked for.
    """

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
        ``constant_…``), ``angle_0`` … (degrees) and ``ortho_1`` …. Of an unfinished run, episodes that a trial has not come to are NaN,
        and their words empty.
        """
        if self._metrics is None:
            trials, episodes, columns = _native.columns(self.directory / "metrics.csv")
            self._metrics = {
                name: np.asarray(values).reshape(trials, episodes) for name, values in columns
            }
        return self._metrics

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
        data: Optional[Data] = None,
        progress: Progress = None,
    ) -> list[str]:
        """Hold the directory against what its run would write; return what differs.

        ``sample`` recorded episodes are run again (None: all), and must come out to the bit.
        A run that learned from arrays needs them as ``data``.
        """
        name, arrays = split_data(data)
        with Bar("episode", progress) as tell:
            return _native.verify(self.directory, sample, name, arrays, tell)

    def to_pandas(self) -> pandas.DataFrame:
        """The metrics as a DataFrame with a row an episode, indexed by trial and episode."""
        import pandas

        columns = {name: values.ravel() for name, values in self.metrics.items()}
        return pandas.DataFrame(columns).set_index(["trial", "episode"])

    def to_xarray(self) -> xarray.Dataset:
        """The metrics as a Dataset with the dimensions trial and episode."""
        import xarray

        metrics = self.metrics
        variables = {
            name: (("trial", "episode"), values)
            for name, values in metrics.items()
            if name not in ("trial", "episode")
        }
        coordinates = {"trial": metrics["trial"][:, 0], "episode": metrics["episode"][0]}
        return xarray.Dataset(variables, coordinates, {"directory": str(self.directory)})

    def plot(self, columns: Optional[list[str]] = None) -> Figure:
        """Curves over episodes, the mean over trials with its deviation.

        Without ``columns``: the accuracy, the coefficients, and the angles of the layers.
        """
        from metaplast._plot import curves

        return curves(self.metrics, columns)

    def _lines(self) -> list[tuple[str, str]]:
        """What is most worth knowing, as names and texts."""
        config = self.config
        lines = [
            ("rule", str(config["rule"])),
            ("data", f"{config['data']}, {config['split']} split"),
            ("size", f"{config['trials']} trials of {config['episodes']} episodes"),
            ("seed", str(config["seed"])),
        ]
        if self.is_finished:
            summary = self.summary
            measures = [(name, summary[name]) for name in ("accuracy", "loss")]
            for name, spread in [*measures, *summary["theta"]]:
                lines.append((name, _spread(spread)))
            if summary["diverged_episodes"]:
                lines.append(("diverged", f"{summary['diverged_episodes']} episodes"))
        else:
            lines.append(("state", "not finished; metaplast.resume goes on"))
        lines.append(("directory", str(self.directory)))
        return lines

    def __repr__(self) -> str:
        return "Run\n" + "\n".join(f"  {name:<10} {what}" for name, what in self._lines())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(what)}</td></tr>"
            for name, what in self._lines()
        )
        return f"<table><caption>Run</caption>{rows}</table>"


def _spread(spread: Optional[dict[str, Any]]) -> str:
    if spread is None:
        return "none"
    deviation = "" if spread["sd"] is None else f" ± {spread['sd']:.3g}"
    return f"{spread['mean']:.4g}{deviation}"


def train(
    rule: Union[str, os.PathLike[str], Rule] = "bio",
    data: Optional[Data] = "glyphs",
    episodes: Optional[int] = 60,
    trials: Optional[int] = 2,
    seed: int = 0,
    out: Optional[Union[str, os.PathLike[str]]] = None,
    *,
    progress: Progress = None,
    **settings: Any,
) -> Run:
    """Meta-train a plasticity rule, as ``metaplast train`` does.

    Each of ``trials`` independent trials runs ``episodes`` episodes of online learning, each
    followed by one step on the rule's coefficients.

    ``rule``: a built-in rule's name (bp, bp-exact, fa, dfa, ehebb, oja, bio, pool), a rule
    file, or a ``Rule``. ``data``: a data set's name or path, or ``(images, labels)``, n × height
    × width bytes and n class labels. ``out``: the run directory, by default the next free
    runs/RULE-DATA-N; a run of the same settings that stands unfinished there goes on.
    ``settings``: any key of ``metaplast train --help``, as in ``K=20, sizes=[784, 100, 47],
    optimiser="guarded", lambda_=0.1, threads=4``. None stands for the command's default: for
    ``episodes`` and ``trials`` the paper's 600 and 20, for ``data`` emnist-balanced where it
    is found.

    ``progress``: a bar; by default on a terminal and in a notebook. What else there is to
    tell goes to the logger ``metaplast``.

    Raises ValueError for what makes no sense or does not fit, RuntimeError for a run that
    failed, KeyboardInterrupt at Ctrl-C: the same call then goes on, or ``resume``.
    """
    name, arrays = split_data(data)
    asked = dict(
        data=name, episodes=episodes, trials=trials, seed=seed, out=out, **settings
    )
    with Bar("episode", progress) as tell:
        return Run(_native.train(given(rule), arrays, pairs(asked), tell))


def resume(
    directory: Union[str, os.PathLike[str]],
    *,
    data: Optional[Data] = None,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> Run:
    """Go on with an interrupted run; it ends with the bytes of one that was never stopped.

    ``data`` says where the data are now, if they were moved; a run that learned from arrays
    needs them again.
    """
    name, arrays = split_data(data)
    path = Path(directory)
    with Bar("episode", progress) as tell:
        count = None if threads is None else text(threads)
        _native.resume(path, name, arrays, count, tell)
    return Run(path)


def load(directory: Union[str, os.PathLike[str]]) -> Run:
    """A run directory as a ``Run``, finished or not.

    Raises ValueError if it is none.
    """
    run = Run(Path(directory))
    # It says what is wrong with a directory that is none of a run.
    _native.config(run.directory)
    return run
