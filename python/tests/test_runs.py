"""Runs: the same bytes as the command's, and what they bring as arrays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import metaplast
from common import SMALL, command_line


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "bio"
    return metaplast.train(rule="bio", data="glyphs", episodes=6, trials=3, out=out, **SMALL)


def test_a_run_writes_the_bytes_of_the_command(run, command, tmp_path):
    out = tmp_path / "command"
    made = command_line(
        command,
        *"train --rule bio --data glyphs --episodes 6 --trials 3 --seed 0".split(),
        *"sizes=784-20-47 K=3 Q=2 threads=1 --out".split(),
        str(out),
    )
    assert made.returncode == 0, made.stderr
    for name in ("metrics.csv", "summary.json"):
        assert (run.directory / name).read_bytes() == (out / name).read_bytes()


def test_metrics_are_trials_by_episodes_and_exactly_what_the_file_says(run):
    metrics = run.metrics
    lines = (run.directory / "metrics.csv").read_text().splitlines()
    header = lines[0].split(",")
    assert list(metrics) == header
    assert all(values.shape == (3, 6) for values in metrics.values())
    for line in lines[1:]:
        row = dict(zip(header, line.split(",")))
        place = int(row["trial"]), int(row["episode"])
        assert metrics["status"][place] == row["status"] == "ok"
        for name in ("loss", "accuracy", "theta_F0", "theta_F9", "angle_0", "ortho_1"):
            assert metrics[name][place] == float(row[name])
    assert metrics["trial"].dtype == np.int64
    assert metrics["loss"].dtype == np.float64
    assert np.isnan(metrics["diverged_step"]).all()


def test_a_run_knows_its_summary_configuration_and_directory(run):
    assert run.summary == json.loads((run.directory / "summary.json").read_text())
    assert run.config["K"] == 3 and run.config["sizes"] == [784, 20, 47]
    assert run.theta.shape == (3, 3)
    assert run.is_finished and run.report.is_file()
    assert metaplast.load(run.directory).summary == run.summary
    assert run.verify(2) == []


def test_a_run_shows_something_useful(run):
    for text in (repr(run), run._repr_html_()):
        assert "bio" in text and "accuracy" in text and "3 trials of 6 episodes" in text


def test_a_run_becomes_a_table_a_cube_and_a_picture(run):
    pytest.importorskip("pandas")
    frame = run.to_pandas()
    assert frame.loc[(2, 5), "loss"] == run.metrics["loss"][2, 5]
    pytest.importorskip("xarray")
    cube = run.to_xarray()
    assert float(cube["loss"].sel(trial=1, episode=3)) == run.metrics["loss"][1, 3]
    pytest.importorskip("matplotlib")
    assert len(run.plot().axes) == 3
    assert [axes.get_title() for axes in run.plot(["loss"]).axes] == ["loss"]


def test_arrays_learn_as_the_same_images_by_name(run, tmp_path):
    data = metaplast.dataset("glyphs")
    again = metaplast.train(
        data=data, episodes=6, trials=3, out=tmp_path / "arrays", **SMALL
    )
    assert (again.directory / "metrics.csv").read_bytes() == (
        run.directory / "metrics.csv"
    ).read_bytes()
    # Numbers from 0 to 1 and rows of pixels are the same images.
    images = (data.images / 255).reshape(len(data.images), -1)
    flat = metaplast.train(
        data=(images, data.labels.astype(int)), episodes=6, trials=3, out=tmp_path / "f", **SMALL
    )
    assert flat.metrics["loss"].tolist() == run.metrics["loss"].tolist()
    assert again.verify(1, data=data) == []


def test_what_is_no_images_is_refused():
    labels = [0, 1]
    for images, wanted in [
        (np.zeros((2, 3, 4, 5)), "shape"),
        (np.full((2, 28, 28), 0.3), "multiples of 1/255"),
        (np.full((2, 28, 28), 300), "from 0 to 255"),
        (np.full((2, 28, 28), "a"), "type"),
        (np.zeros((3, 28, 28), np.uint8), "labels"),
    ]:
        with pytest.raises(ValueError, match=wanted):
            metaplast.train(data=(images, labels), **SMALL)
    with pytest.raises(ValueError, match="labels: "):
        metaplast.train(data=(np.zeros((2, 28, 28), np.uint8), [0.5, 1.5]))
    with pytest.raises(ValueError, match="data: "):
        metaplast.train(data=5)


def test_bad_input_is_a_value_error_with_the_line_of_the_command(command, tmp_path):
    for key, value in [("K", 0), ("rulee", "bio"), ("eta", "fast"), ("sizes", [784, 5])]:
        text = "-".join(map(str, value)) if isinstance(value, list) else str(value)
        told = command_line(
            command, "train", "--data", "glyphs", f"{key}={text}", "--out", str(tmp_path / "x")
        )
        assert told.returncode == 2
        with pytest.raises(ValueError) as error:
            metaplast.train(**{key: value}, out=tmp_path / "x")
        assert told.stderr.strip() == f"error: {error.value}"
    assert not (tmp_path / "x").exists()


def test_a_finished_run_and_a_folder_of_something_else_are_left_alone(run, tmp_path):
    with pytest.raises(ValueError, match="this very run, finished"):
        metaplast.train(episodes=6, trials=3, out=run.directory, **SMALL)
    (tmp_path / "note").write_text("mine")
    with pytest.raises(ValueError, match="is not empty"):
        metaplast.train(episodes=6, trials=3, out=tmp_path, **SMALL)
    with pytest.raises(ValueError, match="no config.toml"):
        metaplast.load(tmp_path)
    with pytest.raises(ValueError, match="no config.toml"):
        metaplast.resume(tmp_path)


def test_a_damaged_run_is_a_runtime_error(run, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run.directory, copy)
    with open(copy / "metrics.csv", "a") as file:
        file.write("x")
    with pytest.raises(RuntimeError, match="metrics.csv"):
        metaplast.train(episodes=6, trials=3, out=copy, **SMALL)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C as a signal")
def test_ctrl_c_raises_and_leaves_a_run_that_resumes_to_the_same_bytes(tmp_path):
    settings = dict(episodes=400, trials=2, **SMALL)
    script = f"""
        import metaplast, sys
        try:
            metaplast.train(out={str(tmp_path / "stopped")!r}, **{settings!r})
        except KeyboardInterrupt:
            sys.exit(42)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    metrics = tmp_path / "stopped" / "metrics.csv"
    while not metrics.is_file() or metrics.stat().st_size < 10_000:
        assert child.poll() is None, "it ended before it could be stopped"
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 42
    stopped = metaplast.load(tmp_path / "stopped")
    assert not stopped.is_finished and "not finished" in repr(stopped)
    assert stopped.metrics["loss"].shape[1] < 400
    with pytest.raises(RuntimeError, match="not finished"):
        stopped.summary
    resumed = metaplast.resume(stopped.directory)
    whole = metaplast.train(out=tmp_path / "whole", **settings)
    for name in ("metrics.csv", "summary.json"):
        assert (resumed.directory / name).read_bytes() == (whole.directory / name).read_bytes()


