"""Rules, tests with frozen coefficients, and reproductions."""

from __future__ import annotations

import json

import numpy as np
import pytest

import metaplast
from common import SMALL, command_line


def test_the_built_in_rules_say_what_they_are():
    rules = metaplast.rules()
    assert list(rules)[:2] == ["bp", "bp-exact"] and len(rules) == 8
    bio = rules["bio"]
    assert [term.name for term in bio.terms] == ["F0", "F2", "F9"]
    assert bio.feedback == "fixed" and bio.latex.startswith(r"\begin{align}")
    assert bio.terms[0].text in repr(bio) and bio.terms[0].text in bio._repr_html_()


def test_a_rule_of_text_learns_as_the_file_of_it(tmp_path):
    rule = metaplast.Rule(["F0", "-e ⊗ (e- - b)"], name="set-point", constants={"b": 0.01})
    assert rule.constants == {"b": 0.01} and len(rule.terms) == 2
    file = tmp_path / "set-point.toml"
    file.write_text(rule.text, encoding="utf-8")
    small = dict(data="glyphs", episodes=4, trials=2, **SMALL)
    by_text = metaplast.train(rule, out=tmp_path / "text", **small)
    by_file = metaplast.train(file, out=tmp_path / "file", **small)
    assert by_text.directory != by_file.directory
    name = "metrics.csv"
    assert (by_text.directory / name).read_bytes() == (by_file.directory / name).read_bytes()
    assert (by_text.directory / "rule" / "set-point.toml").read_text("utf-8") == rule.text
    assert metaplast.Rule.of(file).text == rule.text
    # The directory has all it takes to say again what it did.
    assert by_text.verify(1) == []


def test_what_is_wrong_with_a_rule_is_told():
    for terms, wanted in [(["F11"], "F11"), (["e ⊗"], "mine.toml"), ([], "no terms")]:
        with pytest.raises(ValueError, match=wanted):
            metaplast.Rule(terms)
    with pytest.raises(ValueError, match="did you mean 'bio'"):
        metaplast.Rule.of("bioo")
    with pytest.raises(ValueError, match="feedback"):
        metaplast.Rule(["F0"], feedback="none")


def test_a_run_is_tested_as_by_the_command(tmp_path, command):
    run = metaplast.train(rule="fa", episodes=4, trials=2, out=tmp_path / "fa", **SMALL)
    tested = metaplast.test(run, fresh=3, threads=1)
    told = command_line(
        command, "test", str(run.directory), "--fresh", "3", "--json", "threads=1"
    )
    said = json.loads(told.stdout)
    assert tested.theta.tolist() == said["theta"] == run.theta.tolist()
    assert tested.data[0].accuracy.mean == said["data"][0]["accuracy"]["mean"]
    assert "glyphs" in repr(tested) and "glyphs" in tested._repr_html_()


def test_a_rule_is_tested_with_coefficients_of_its_own_on_data_of_its_own():
    data = metaplast.dataset("glyphs", split="train")
    tested = metaplast.test("fa", theta=np.array([0.02]), data=data, trials=2, fresh=2, **SMALL)
    assert tested.theta.tolist() == [[0.02], [0.02]]
    assert tested.data[0].data == "arrays"
    twice = metaplast.test("fa", data=["glyphs", "glyphs"], trials=2, fresh=2, **SMALL)
    assert len(twice.data) == 2 and twice.data[0] == twice.data[1]
    with pytest.raises(ValueError, match="--theta: 2 numbers"):
        metaplast.test("fa", theta=[1, 2], data="glyphs", **SMALL)


def test_a_figure_is_reproduced_with_verdicts(tmp_path):
    done = metaplast.reproduce(
        "fig3", data="glyphs", trials=2, episodes=2, out=tmp_path, sizes=[784, 12, 47], K=3, Q=2
    )
    assert done.report.is_file() and (tmp_path / "fig3.svg").is_file()
    assert {verdict.claim for verdict in done.verdicts} >= {f"C{n}" for n in range(1, 17)}
    verdicts = {verdict.claim: verdict for verdict in done.verdicts}
    assert verdicts["C1"].outcome == "not tested" and "synthetic" in verdicts["C1"].note
    assert [check.trials for check in verdicts["C1"].checks] == [2, 2]
    assert "needs reproduce fig4" in verdicts["C4"].note
    assert "C1" in repr(done) and "C4" not in repr(done) and "C4" in done._repr_html_()
    for figure, settings, wanted in [
        ("fig2", {}, "unknown figure 'fig2'"),
        ("fig3", {"rule": "bio"}, "a figure has a rule of its own"),
    ]:
        with pytest.raises(ValueError, match=wanted):
            metaplast.reproduce(figure, data="glyphs", out=tmp_path / "no", **settings)
    assert not (tmp_path / "no").exists()


def test_data_sets_come_as_arrays():
    data = metaplast.dataset("glyphs")
    assert data.images.ndim == 3 and data.images.dtype == np.uint8
    assert len(data.images) == len(data.labels) and "47 classes" in repr(data)
    with pytest.raises(ValueError, match="glyfs"):
        metaplast.dataset("glyfs")
    with pytest.raises(ValueError, match="split"):
        metaplast.dataset("glyphs", split="half")
