"""What makes run directories: meta-training, online learning, parts put together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Optional, Union

from metaplast import _native
from metaplast._data import Data, Halves, one_set, two_sets
from metaplast._progress import Bar, Progress
from metaplast._rules import Rule, given
from metaplast._run import OnlineRun, Run, load
from metaplast._settings import numbers, pairs, path, perhaps, text, whole


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
    sets = one_set(data)
    name = sets if isinstance(sets, str) else None
    where = None if out is None else path("out", out)
    asked = dict(
        data=name, episodes=episodes, trials=trials, seed=seed, out=where, **settings
    )
    with Bar("episode", progress) as tell:
        return Run(_native.train(given(rule), sets, pairs(asked), tell))


def online(
    rule: Union[str, os.PathLike[str], Rule, Run] = "bio",
    theta: Optional[Sequence[float]] = None,
    data: Halves = "mnist",
    images: int = 60_000,
    every: int = 250,
    tests: int = 1000,
    classes: Optional[int] = None,
    trials: int = 20,
    seed: int = 0,
    out: Optional[Union[str, os.PathLike[str]]] = None,
    *,
    progress: Progress = None,
    **settings: Any,
) -> OnlineRun:
    """Learn one long stream of images with frozen coefficients, as ``metaplast online`` does.

    As in Fig. 1 of the paper: a network sees each image of the training half once, and every
    ``every`` images it is tested on ``tests`` images of the other half.

    ``rule``: what ``train`` takes, or a ``Run`` or its directory, which brings its settings and
    the mean of what its trials arrived at. ``theta``: other coefficients, one for each term.
    ``data``: a data set that has both halves, or ``(train, test)``, each ``(images, labels)``.
    ``images``: how many to learn from at most; ``classes``: only the first, by default all
    that the network has outputs for. ``settings``: keys of ``metaplast train``, such as
    ``sizes=[784, 100, 10]``. ``out`` is by default the next free runs/online-RULE-DATA-N.

    Raises what ``train`` raises.
    """
    sets = two_sets(data)
    name = sets if isinstance(sets, str) else None
    what = os.fspath(rule.directory) if isinstance(rule, Run) else given(rule)
    asked = pairs(dict(data=name, trials=trials, seed=seed, **settings))
    stream = (
        perhaps("classes", classes),
        whole("images", images),
        whole("every", every),
        whole("tests", tests),
    )
    where = None if out is None else path("out", out)
    with Bar("test", progress) as tell:
        return OnlineRun(
            _native.online(what, numbers("theta", theta), sets, stream, where, asked, tell)
        )


def resume(
    directory: Union[str, os.PathLike[str]],
    *,
    data: Optional[Union[Data, Halves]] = None,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> Run:
    """Go on with an interrupted run; it ends with the bytes of one that was never stopped.

    ``data`` says where the data are now, if they were moved; a run that learned from arrays
    needs them again.
    """
    run = load(directory)
    sets = run._data(data)
    with Bar(run._unit, progress) as tell:
        count = None if threads is None else text(threads)
        _native.resume(run.directory, sets, count, tell)
    return run


def merge(
    parts: Sequence[Union[str, os.PathLike[str], Run]], out: Union[str, os.PathLike[str]]
) -> Run:
    """Put the parts of a run together: what ``train(…, shard="1/2")`` and its like made.

    ``out``, a new or empty folder, gets the bytes that one run of all trials would have.

    Raises ValueError for parts of different runs or with a trial twice, RuntimeError for
    missing, unfinished or damaged ones.
    """
    if isinstance(parts, (str, os.PathLike, Run)):
        raise ValueError("parts: should be a list of runs or their directories")
    paths = [part.directory if isinstance(part, Run) else path("parts", part) for part in parts]
    whole_run = path("out", out)
    _native.merge(paths, whole_run)
    return Run(whole_run)
