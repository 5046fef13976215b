"""The tester-learner beside single-sample projected descent as published for Massart noise, and the evidence for its default ramp widths.

Both learners see the same data sets, in one run on one thread; times are processor times, the least of several rounds. The published method
(arXiv:2002.05632) takes one step a sample on the logistic surrogate from the first axis, keeps every iterate and its opposite, and answers with the
one of least error on held-out rows. It is timed twice: with the slope of the loss from a distribution object of scipy made at each step, as in public
code, and with the slope written out.

Run as a script to see the tables (`--widths` adds the sweep over sizes, three minutes), or with pytest to have the ratios checked:

    python benchmarks/bench_tester_learner.py
    pytest benchmarks/bench_tester_learner.py
"""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.stats import logistic
from threadpoolctl import threadpool_limits

from theorylab.papers.tester_learner.estimators import TesterLearner, default_ramp_width, fit_surrogate
from theorylab.papers.tester_learner.monte_carlo import draw_scenario

RATE = 0.2
Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(rng: np.random.Generator, n: int, d: int, dtype: type = np.float64) -> Data:
    """Draw Gaussian rows, labels under random classification noise, and the target."""
    x = rng.standard_normal((n, d), dtype=dtype)  # type: ignore[call-overload]
    target = rng.standard_normal(d)
    target /= np.linalg.norm(target)
    return x, np.where(x @ target.astype(dtype) >= 0, 1.0, -1.0) * np.where(rng.random(n) < RATE, -1.0, 1.0), target


def published(data: Data, *, step: float = 0.005, scale: float = 0.1, frozen: bool = True) -> np.ndarray:
    """Return the direction of projected descent with one sample a step, the best iterate on a fifth of the rows."""
    x, y, _ = data
    held = len(x) // 5
    w = np.eye(1, x.shape[1])[0]
    iterates = [w]
    for row, label in zip(x[held:], y[held:], strict=True):
        margin = float(row @ w)
        if frozen:
            slope = float(logistic(scale=scale).pdf(-label * margin))
        else:
            tail = math.exp(-abs(margin) / scale)
            slope = tail / (scale * (1.0 + tail) ** 2)
        w = w + step * slope * label * (row - margin * w)
        w = w / math.sqrt(float(w @ w))
        iterates.append(w)
    best, least = w, math.inf
    for candidate in iterates:
        errors = float(np.mean((x[:held] @ candidate >= 0.0) != (y[:held] > 0.0)))
        for signed, error in ((candidate, errors), (-candidate, 1.0 - errors)):
            if error < least:
                best, least = signed, error
    return best


def ours(data: Data) -> np.ndarray:
    """Return the direction of the full-batch descent with its default schedule, from the first axis as well."""
    x, y, _ = data
    return fit_surrogate(x, y, ramp_width=0.3, noise_rate=RATE, start=np.eye(1, x.shape[1])[0]).direction


def angle(direction: np.ndarray, data: Data) -> float:
    """Return the angle to the target."""
    return math.acos(min(1.0, float(direction @ data[2])))


def least_time(fit: Callable[[Data], np.ndarray], data: Data, rounds: int) -> float:
    """Return the least processor time of several rounds."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        fit(data)
        times.append(time.process_time() - begin)
    return min(times)


def compare() -> dict[str, float]:
    """Measure learners at n = 5000, d = 10, print the table, and return the ratios."""
    data_sets = [draw(np.random.default_rng(seed), 5000, 10) for seed in range(3)]
    ours(data_sets[0])
    methods: dict[str, tuple[Callable[[Data], np.ndarray], int]] = {
        "full batch, ramp": (ours, 9),
        "single sample, scipy slope": (published, 1),
        "single sample, slope written out": (lambda data: published(data, frozen=False), 3),
        "single sample, longer steps": (lambda data: published(data, step=0.05, scale=0.3, frozen=False), 3),
    }
    print(f"{'n = 5000, d = 10, eta = .2':36s} {'seconds':>10s} {'ratio':>8s} {'angle':>8s}")
    seconds, angles = {}, {}
    for name, (fit, rounds) in methods.items():
        seconds[name] = float(np.mean([least_time(fit, data, rounds) for data in data_sets]))
        angles[name] = float(np.mean([angle(fit(data), data) for data in data_sets]))
        print(f"{name:36s} {seconds[name]:10.4f} {seconds[name] / seconds['full batch, ramp']:8.0f} {angles[name]:8.4f}")
    base = "full batch, ramp"
    return {
        "published": seconds["single sample, scipy slope"] / seconds[base],
        "written_out": seconds["single sample, slope written out"] / seconds[base],
        "angle": angles[base] / min(angles[name] for name in methods if name != base),
    }


def large() -> float:
    """Learn and test d = 200, n = 1e5 with all defaults; print and return the wall-clock seconds of the search mode in double precision."""
    seconds = math.nan
    for dtype in (np.float32, np.float64):
        for mode in ("tolerant", "calibrated"):
            data = draw(np.random.default_rng(1), 100_000, 200, dtype)
            begin = time.perf_counter()
            learner = TesterLearner(RATE, mode=mode, random_state=0).fit(data[0], data[1])
            seconds = time.perf_counter() - begin
            found = f"accepted {learner.accepted_}, angle {angle(learner.coef_[0], data):.4f}"
            print(f"d = 200, n = 1e5, {dtype.__name__}, {mode}: {seconds:.2f} s, {found}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    return seconds


def widths() -> None:
    """Print what half the default ramp width, the default and twice it do, over dimensions and sample sizes, under oriented Massart noise."""
    print(f"{'d':>4s} {'n':>8s} {'width':>7s} {'of default':>10s} {'angle':>7s} {'accepted':>8s} {'with search':>11s} {'seconds':>8s}")
    for d in (5, 20, 50, 100, 200):
        for n in (10_000, 100_000, 1_000_000):
            default = default_ramp_width(n, d, RATE, 0.05)
            for factor in (0.5, 1.0, 2.0):
                repeats = 4 if n * d <= 5_000_000 else 1
                rows = []
                for seed in range(repeats):
                    rng = np.random.default_rng([seed, d, n])
                    x, y, _, _, target = draw_scenario(rng, "gaussian_massart", sample_size=n, dimension=d, ramp_width=default, noise_rate=RATE)
                    x = x.astype(np.float32)
                    begin = time.perf_counter()
                    learner = TesterLearner(RATE, ramp_width=factor * default, random_state=seed).fit(x, y)
                    tests = all(result.passed for result in learner.report_.results[:-1])
                    rows.append((math.acos(min(1.0, learner.coef_[0] @ target)), tests, learner.accepted_, time.perf_counter() - begin))
                mean = np.mean(np.array(rows, dtype=float), axis=0)
                print(
                    f"{d:4d} {n:8d} {factor * default:7.4f} {factor:10.1f} {mean[0]:7.4f} {mean[1]:8.2f} {mean[2]:11.2f} {mean[3]:8.2f}", flush=True
                )


def test_ratios() -> None:
    """At least 200 times as fast as published, at no larger angle."""
    with threadpool_limits(1):
        ratios = compare()
    assert ratios["published"] >= 200
    assert ratios["angle"] <= 1.0


def test_large_sample() -> None:
    """Learning and testing d = 200, n = 1e5 takes less than 5 seconds."""
    assert large() < 5.0


if __name__ == "__main__":
    with threadpool_limits(1):
        compare()
    large()
    if "--widths" in sys.argv:
        widths()
