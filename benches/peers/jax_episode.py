"""One meta-training episode in JAX: a peer to time metaplast against, on one core.

Equation numbers are those of Shervani-Tabar & Rosenbaum, Nature Communications
14:1805 (2023), https://doi.org/10.1038/s41467-023-37562-1. See README.md.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

SIZES = (784, 170, 130, 100, 70, 47)
BETA = 10.0
CLASSES, SHOTS, QUERIES = 5, 50, 10  # M, K and Q of Alg. 1
ZERO_PIXELS = 0.67  # about the share of zero pixels in EMNIST
TOLERANCE = 1e-9  # both sides are float64, so only rounding separates them

# Initial coefficients, {term: theta_r}, small enough that 250 updates stay finite.
RULES: dict[str, dict[int, float]] = {
    "fa": {0: 0.01},
    "bp": {0: 0.01},
    "bio": {0: 0.01, 2: -0.05, 9: 0.005},
    "pool": {0: 1e-3} | dict.fromkeys(range(1, 10), 1e-5),
}


class Images(NamedTuple):
    """Images (count x pixels, in [0, 1]) and their class ids (count)."""

    x: Array
    label: Array


class Episode(NamedTuple):
    """What an episode's loss depends on besides theta.

    W[l] is post x pre and B[l] has its shape; B is None for detached symmetric feedback.
    """

    W: list[Array]
    B: list[Array] | None
    train: Images
    query: Images


class Rule(NamedTuple):
    """The learned terms, in the order of theta; those each layer uses; beta; lambda."""

    terms: tuple[int, ...]
    layers: list[tuple[int, ...]]
    beta: float = BETA
    l1: float = 0.0


def transposed_product(W: Array, u: Array) -> Array:
    """W^T u as a row times a matrix, which XLA's CPU code runs much faster than W.T @ u."""
    return (u[None] @ W)[0]


def forward(W: list[Array], x: Array, beta: float) -> tuple[list[Array], list[Array]]:
    """Pre-activations z_1..z_L and activities y_0..y_L of one image (Eqs. 1, 13)."""
    z, y = [], [x]
    for W_l in W:
        z.append(W_l @ y[-1])
        y.append(jax.nn.softplus(beta * z[-1]) / beta)
    y[-1] = jax.nn.softmax(z[-1])
    return z, y


def errors(B: list[Array], y: list[Array], label: Array, beta: float) -> list[Array]:
    """Errors e_0..e_L, fed back through B (Eqs. 2, 3); e_0 is the synthetic one (Eq. 24)."""
    e = [y[-1] - jax.nn.one_hot(label, y[-1].size, dtype=y[-1].dtype)]
    for B_l, y_pre in zip(reversed(B), reversed(y[:-1])):
        e.insert(0, transposed_product(B_l, e[0]) * -jnp.expm1(-beta * y_pre))
    return e


def plasticity(
    theta: dict[int, Array], W: Array, z: Array, y: Array, e: Array, y_pre: Array, e_pre: Array
) -> Array:
    """W + sum_r theta_r F^r of one layer (Eqs. 5, 14-23), each F^r as scalar * post (x) pre.

    Terms of one post- and pre-synaptic pair add their scalars, so the update has rank at
    most 3 besides decay. With v = W^T y no matrix product is formed. What a rule does not
    use is dropped when the program is compiled.
    """
    v = transposed_product(W, y)
    posts = {"e": e, "y": y, "1": jnp.ones_like(y)}
    pres = {"y-": y_pre, "e-": e_pre, "y- - v": y_pre - v}
    products = {
        0: (-1.0, "e", "y-"),
        1: (-1.0, "y", "e-"),
        2: (-1.0, "e", "e-"),
        4: (-1.0, "1", "e-"),
        5: (-y.sum(), "e", "y-"),
        6: (-(v @ e_pre), "y", "e-"),
        7: (-(v @ e_pre), "e", "y-"),
        8: (-(z @ e), "y", "e-"),
        9: (1.0, "y", "y- - v"),
    }
    rows: dict[str, dict[str, Array]] = {}
    for r in sorted(theta.keys() & products.keys()):
        scalar, post, pre = products[r]
        row = rows.setdefault(post, {})
        row[pre] = row.get(pre, 0.0) + theta[r] * scalar
    change = sum(
        jnp.outer(posts[post], sum(scalar * pres[pre] for pre, scalar in row.items()))
        for post, row in rows.items()
    )
    decay = theta[3] * W if 3 in theta else 0.0
    return W + change - decay


