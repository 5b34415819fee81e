"""Online runs, parts of runs, and cards: as the command has them."""

from __future__ import annotations

import numpy as np
import pytest

import metaplast
from common import SMALL, command_line

STREAM = dict(images=60, every=20, tests=30, trials=2, sizes=[784, 12, 47])
OPTIONS = "--images 60 --every 20 --tests 30 --trials 2 sizes=784-12-47".split()


@pytest.fixture(scope="module")
def online(tmp_path_factory):
    out = tmp_path_factory.mktemp("online") / "fa"
    return metaplast.online("fa", data="glyphs", out=out, **STREAM)


def test_an_online_run_writes_the_bytes_of_the_command(online, command, tmp_path):
    out = tmp_path / "command"
    made = command_line(command, "online", "fa", "--data", "glyphs", *OPTIONS, "-o", str(out))
    assert made.returncode == 0, made.stderr
    for name in ("online.csv", "summary.json"):
        assert (online.directory / name).read_bytes() == (out / name).read_bytes()


def test_its_metrics_are_trials_by_tests(online):
    assert online.metrics["images"].tolist() == [[0, 20, 40, 60]] * 2
    assert online.metrics["accuracy"].shape == (2, 4)
    assert online.theta.shape == (2, 1) and online.is_finished
    assert online.summary["accuracy"]["mean"] == online.metrics["accuracy"][:, -1].mean()
    assert "OnlineRun" in repr(online) and "60 images" in online._repr_html_()
    assert online.verify(2) == []
    with pytest.raises(RuntimeError, match="has no page"):
        online.report


def test_it_becomes_a_table_a_cube_and_a_picture(online):
    pytest.importorskip("pandas")
    assert online.to_pandas().loc[(1, 40), "accuracy"] == online.metrics["accuracy"][1, 2]
    pytest.importorskip("xarray")
    assert online.to_xarray()["accuracy"].sel(images=20).shape == (2,)
    pytest.importorskip("matplotlib")
    assert len(online.plot().axes) == 3


def test_a_directory_is_known_for_what_it_holds(online):
    again = metaplast.load(online.directory)
    assert type(again) is metaplast.OnlineRun
    assert again.summary == online.summary
    assert type(metaplast.resume(online.directory)) is metaplast.OnlineRun


def test_two_sets_of_arrays_are_learned_as_the_same_by_name(online, tmp_path):
    halves = metaplast.dataset("glyphs", "train"), metaplast.dataset("glyphs", "test")
    again = metaplast.online("fa", data=halves, out=tmp_path / "arrays", **STREAM)
    assert again.metrics["accuracy"].tolist() == online.metrics["accuracy"].tolist()
    assert again.verify(None, data=halves) == []
    with pytest.raises(ValueError, match=r"\(train, test\)"):
        metaplast.online("fa", data=halves[0], out=tmp_path / "one", **STREAM)
    with pytest.raises(ValueError, match="images: are lists of unlike lengths"):
        metaplast.train("fa", data=halves, out=tmp_path / "two", **SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays"]


def test_what_a_run_learned_goes_on_online(tmp_path):
    run = metaplast.train("fa", episodes=4, trials=2, out=tmp_path / "run", **SMALL)
    stream = {**STREAM, "sizes": None}
    online = metaplast.online(run, data="glyphs", out=tmp_path / "online", **stream)
    # Its rule, network and the mean of its coefficients.
    assert online.config["sizes"] == [784, 20, 47]
    np.testing.assert_array_equal(online.theta, [run.theta.mean(axis=0)] * 2)
    for theta, wanted in [([1.0, 2.0], "2 numbers"), ("x", "a list of finite numbers")]:
        with pytest.raises(ValueError, match=wanted):
            metaplast.online("fa", theta, data="glyphs", out=tmp_path / "no", **STREAM)


def test_parts_of_a_run_come_together_to_the_bytes_of_the_whole(tmp_path):
    settings = dict(episodes=4, trials=3, **SMALL)
    whole = metaplast.train(out=tmp_path / "whole", **settings)
    parts = [
        metaplast.train(out=tmp_path / f"part.{i}", shard=f"{i}/2", **settings) for i in (1, 2)
    ]
    assert [part.metrics["loss"].shape[0] for part in parts] == [2, 1]
    assert "part 1/2 of 3 trials" in repr(parts[0])
    merged = metaplast.merge([parts[1], parts[0].directory], tmp_path / "merged")
    for name in ("config.toml", "metrics.csv", "summary.json"):
        assert (merged.directory / name).read_bytes() == (whole.directory / name).read_bytes()
    assert merged.report.is_file()
    with pytest.raises(RuntimeError, match="1 trial missing of 3: 1"):
        metaplast.merge([parts[0]], tmp_path / "half")
    with pytest.raises(ValueError, match="both have trial 0"):
        metaplast.merge([parts[0], whole], tmp_path / "twice")
    assert not (tmp_path / "half").exists() and not (tmp_path / "twice").exists()


def test_a_card_is_that_of_the_command(tmp_path, command, monkeypatch):
    run = metaplast.train("ehebb", episodes=3, trials=2, out=tmp_path / "run", **SMALL)
    card = metaplast.card(run, data="glyphs", fresh=1, out=tmp_path / "card")
    told = command_line(
        command, "card", str(run.directory), "--data", "glyphs", "--fresh", "1",
        "--out", str(tmp_path / "command"),
    )
    assert told.returncode == 0, told.stderr

    def lasting(text: str) -> list[str]:
        # What an episode takes is measured.
        return [line for line in text.splitlines() if " ms" not in line]

    theirs = (tmp_path / "command" / "card.md").read_text("utf-8")
    assert lasting(str(card)) == lasting(theirs) and len(lasting(theirs)) > 20
    assert card.page.is_file() and "ehebb" in card._repr_markdown_()
    with pytest.raises(ValueError, match="no such directory"):
        metaplast.card(tmp_path / "gone")
