"""What a kernel does with a run: a bar, Ctrl-C, and how things look."""

from __future__ import annotations

import time

import pytest

from common import SMALL

client = pytest.importorskip("jupyter_client")


@pytest.fixture
def kernel():
    manager, kernel = client.manager.start_new_kernel(kernel_name="python3")
    yield manager, kernel
    kernel.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_notebook_shows_one_bar_that_ends_full(kernel, tmp_path):
    outputs = []
    settings = dict(episodes=4, trials=2, out=str(tmp_path / "run"), **SMALL)
    _, kernel = kernel
    reply = kernel.execute_interactive(
        f"import metaplast\nmetaplast.train(**{settings!r})",
        timeout=60,
        output_hook=lambda message: outputs.append((message["msg_type"], message["content"])),
    )
    assert reply["content"]["status"] == "ok"
    kinds = [kind for kind, _ in outputs if kind not in ("status", "execute_input")]
    # One line, which changes; nothing on standard error, of which an export shows every change.
    assert kinds[0] == "display_data" and kinds[-1] == "execute_result"
    assert set(kinds[1:-1]) <= {"update_display_data"}
    bars = [content["data"]["text/html"] for kind, content in outputs if "display_data" in kind]
    assert "max='8' value='8'" in bars[-1] and "8/8" in bars[-1]
    (run,) = (content for kind, content in outputs if kind == "execute_result")
    assert "accuracy" in run["data"]["text/html"]


def test_interrupting_a_kernel_leaves_a_run_that_resumes(kernel, tmp_path):
    manager, kernel = kernel
    out = tmp_path / "run"
    settings = dict(episodes=1_000_000, trials=1, out=str(out), **SMALL)
    asked = kernel.execute(f"import metaplast\nmetaplast.train(**{settings!r})")
    until = time.monotonic() + 60
    while not (out / "metrics.csv").is_file() or (out / "metrics.csv").stat().st_size < 2000:
        assert time.monotonic() < until, "it did not begin"
        time.sleep(0.05)
    manager.interrupt_kernel()
    while (reply := kernel.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != asked:
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert "resume" in reply["content"]["evalue"]
    state = kernel.execute_interactive(
        f"assert not metaplast.load({str(out)!r}).is_finished", timeout=60
    )
    assert state["content"]["status"] == "ok", state["content"]
