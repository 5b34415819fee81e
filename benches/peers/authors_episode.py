"""The authors' own program on the same episode as `metaplast episode`, number against number.

Runs the unmodified `MetaLearner.train()` of a checkout of the code that was published with
Shervani-Tabar & Rosenbaum, Nature Communications 14:1805 (2023), on given W, B, images and
theta, in float64, and compares with what metaplast makes of the same. See README.md.
"""

import argparse
import contextlib
import gzip
import importlib
import json
import math
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

SIZES = (784, 170, 130, 100, 70, 47)  # what the authors' MyModel has built in
BETA = 10.0
CLASSES, SHOTS, QUERIES = 5, 50, 10  # M, K and Q of Alg. 1
ZERO_PIXELS = 0.67  # about the share of zero pixels in EMNIST


class Rule(NamedTuple):
    """A rule as each program names it; theta is about what training arrives at."""

    theta: dict[int, float]  # {r of F^r: theta_r}
    vec: tuple[str, ...]  # --vec of the authors' program: '1' is F2, '2' is F9
    fbk: str  # --fbk: 'sym' or 'fix'


RULES = {
    "bp": Rule({0: 0.015}, (), "sym"),
    "fa": Rule({0: 0.012}, (), "fix"),
    "ehebb": Rule({0: 0.01, 2: -0.05}, ("1",), "fix"),
    "oja": Rule({0: 0.012, 9: 0.005}, ("2",), "fix"),
    "bio": Rule({0: 0.012, 2: -0.05, 9: 0.005}, ("1", "2"), "fix"),
}
PLACE = {0: 0, 2: 1, 9: 2}  # where the authors' Theta has the coefficient of F^r


class Episode(NamedTuple):
    """W[l] and B[l] are post x pre; images are count x pixels in [0, 1]."""

    W: list[np.ndarray]
    B: list[np.ndarray]
    train: tuple[np.ndarray, np.ndarray]
    query: tuple[np.ndarray, np.ndarray]


def read_idx(path: Path) -> np.ndarray:
    """The array of an IDX file, gzipped or not."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def draw_images(rng: np.random.Generator, files: tuple[Path, Path] | None) -> tuple:
    """A task: training images in random order, and query images; noise without `files`."""
    if files is None:
        labels = rng.choice(SIZES[-1], CLASSES, replace=False)

        def noise(count: int) -> np.ndarray:
            x = rng.uniform(size=(count, SIZES[0]))
            return x * (rng.uniform(size=x.shape) > ZERO_PIXELS)

        of_class = {label: noise(SHOTS + QUERIES) for label in labels}
    else:
        images, all_labels = (read_idx(path) for path in files)
        labels = rng.choice(np.unique(all_labels), CLASSES, replace=False)
        flat = images.reshape(len(images), -1) / 255.0
        of_class = {label: flat[all_labels == label][: SHOTS + QUERIES] for label in labels}
        short = [int(c) for c, x in of_class.items() if len(x) < SHOTS + QUERIES]
        if short:
            raise SystemExit(f"error: class {short[0]} has fewer than {SHOTS + QUERIES} images")
    train = [(x, label) for label in labels for x in of_class[label][:SHOTS]]
    query = [(x, label) for label in labels for x in of_class[label][SHOTS:]]
    order = rng.permutation(len(train))

    def stacked(pairs: list) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([x for x, _ in pairs]), np.array([int(label) for _, label in pairs])

    return stacked([train[i] for i in order]), stacked(query)


def draw(seed: int, files: tuple[Path, Path] | None) -> Episode:
    """Xavier W and B, and a task."""
    rng = np.random.default_rng(seed)

    def xavier() -> list[np.ndarray]:
        shapes = list(zip(SIZES[1:], SIZES))
        return [rng.uniform(-1, 1, shape) * math.sqrt(6 / sum(shape)) for shape in shapes]

    W, B = xavier(), xavier()
    train, query = draw_images(rng, files)
    return Episode(W, B, train, query)


class Outcome(NamedTuple):
    """What both programs measure. `gradient` has the rule's terms alone."""

    loss: float
    gradient: np.ndarray
    W: list[np.ndarray]
    orthonormality: np.ndarray
    angles: np.ndarray