def meta_loss(theta: Array, episode: Episode, rule: Rule) -> Array:
    """Query cross-entropy after one online update an image, + lambda |theta|_1 (Alg. 1, Eq. 6)."""
    coefficients = dict(zip(rule.terms, theta))
    layers = [{r: coefficients[r] for r in terms} for terms in rule.layers]

    def update(W: list[Array], image: Images) -> tuple[list[Array], None]:
        z, y = forward(W, image.x, rule.beta)
        B = jax.lax.stop_gradient(W) if episode.B is None else episode.B
        e = errors(B, y, image.label, rule.beta)
        return [plasticity(*args) for args in zip(layers, W, z, y[1:], e[1:], y, e)], None

    W, _ = jax.lax.scan(update, episode.W, episode.train)
    logits = jax.vmap(lambda x: forward(W, x, rule.beta)[0][-1])(episode.query.x)
    log_p = jnp.take_along_axis(jax.nn.log_softmax(logits), episode.query.label[:, None], axis=1)
    return -log_p.mean() + rule.l1 * jnp.abs(theta).sum()


Derivative = Callable[[Array, Episode], tuple[Array, Array]]


def derivative(mode: str, rule: Rule) -> Derivative:
    """The compiled (theta, episode) -> (meta-loss, gradient), differentiated in `mode`."""

    def reverse(theta: Array, episode: Episode) -> tuple[Array, Array]:
        return jax.value_and_grad(meta_loss)(theta, episode, rule)

    def push(theta: Array, episode: Episode, direction: Array) -> tuple[Array, Array]:
        return jax.jvp(lambda t: meta_loss(t, episode, rule), (theta,), (direction,))

    def forward_vmap(theta: Array, episode: Episode) -> tuple[Array, Array]:
        basis = jnp.eye(theta.size, dtype=theta.dtype)
        return jax.vmap(lambda d: push(theta, episode, d), out_axes=(None, 0))(basis)

    def forward_loop(theta: Array, episode: Episode) -> tuple[Array, Array]:
        basis = jnp.eye(theta.size, dtype=theta.dtype)
        losses, gradient = jax.lax.map(lambda d: push(theta, episode, d), basis)
        return losses[0], gradient

    if mode == "forward-calls":
        return forward_calls(rule)
    modes = {"reverse": reverse, "forward-vmap": forward_vmap, "forward-loop": forward_loop}
    return jax.jit(modes[mode])


def forward_calls(rule: Rule) -> Derivative:
    """One jvp of the whole scan with theta as its only input, compiled once for an episode
    and called once a coefficient: W, B and the images are constants of the program."""
    compiled: dict[int, tuple[Episode, Callable]] = {}

    def forward(theta: Array, episode: Episode) -> tuple[Array, Array]:
        if id(episode) not in compiled:

            def push(theta: Array, direction: Array) -> tuple[Array, Array]:
                return jax.jvp(lambda t: meta_loss(t, episode, rule), (theta,), (direction,))

            # The episode is kept with the program, so that no other can take its id.
            compiled[id(episode)] = episode, jax.jit(push)
        _, push = compiled[id(episode)]
        pairs = [push(theta, direction) for direction in jnp.eye(theta.size, dtype=theta.dtype)]
        return pairs[0][0], jnp.stack([partial for _, partial in pairs])

    return forward


MODES = {"reverse": ["reverse"], "forward": ["forward-vmap", "forward-loop", "forward-calls"]}


def network(text: str) -> tuple[int, ...]:
    """Units of each layer, like 784-170-130-100-70-47."""
    return tuple(int(units) for units in text.split("-"))


def synthetic_images(rng: np.random.Generator, pixels: int) -> tuple[Images, Images]:
    """Training and query images of uniform pixels, ZERO_PIXELS of them 0, in random order."""

    def draw(per_class: int) -> Images:
        label = rng.permutation(np.repeat(np.arange(CLASSES), per_class))
        x = rng.uniform(size=(label.size, pixels))
        return Images(jnp.asarray(x * (rng.uniform(size=x.shape) > ZERO_PIXELS)), jnp.asarray(label))

    return draw(SHOTS), draw(QUERIES)


def stored_images(path: Path) -> tuple[Images, Images]:
    """Training and query images of an .npz with train_x, train_label, query_x, query_label."""
    with np.load(path) as data:
        return tuple(
            Images(jnp.asarray(data[f"{part}_x"], jnp.float32), jnp.asarray(data[f"{part}_label"]))
            for part in ("train", "query")
        )


class Task(NamedTuple):
    """What is timed: a rule's name, the units of each layer, the images if not synthetic."""

    name: str
    sizes: tuple[int, ...]
    data: Path | None


def drawn_episode(task: Task) -> Episode:
    """Xavier W (and B, unless backprop), seed 0, float32."""
    rng = np.random.default_rng(0)

    def xavier() -> list[Array]:
        shapes = zip(task.sizes[1:], task.sizes)
        bounds = [(shape, np.sqrt(6.0 / sum(shape))) for shape in shapes]
        return [jnp.asarray(rng.uniform(-b, b, s), jnp.float32) for s, b in bounds]

    W, B = xavier(), xavier()
    drawn = stored_images(task.data) if task.data else synthetic_images(rng, task.sizes[0])
    return Episode(W, None if task.name == "bp" else B, *drawn)


