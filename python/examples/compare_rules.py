"""Two rules on the same tasks: curves, and accuracy on tasks that no training has seen."""

from __future__ import annotations

import argparse
from pathlib import Path

import metaplast


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", default=["fa", "bio"])
    parser.add_argument("--data", default="glyphs")
    parser.add_argument("--episodes", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    for rule in arguments.rules:
        run = metaplast.train(
            rule,
            data=arguments.data,
            episodes=arguments.episodes,
            trials=4,
            out=arguments.out / f"{rule}-compared",
        )
        run.plot().savefig(run.directory / "curves.png")
        print(metaplast.test(run))


if __name__ == "__main__":
    main()
