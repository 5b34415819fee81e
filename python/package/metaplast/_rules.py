"""Plasticity rules: the built-in ones, and your own as text."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from metaplast import _native
from metaplast._settings import numbers


@dataclass(frozen=True)
class Term:
    """A term of a rule, times a coefficient that is meta-learned."""

    #: Its name, as in the columns of metrics.csv.
    name: str
    #: As it is typed: ``scalar * post ⊗ pre``.
    text: str
    #: What a synapse has to know to compute it.
    needs: str
    #: Its formula in LaTeX.
    latex: str
    #: Its formula in MathML, which browsers show by themselves.
    mathml: str

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(self.name)}</code>: {self.mathml}"


class Rule:
    """A plasticity rule.

    ``Rule(["F0", "-e ⊗ (e- - b)"], constants={"b": 0.01})`` makes one of your own: each term
    is a name of the paper's, F0 to F9, or a text ``scalar * post ⊗ pre`` of what a synapse
    can see. ``feedback`` is the pathway (fixed, direct, symmetric, symmetric-exact, mixed,
    sign), ``back`` are terms that act on the feedback matrices, ``constants`` names of the
    texts with the values that their learning starts from, ``populations`` the shares of
    groups of units that have coefficients of their own.

    It serves as ``rule=`` of ``train`` and ``test``. ``rules`` has the built-in ones.

    Raises ValueError saying what is wrong with a text.
    """

    def __init__(
        self,
        terms: Sequence[str],
        *,
        name: str = "mine",
        feedback: str = "fixed",
        back: Sequence[str] = (),
        constants: Optional[Mapping[str, float]] = None,
        populations: Sequence[float] = (),
    ) -> None:
        if not isinstance(name, str):
            raise ValueError(f"name: should be a text, got {name!r}")
        for what, texts in (("terms", terms), ("back", back)):
            if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
                raise ValueError(f"{what}: should be a list of texts, got {texts!r}")
        starts = numbers("constants", list((constants or {}).values())) or []
        shares = numbers("populations", populations)

        # JSON's strings and lists are TOML's.
        def toml(value: Any) -> str:
            return json.dumps(value, ensure_ascii=False)

        lines = [
            f"name = {toml(name)}",
            f"feedback = {toml(feedback)}",
            f"terms = {toml(list(terms))}",
            f"back = {toml(list(back))}",
            f"populations = {toml(shares)}",
            "",
            "[constants]",
            *(f"{toml(key)} = {start!r}" for key, start in zip(constants or {}, starts)),
        ]
        file = "".join(c if c.isalnum() or c in "-_" else "-" for c in name) or "rule"
        self._read((f"{file}.toml", "\n".join(lines) + "\n"))

    @classmethod
    def of(cls, name: Union[str, os.PathLike[str]]) -> Rule:
        """The built-in rule of a name, or the rule in a file."""
        path = Path(name)
        rule = cls.__new__(cls)
        rule._read(os.fspath(name))
        if path.is_file() and os.fspath(name) not in _native.known_rules():
            rule._given = (path.name, path.read_text(encoding="utf-8"))
        return rule

    def _read(self, given: Union[str, tuple[str, str]]) -> None:
        said = json.loads(_native.rule(given))
        #: What the library is given: a name, or a file's name and text.
        self._given = given
        self.name: str = said["name"]
        self.feedback: str = said["feedback"]
        self.terms = tuple(Term(**term) for term in said["terms"])
        #: Terms that act on the feedback matrices.
        self.back = tuple(Term(**term) for term in said["back"])
        #: For each layer the indices of the terms that act on it; None: all on all.
        self.layers: Optional[list[list[int]]] = said["layers"]
        self.constants: dict[str, float] = said["constants"]
        self.populations: list[float] = said["populations"]
        #: The rule as an ``align`` environment.
        self.latex: str = said["latex"]

    @property
    def text(self) -> Optional[str]:
        """The rule file, if the rule is not built in."""
        return None if isinstance(self._given, str) else self._given[1]

    def __repr__(self) -> str:
        terms = [f"{term.name}: {term.text}" for term in self.terms]
        terms += [f"{term.name} of B: {term.text}" for term in self.back]
        return "\n  ".join([f"Rule {self.name!r}, {self.feedback} feedback", *terms])

    def _repr_html_(self) -> str:
        rows = [
            f"<tr><td>{html.escape(term.name)}{of}</td><td><code>{html.escape(term.text)}</code>"
            f"</td><td>{term.mathml}</td><td>{html.escape(term.needs)}</td></tr>"
            for terms, of in ((self.terms, ""), (self.back, " of B"))
            for term in terms
        ]
        constants = ", ".join(f"{key} = {start:g}" for key, start in self.constants.items())
        return (
            f"<p><b>{html.escape(self.name)}</b>, {html.escape(self.feedback)} feedback"
            f"{'; constants start at ' + html.escape(constants) if constants else ''}</p>"
            "<table><tr><th>term</th><th>text</th><th>formula</th><th>locality</th></tr>"
            + "".join(rows)
            + "</table>"
        )


def rules() -> dict[str, Rule]:
    """The built-in rules by name."""
    return {name: Rule.of(name) for name in _native.known_rules()}


def given(rule: Union[str, os.PathLike[str], Rule]) -> Union[str, tuple[str, str]]:
    """A rule as the library takes it."""
    if isinstance(rule, Rule):
        return rule._given
    if isinstance(rule, (str, os.PathLike)):
        return os.fspath(rule)
    raise ValueError(f"rule: should be a name, a path or a Rule, got {rule!r}")