def load(checkout: Path) -> types.ModuleType:
    """The authors' main.py. What it imports and never calls here is stood in for if missing."""
    if not (checkout / "main.py").is_file():
        raise SystemExit(f"error: {checkout}: has no main.py; give the folder of a checkout")
    sys.path.insert(0, str(checkout))
    for name in ("torchvision", "torchvision.transforms", "PIL", "PIL.Image", "requests",
                 "matplotlib", "matplotlib.pyplot"):
        try:
            importlib.import_module(name)
        except ImportError:
            stand_in = types.ModuleType(name)
            sys.modules[name] = stand_in
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, stand_in)
    if not hasattr(torch.nn.utils, "_stateless"):
        from torch.nn.utils import stateless  # its name from torch 1.12 on

        torch.nn.utils._stateless = stateless
        sys.modules["torch.nn.utils._stateless"] = stateless
    return importlib.import_module("main")


class Theirs:
    """The authors' learner, fed with our W, B, images and theta."""

    def __init__(self, checkout: Path, rule: Rule, dtype: torch.dtype, threshold: float) -> None:
        torch.set_default_dtype(dtype)
        self.dtype, self.rule = dtype, rule
        self.main = load(checkout)
        self.utils = importlib.import_module("utils")
        self.folder = tempfile.TemporaryDirectory()
        args = types.SimpleNamespace(
            device=torch.device("cpu"), K=SHOTS, M=CLASSES, Q=QUERIES, dim=28, database="emnist",
            a=1e-3, lamb=0.0, lr_meta=1e-3, avg_window=10, res_dir=self.folder.name,
            vec=list(rule.vec), fbk=rule.fbk,
        )
        self.learner = self.main.MetaLearner([], args)
        self.learner.model.sopl = torch.nn.Softplus(beta=BETA, threshold=threshold)
        # Images come in their order, and pictures of one episode are none.
        self.learner.data_process.iid = False
        self.learner.plot = lambda: None
        self.seen: dict = {}
        self._listen()

    def _listen(self) -> None:
        """Keeps the numbers that the program computes, before it rounds them into files."""
        seen, learner, stats = self.seen, self.learner, self.main.meta_stats
        files = {"E1_meta": "orthonormality", "e_ang_meta": "angles", "loss_meta": "loss"}

        def log(data: list, path: str) -> None:
            if key := files.get(Path(path).stem):
                seen[key] = np.array([float(x) for x in data])

        def meta_stats(logits, params, *rest):
            weights = [v for k, v in params.items() if k.startswith("fc")]
            seen["W"] = [w.detach().numpy().copy() for w in weights]
            return stats(logits, params, *rest)

        def step() -> None:
            seen["gradient"] = [0.0 if p.grad is None else p.grad.item() for p in learner.Theta]

        self.main.log = self.utils.log = log
        self.main.meta_stats = meta_stats
        learner.OptimMeta.step = step

    def run(self, episode: Episode, copy_saved: bool) -> None:
        """One pass of MetaLearner.train() over one task."""
        learner, rule = self.learner, self.rule
        model = learner.model
        given = {f"fc{i + 1}": w for i, w in enumerate(episode.W)}
        given |= {f"fk{i + 1}": b for i, b in enumerate(episode.B)}
        names = {module: name for name, module in model.named_modules()}

        def weights_init(module: torch.nn.Module) -> None:
            if (matrix := given.get(names[module])) is not None:
                module.weight.data = torch.tensor(matrix, dtype=self.dtype)

        learner.weights_init = weights_init
        with torch.no_grad():
            for r, value in rule.theta.items():
                learner.Theta[PLACE[r]].data = torch.tensor(value, dtype=self.dtype)

        def part(images: tuple[np.ndarray, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.tensor(images[0], dtype=self.dtype), torch.tensor(images[1])

        learner.metatrain_dataset = [(*part(episode.train), *part(episode.query))]
        # `fk.data = fc` after each update leaves autograd with the last W for every step; a copy
        # of each saved tensor gives it back the one that the step used.
        saved = torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t)
        with saved if copy_saved else contextlib.nullcontext():
            with contextlib.redirect_stdout(None):
                learner.train()

    def outcome(self) -> Outcome:
        seen = self.seen
        gradient = np.array([seen["gradient"][PLACE[r]] for r in self.rule.theta])
        return Outcome(
            float(seen["loss"][0]), gradient, seen["W"], seen["orthonormality"], seen["angles"]
        )


def ours(metaplast: str, rule: Rule, episode: Episode) -> Outcome:
    """What `metaplast episode` makes of it, in float64."""
    theta = [rule.theta.get(r, 0.0) for r in range(10)]
    images = {
        name: {"x": x.tolist(), "label": label.tolist()}
        for name, (x, label) in (("train", episode.train), ("query", episode.query))
    }
    case = {
        "sizes": SIZES, "activation": {"kind": "softplus", "beta": BETA}, "lambda": 0.0,
        "feedback": "symmetric" if rule.fbk == "sym" else "fixed",
        "terms": list(rule.theta), "theta": theta,
        "W": [w.tolist() for w in episode.W], "B": [b.tolist() for b in episode.B], **images,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.json"
        path.write_text(json.dumps(case))
        done = subprocess.run([metaplast, "episode", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip() or f"error: {metaplast} failed")
    found = json.loads(done.stdout)
    return Outcome(
        found["meta_loss"],
        np.array([found["gradient"][r] for r in rule.theta]),
        [np.array(w) for w in found["W"]],
        np.array(found["orthonormality"]),
        np.array(found.get("angles_deg") or np.zeros(len(SIZES))),
    )


def difference(theirs: Outcome, mine: Outcome) -> dict[str, float]:
    """Relative to the largest entry; angles in degrees, those of the pixels and output left out."""

    def relative(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.abs(a - b).max() / np.abs(a).max())

    return {
        "loss": abs(mine.loss / theirs.loss - 1),
        "gradient": relative(theirs.gradient, mine.gradient),
        "W": max(relative(a, b) for a, b in zip(theirs.W, mine.W)),
        "orthonormality": relative(theirs.orthonormality, mine.orthonormality),
        "angles_deg": float(np.abs(theirs.angles[1:-1] - mine.angles[1:-1]).max()),
    }


def compare(args: argparse.Namespace, name: str) -> dict:
    """The worst differences over a few episodes."""
    rule = RULES[name]
    threshold = math.inf if args.no_threshold else 20.0
    theirs = Theirs(args.checkout, rule, torch.float64, threshold)
    worst: dict[str, float] = {}
    for seed in range(args.episodes):
        episode = draw(seed, args.files)
        theirs.run(episode, args.copy_saved)
        found = difference(theirs.outcome(), ours(args.metaplast, rule, episode))
        worst = {key: max(value, worst.get(key, 0.0)) for key, value in found.items()}
    row = {"rule": name, "episodes": args.episodes, "copy_saved": args.copy_saved}
    return row | {key: float(f"{value:.1e}") for key, value in worst.items()}


def timed(checkout: Path, name: str, repeats: int, files: tuple[Path, Path] | None) -> dict:
    """Milliseconds and peak memory of their episode in float32, in a process of its own."""
    torch.set_num_threads(1)
    theirs = Theirs(checkout, RULES[name], torch.float32, 20.0)
    episode = draw(0, files)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        theirs.run(episode, False)
        times.append(1e3 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "ms": round(statistics.median(times[1:]), 1),
        "peak_rss_mb": round(peak * 1024 / 1e6, 1),
        "of_it_the_episode": round((peak - before) * 1024 / 1e6, 1),
    }


def time_both(args: argparse.Namespace, name: str) -> dict:
    """Both programs turn about on one core: their train() in float32, and `metaplast bench`."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool:
        theirs = pool.apply(timed, (args.checkout, name, args.time, args.files))
    command = [args.metaplast, "bench", "--rule", name, "--threads", "1", "--json"]
    command += ["--episodes", str(10 * args.time)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    mine = json.loads(done.stdout)
    median = mine["ms_per_episode"]["median"]
    return {
        "rule": name, "theirs": theirs,
        "ours": {"ms": round(median, 2), "peak_rss_mb": mine["peak_rss_mb"]},
        "times_as_fast": round(theirs["ms"] / median, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="folder with the authors' main.py")
    parser.add_argument("--metaplast", default="target/release/metaplast", help="the program")
    parser.add_argument("--rule", choices=RULES, action="append", help="default: all")
    parser.add_argument("--episodes", type=int, default=3, help="episodes to compare [3]")
    parser.add_argument("--files", type=Path, nargs=2, metavar=("IMAGES", "LABELS"),
                        help="IDX files of real images [noise]")
    parser.add_argument("--copy-saved", action="store_true",
                        help="copy what their autograd saves, which mends their BP")
    parser.add_argument("--no-threshold", action="store_true",
                        help="without PyTorch's softplus turning into the identity above 20")
    parser.add_argument("--time", type=int, metavar="N", help="time N episodes instead")
    args = parser.parse_args()
    if args.time:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name in args.rule or RULES:
        print(json.dumps(time_both(args, name) if args.time else compare(args, name)), flush=True)


if __name__ == "__main__":
    main()
