"""Curves of a run, with matplotlib."""

from __future__ import annotations

import io
from typing import Any, Optional

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

#: How columns of what is meta-learned begin.
LEARNED = ("theta_", "phi_", "gain_", "constant_")


class Curves(Figure):
    """A figure that a notebook shows, whether or not pyplot was ever imported."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


def curves(
    metrics: dict[str, npt.NDArray[Any]], axis: str, columns: Optional[list[str]]
) -> Curves:
    """The mean over trials of each column, with its deviation, over ``axis``."""
    if metrics["trial"].size == 0:
        raise RuntimeError("nothing is recorded yet")
    if columns is None:
        angles = [name for name in metrics if name.startswith("angle_")]
        learned = [name for name in metrics if name.startswith(LEARNED)]
        panels = [
            ("accuracy", ["accuracy"]),
            ("coefficients", learned) if learned else ("cross_entropy", ["cross_entropy"]),
            # The last is that of the output, 0 by definition.
            ("angle to backpropagation (degrees)", angles[:-1]),
        ]
    else:
        unknown = [name for name in columns if name not in metrics]
        if unknown:
            raise ValueError(f"{unknown[0]}: is no column; there are {', '.join(metrics)}")
        panels = [(name, [name]) for name in columns]
    figure = Curves(figsize=(4 * len(panels), 3), layout="constrained")
    for axes, (title, names) in zip(np.ravel(figure.subplots(1, len(panels))), panels):
        for name in names:
            # Of an episode that diverged in all trials there is no mean.
            values = np.where(metrics["status"] == "ok", metrics[name], np.nan)
            known = np.ma.masked_invalid(values)
            mean, deviation = known.mean(axis=0), known.std(axis=0)
            steps = metrics[axis][0]
            axes.plot(steps, mean, label=name)
            axes.fill_between(steps, mean - deviation, mean + deviation, alpha=0.2)
        axes.set(title=title, xlabel=axis)
        if len(names) > 1:
            axes.legend(fontsize="small")
    return figure