def test_other_threads_run_meanwhile_and_progress_is_told(tmp_path, capsys):
    import threading

    ticks = []
    over = threading.Event()

    def tick():
        while not over.wait(0.01):
            ticks.append(None)

    other = threading.Thread(target=tick)
    other.start()
    metaplast.train(episodes=60, trials=2, out=tmp_path / "run", progress=True, **SMALL)
    over.set()
    other.join()
    assert len(ticks) > 3, "the interpreter was locked"
    assert "120/120" in capsys.readouterr().err


def test_without_a_terminal_nothing_is_printed(tmp_path, capfd):
    metaplast.train(episodes=2, trials=1, out=tmp_path / "run", **SMALL)
    assert capfd.readouterr() == ("", "")


def test_a_call_costs_less_than_a_millisecond(golden):
    case = json.loads((golden / "bio.json").read_text())
    small = {
        **{key: case[key] for key in ("activation", "lambda", "terms", "theta")},
        "feedback": "fixed",
        "sizes": [2, 2],
        "W": [[[0.1, 0.2], [0.3, 0.4]]],
        "B": [[[0.1, 0.2], [0.3, 0.4]]],
        "train": {"x": [[0.5, 0.1]], "label": [0]},
        "query": {"x": [[0.5, 0.1]], "label": [1]},
    }
    metaplast.episode(small)

    def once() -> float:
        start = time.perf_counter()
        metaplast.episode(small)
        return time.perf_counter() - start

    # The least of many: whatever else the machine does takes time, and none is won.
    assert min(once() for _ in range(200)) < 1e-3


def test_the_environment_that_the_run_leaves_is_a_whole_directory(run):
    names = set(os.listdir(run.directory))
    assert {"config.toml", "metrics.csv", "summary.json", "SHA256SUMS", "report.html"} <= names
