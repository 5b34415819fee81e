"""What the tests share."""

from __future__ import annotations

import subprocess

#: Settings that make a run take a second.
SMALL = dict(sizes=[784, 20, 47], K=3, Q=2, threads=2)


def command_line(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command and takes down what it says."""
    return subprocess.run(
        [command, *arguments], capture_output=True, encoding="utf-8", check=False
    )