def peak_rss_mb() -> float:
    """Peak resident memory of this process, not of the one that started it, in MB of 10^6 bytes."""
    status = Path("/proc/self/status").read_text()
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return round(int(kibibytes) * 1024 / 1e6, 1)


def measure(task: Task, mode: str, repeats: int) -> dict:
    """Time one rule in one mode after a warm-up call, in a process of its own."""
    terms = tuple(RULES[task.name])
    rule = Rule(terms, [terms] * (len(task.sizes) - 1))
    theta = jnp.asarray(list(RULES[task.name].values()), jnp.float32)
    episode = drawn_episode(task)
    run = derivative(mode, rule)
    loss, gradient = jax.block_until_ready(run(theta, episode))
    if not (jnp.isfinite(loss) and jnp.isfinite(gradient).all()):
        raise FloatingPointError(f"{task.name}: the episode diverged, loss {loss}")
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(run(theta, episode))
        times.append(1e3 * (time.perf_counter() - start))
    statistic = {"min": min(times), "median": statistics.median(times), "max": max(times)}
    return {
        "rule": task.name,
        "sizes": "-".join(map(str, task.sizes)),
        "mode": mode,
        "ms_per_episode": {key: round(ms, 2) for key, ms in statistic.items()},
        "peak_rss_mb": peak_rss_mb(),
        "jax": jax.__version__,
    }


def best(task: Task, mode: str, repeats: int) -> dict:
    """The fastest way of `mode`, each way in a fresh process so that peak memory is its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        rows = [pool.submit(measure, task, way, repeats).result() for way in MODES[mode]]
    row = min(rows, key=lambda row: row["ms_per_episode"]["median"])
    return row | {"mode": mode, "way": row["mode"]}


def check(path: Path) -> bool:
    """Compare meta-loss and gradient with a golden case, in float64 and every mode."""
    case = json.loads(path.read_text())
    if case["feedback"] not in ("fixed", "symmetric"):
        raise ValueError(f"{path}: feedback {case['feedback']!r}; fixed or symmetric would be right")
    jax.config.update("jax_enable_x64", True)
    layers = case["terms"]
    if not isinstance(layers[0], list):
        layers = [layers] * (len(case["sizes"]) - 1)
    layers = [tuple(terms) for terms in layers]
    used = tuple(sorted(set().union(*layers)))
    rule = Rule(used, layers, case["activation"]["beta"], case["lambda"])
    matrices = {key: [jnp.asarray(m) for m in case[key]] for key in ("W", "B") if key in case}
    images = {
        part: Images(jnp.asarray(case[part]["x"]), jnp.asarray(case[part]["label"]))
        for part in ("train", "query")
    }
    episode = Episode(matrices["W"], matrices.get("B"), **images)
    theta = jnp.asarray([case["theta"][r] for r in used])
    expected = np.asarray(case["expect"]["gradient"])

    passed = True
    for mode in (way for ways in MODES.values() for way in ways):
        loss, partial = derivative(mode, rule)(theta, episode)
        gradient = np.zeros(expected.size)
        gradient[list(used)] = partial
        loss_error = float(abs(loss / case["expect"]["meta_loss"] - 1))
        gradient_error = float(abs(gradient - expected).max() / abs(expected).max())
        ok = loss_error < TOLERANCE and gradient_error < TOLERANCE
        passed &= ok
        row = {"case": path.name, "mode": mode, "loss_error": loss_error}
        print(json.dumps(row | {"gradient_error": gradient_error, "ok": ok}), flush=True)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rule", choices=RULES, action="append", help="default: all")
    parser.add_argument("--mode", choices=MODES, action="append", help="default: both")
    parser.add_argument("--cpu", type=int, default=0, help="the one core to run on")
    parser.add_argument("--repeats", type=int, default=5, help="timed episodes after the warm-up")
    parser.add_argument("--sizes", default=SIZES, type=network, help="default: the paper's network")
    parser.add_argument("--data", type=Path, help=stored_images.__doc__)
    parser.add_argument("--check", type=Path, nargs="+", metavar="CASE", help=check.__doc__)
    args = parser.parse_args()

    # XLA reads both at its first use, not when imported; worker processes inherit them.
    os.sched_setaffinity(0, {args.cpu})
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

    if args.check:
        return 0 if all([check(path) for path in args.check]) else 1
    for name in args.rule or RULES:
        for mode in args.mode or MODES:
            task = Task(name, args.sizes, args.data)
            print(json.dumps(best(task, mode, args.repeats)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
