"""What documents show works, and every user's name has a docstring."""

from __future__ import annotations

import inspect
import runpy
import sys
from pathlib import Path

import metaplast
import pytest

PYTHON = Path(__file__).resolve().parents[1]


def test_the_five_lines_of_the_readme_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (PYTHON / "README.md").read_text(encoding="utf-8")
    lines = text.split("```python\n")[1].split("```")[0]
    # At the size of a test.
    small = lines.replace("trials=2", "trials=2, sizes=[784, 20, 47], K=3, Q=2")
    assert small != lines
    exec(compile(small, "README.md", "exec"), {})
    assert "accuracy" in capsys.readouterr().out
    assert (tmp_path / "runs" / "bio-glyphs-1" / "metrics.csv").is_file()


def test_the_example_of_the_engine_learns_its_rate(capsys):
    runpy.run_path(str(PYTHON / "examples" / "learn_a_rate.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    losses = [float(line.split()[-1]) for line in lines]
    assert losses[-1] < losses[0]


def test_the_example_of_two_rules_leaves_curves(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    arguments = ["compare_rules.py", "fa", "--episodes", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(PYTHON / "examples" / "compare_rules.py"), run_name="__main__")
    assert (tmp_path / "fa-compared" / "curves.png").is_file()
    assert "glyphs: accuracy" in capsys.readouterr().out


def test_whatever_users_see_is_documented():
    for name in metaplast.__all__:
        thing = getattr(metaplast, name)
        if name.startswith("__"):
            continue
        assert inspect.getdoc(thing), name
        if not inspect.isclass(thing):
            continue
        for part, member in vars(thing).items():
            shown = inspect.isfunction(member) or isinstance(member, property)
            if shown and not part.startswith("_"):
                assert inspect.getdoc(member), f"{name}.{part}"
