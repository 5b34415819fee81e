"""Meta-learn plasticity rules with random feedback pathways.

>>> import metaplast
>>> run = metaplast.train(rule="bio", data="glyphs", episodes=60, trials=2)
>>> run.metrics["accuracy"].shape
(2, 60)

=====================  ==========================================================
``train``, ``resume``  meta-train a rule; the result is a ``Run``
``load``               a run directory as a ``Run``
``merge``              the parts of a run, put together
``online``             one long stream of images, learned with frozen coefficients
``test``               a rule with frozen coefficients, on fresh tasks of any data
``card``               one page about the rule of a run
``reproduce``          the paper's figures, and verdicts on its claims
``rules``, ``Rule``    the built-in rules, and rules of your own as text
``episode``            one episode from explicit inputs
``dataset``            images and labels as arrays
``fetch``              downloads a published data set
``Tape``               the differentiation engine underneath
=====================  ==========================================================

What the command ``metaplast`` guarantees holds here too: the same settings give the same
bytes, with any number of threads and after any interruption. Bad input raises
``ValueError``, a failed run ``RuntimeError``, both with the command's message; Ctrl-C
raises ``KeyboardInterrupt`` and leaves a run that goes on with ``resume``.
"""

from metaplast._card import Card, card
from metaplast._data import Dataset, dataset, fetch
from metaplast._episode import episode
from metaplast._native import __version__
from metaplast._reproduce import Check, Reproduction, Verdict, reproduce
from metaplast._rules import Rule, Term, rules
from metaplast._run import OnlineRun, Run, load
from metaplast._tape import Tape
from metaplast._test import OnData, Spread, Tested, test
from metaplast._train import merge, online, resume, train
from metaplast._values import Plastic, Var

__all__ = [
    "Card",
    "Check",
    "Dataset",
    "OnData",
    "OnlineRun",
    "Plastic",
    "Reproduction",
    "Rule",
    "Run",
    "Spread",
    "Tape",
    "Term",
    "Tested",
    "Var",
    "Verdict",
    "__version__",
    "card",
    "dataset",
    "episode",
    "fetch",
    "load",
    "merge",
    "online",
    "reproduce",
    "resume",
    "rules",
    "test",
    "train",
]
