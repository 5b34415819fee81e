"""What people get wrong, and what else they give."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import metaplast
from common import SMALL

ONE = dict(episodes=1, trials=1, **SMALL)


@pytest.fixture(scope="module")
def glyphs():
    return metaplast.dataset("glyphs")


@pytest.fixture(scope="module")
def run(glyphs, tmp_path_factory):
    return metaplast.train(data=glyphs, out=tmp_path_factory.mktemp("run") / "one", **ONE)


def test_images_and_labels_in_every_shape_that_says_the_same_learn_the_same(
    run, glyphs, tmp_path
):
    images, labels = glyphs
    same = [
        (np.asfortranarray(images), list(labels)),
        (images[::-1][::-1], labels.astype(np.int64)),
        (images[:, None], labels),
        (images[..., None], labels.astype(float)),
        (images.astype(float), labels),
        ((images / 255).astype(np.float32), labels),
        (images.reshape(len(images), -1), labels),
    ]
    for i, data in enumerate(same):
        again = metaplast.train(data=data, out=tmp_path / str(i), **ONE)
        assert again.metrics["loss"].tolist() == run.metrics["loss"].tolist(), i


def test_images_that_are_none_are_refused_by_what_is_wrong_with_them(glyphs):
    images, labels = glyphs
    for data, wanted in [
        ((np.where(images > 0, np.nan, 0.0), labels), "not finite"),
        ((np.full((2, 28, 28), np.inf), [0, 1]), "not finite"),
        ((np.zeros((2, 28, 28, 3), np.uint8), [0, 1]), "grey"),
        ((labels, images), "shape"),
        ((images, labels[:, None]), "labels: "),
        ((images, [str(label) for label in labels]), "labels: "),
        ((images, labels.astype(int) - 1), "from 0 to 255"),
        ((images[:0], labels[:0]), "images"),
        ((images, None), "labels: "),
        (images, r"\(images, labels\)"),
        ({"images": images, "labels": labels}, r"\(images, labels\)"),
    ]:
        with pytest.raises(ValueError, match=wanted):
            metaplast.train(data=data, **ONE)


def test_arguments_of_a_wrong_kind_are_told_by_their_name(run, tmp_path):
    out = tmp_path / "no"
    for call, wanted in [
        (lambda: metaplast.train(rule=3), "rule: "),
        (lambda: metaplast.train(rule=None), "rule: "),
        (lambda: metaplast.train(rule=["F0"]), "rule: "),
        (lambda: metaplast.train(episodes=2.5), "episodes: '2.5'"),
        (lambda: metaplast.train(episodes="many"), "episodes: 'many'"),
        (lambda: metaplast.train(episodes=True), "episodes: "),
        (lambda: metaplast.train(episode=3), "did you mean 'episodes'"),
        (lambda: metaplast.train(shard="3/2"), "shard: "),
        (lambda: metaplast.train(sizes=[100, 20, 47], K=3, Q=2, out=out), "sizes"),
        (lambda: metaplast.test("bio", theta="x"), "theta: "),
        (lambda: metaplast.test("bio", data="glyphs", fresh="x"), "fresh: "),
        (lambda: metaplast.test("bio", data="glyphs", fresh=0), "fresh: "),
        (lambda: metaplast.test("bio", data="glyphs", fresh=-1), "fresh: "),
        (lambda: metaplast.online("fa", data="glyphs", images="x"), "images: "),
        (lambda: metaplast.online("fa", data="glyphs", images=-5), "images: "),
        (lambda: metaplast.online("fa", data="glyphs", every=0), "every: "),
        (lambda: metaplast.reproduce("fig3", data="glyphs", trials="x"), "trials: "),
        (lambda: metaplast.reproduce("fig3", data="glyphs", trials=0), "trials: "),
        (lambda: metaplast.reproduce(5), "figures: "),
        (lambda: metaplast.card(run, fresh="x"), "fresh: "),
        (lambda: run.verify("x"), "sample: "),
        (lambda: run.verify(-1), "sample: "),
        (lambda: metaplast.Rule("F0"), "terms: "),
        (lambda: metaplast.Rule(["F0"], constants={"b": "x"}), "constants: "),
        (lambda: metaplast.Rule(["F0"], populations="x"), "populations: "),
        (lambda: metaplast.Rule(["F0"], name=5), "name: "),
        (lambda: metaplast.episode([1]), "case: "),
        (lambda: metaplast.dataset(5), "name: "),
    ]:
        with pytest.raises(ValueError, match=wanted):
            call()
    assert not out.exists()


def test_a_column_that_there_is_not_is_told_with_those_that_there_are(run):
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="los: is no column; there are trial, episode"):
        run.plot("los")


def test_whole_numbers_of_numpy_and_whole_floats_are_whole_numbers(run, glyphs, tmp_path):
    kinds = [dict(episodes=1.0, trials=np.int64(1)), dict(episodes=np.float64(1), trials="1")]
    for i, numbers in enumerate(kinds):
        again = metaplast.train(data=glyphs, out=tmp_path / str(i), **{**ONE, **numbers})
        assert again.metrics["loss"].tolist() == run.metrics["loss"].tolist()


def test_runs_and_rules_are_copied_and_pickled(run):
    rule = metaplast.Rule(["F0", "-e ⊗ (e- - b)"], constants={"b": 0.01})
    for again in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run)):
        assert again.directory == run.directory
        assert again.metrics["loss"].tolist() == run.metrics["loss"].tolist()
    assert pickle.loads(pickle.dumps(rule)).text == rule.text


def test_a_run_whose_directory_is_gone_can_still_be_shown(tmp_path):
    gone = metaplast.Run(tmp_path / "gone")
    assert "no such directory" in repr(gone) and "no such directory" in gone._repr_html_()


def test_threads_train_side_by_side_to_the_same_bytes(tmp_path):
    made = {}

    def go(name):
        made[name] = metaplast.train(episodes=8, trials=1, out=tmp_path / name, **SMALL)

    threads = [threading.Thread(target=go, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, other = ((made[name].directory / "metrics.csv").read_bytes() for name in "ab")
    assert one == other


def test_a_directory_that_another_thread_runs_in_is_in_use(tmp_path, monkeypatch):
    over = threading.Event()

    class Over(Exception):
        pass

    def tell(*_):
        if over.is_set():
            raise Over

    monkeypatch.setattr("metaplast._progress.Bar._tell", lambda *_: tell())
    endless = dict(episodes=1_000_000, trials=1, out=tmp_path / "run", **SMALL)
    told = []

    def go():
        try:
            metaplast.train(**endless)
        except Exception as error:
            told.append(type(error))

    first = threading.Thread(target=go)
    first.start()
    try:
        while not (tmp_path / "run" / "metrics.csv").is_file():
            assert not told, told
            over.wait(0.01)
        with pytest.raises(ValueError, match="in use"):
            metaplast.train(**endless)
    finally:
        over.set()
        first.join()
    # What raised while it was told of progress has ended the run, which can go on.
    assert told == [Over]
    assert not metaplast.load(tmp_path / "run").is_finished
