"""Contests of tester_learner: the learner beside published descent and scikit-learn, learning and testing at size; samplers in their own module."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from bench_tester_learner_samplers import sampler_contests
from contest import Contender, Contest
from peers_tester_learner import Data, average, descend, draw, logistic_direction, published, region_statistics

from theorylab.models.label_noise import flip_labels, halfspace_labels, oriented_massart_noise
from theorylab.papers.tester_learner.closed_form import massart_critical_angle
from theorylab.papers.tester_learner.estimators import TesterLearner, fit_surrogate, paper_regions, run_tests

SLUG = "tester_learner"
RATE = 0.2
WIDTH = 0.3


def _ours(data: Data) -> np.ndarray:
    """Return the direction of the full-batch descent with its default schedule, from the first axis as the published method."""
    x, y, _ = data
    return fit_surrogate(x, y, ramp_width=WIDTH, noise_rate=RATE, start=np.eye(1, x.shape[1])[0]).direction


def _mean_angle(fit: Callable[[Data], np.ndarray], data_sets: list[Data]) -> float:
    return float(np.mean([math.acos(min(1.0, float(fit(data) @ data[2]))) for data in data_sets]))


def _written_out(data: Data) -> np.ndarray:
    return published(data, frozen=False)


def _longer_steps(data: Data) -> np.ndarray:
    return published(data, step=0.05, scale=0.3, frozen=False)


def random_noise() -> Contest:
    """Return learning under random classification noise: the published setting, one sample a step."""
    data_sets = [draw(np.random.default_rng(seed), 5000, 10, RATE) for seed in range(3)]
    data = data_sets[0]
    fits = {"ours": _ours, "published": _written_out, "longer steps": _longer_steps, "logistic": logistic_direction, "average": average}
    angles = {name: _mean_angle(fit, data_sets) for name, fit in fits.items()}
    # The published method stands twice among the contenders.
    shown = ", ".join(f"{angles[name]:.3f}" for name in ("ours", "published", *list(angles)[1:]))

    def check() -> None:
        few = (data[0][:500], data[1][:500], data[2])
        # Both forms of the published method take the same steps.
        assert np.max(np.abs(published(few) - published(few, frozen=False))) < 1e-9
        assert angles["ours"] <= min(angles.values())

    return Contest(
        SLUG,
        "halfspace under random noise, eta = .2, n = 5000, d = 10",
        (
            Contender("fit_surrogate, full batch", lambda: _ours(data)),
            Contender("single-sample projected descent as published, slope by a scipy object", lambda: published(data)),
            Contender("the same, slope written out", lambda: _written_out(data)),
            Contender("the same, longer steps", lambda: _longer_steps(data)),
            Contender("scikit-learn LogisticRegression", lambda: logistic_direction(data)),
            Contender("numpy, mean of y x", lambda: average(data)),
        ),
        answer=f"a direction; mean angles to the target in this order {shown}",
        check=check,
        target=200.0,
        rounds=3,
    )


def _oriented(rng: np.random.Generator, n: int, d: int) -> Data:
    """Draw Gaussian rows with Massart noise turned against the direction at which it can just hold the learner."""
    trap = float(massart_critical_angle(WIDTH, RATE))
    x = rng.standard_normal((n, d))
    target = math.cos(trap) * np.eye(1, d)[0] + math.sin(trap) * np.eye(1, d, 1)[0]
    margins = x @ target
    flips = oriented_massart_noise(margins, x[:, 1], RATE)
    return x, flip_labels(rng.random(n), halfspace_labels(margins), flips), target


def massart_noise() -> Contest:
    """Return learning where the noise is turned against the learner: methods that trust the mean are biased at every sample size."""
    data_sets = [_oriented(np.random.default_rng(seed), 50_000, 10) for seed in range(3)]
    data = data_sets[0]
    angles = {name: _mean_angle(fit, data_sets) for name, fit in {"ours": _ours, "logistic": logistic_direction, "average": average}.items()}

    def check() -> None:
        assert angles["ours"] < 0.5 * min(angles["logistic"], angles["average"])

    return Contest(
        SLUG,
        "halfspace under Massart noise turned against the learner, eta = .2, n = 5e4, d = 10",
        (
            Contender("fit_surrogate, full batch", lambda: _ours(data)),
            Contender("scikit-learn LogisticRegression", lambda: logistic_direction(data)),
            Contender("numpy, mean of y x", lambda: average(data)),
        ),
        answer="not equal: mean angles in this order " + ", ".join(f"{value:.3f}" for value in angles.values()),
        check=check,
    )


def _learn_and_test(x: np.ndarray, y: np.ndarray, width: float) -> tuple[np.ndarray, bool]:
    """Learn on the first half and test on the second, as `TesterLearner` does without a search, in plain numpy."""
    half = len(x) // 2
    iterations = math.ceil(math.pi**2 / ((1.0 - 2.0 * RATE) * width)) + math.ceil(40.0 / (1.0 - 2.0 * RATE))
    w = descend(x[:half], y[:half], average((x[:half], y[:half], y)), ramp_width=width, step=width, iterations=iterations)
    regions = paper_regions(width)
    found = region_statistics(x[half:], w, [(region.low, region.high) for region in regions])
    p = x.shape[1] - 1
    masses = np.array([math.erf(region.high / math.sqrt(2.0)) - math.erf(max(region.low, 0.0) / math.sqrt(2.0)) for region in regions])
    ratios = found[:, 0] / (len(x) - half) / masses
    passed = (ratios >= 0.5) & (ratios <= 2.0) & (found[:, 1] >= 0.5) & (found[:, 2] <= 2.0) & (found[:, 3] <= 0.5)
    return w, bool(np.all(passed & (found[:, 4] <= 2.0 * p * (p + 2.0))))


def learn_and_test() -> Contest:
    """Return learning and testing at d = 200, n = 1e5."""
    width = 0.4
    data = draw(np.random.default_rng(1), 100_000, 200, RATE)
    options = {"ramp_width": width, "random_state": 0}

    def parts(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, bool]:
        half = len(x) // 2
        w = fit_surrogate(x[:half], y[:half], ramp_width=width, noise_rate=RATE).direction
        return w, run_tests(x[half:], w, ramp_width=width).accepted

    def check() -> None:
        # A half of so few rows has one stage of descent, as half of 1e5 rows in 200 dimensions has.
        x, y, _ = draw(np.random.default_rng(2), 30_000, 20, RATE)
        (w, accepted), (other, verdict) = parts(x, y), _learn_and_test(x, y, width)
        assert np.max(np.abs(w - other)) < 1e-9
        assert accepted == verdict
        regions = [region for region in run_tests(x[15_000:], w, ramp_width=width).results if region.name.startswith(("smallest", "largest"))]
        exact = region_statistics(x[15_000:], w, [(region.low, region.high) for region in paper_regions(width)])[:, 1:3].ravel()
        assert np.max(np.abs(np.array([result.statistic for result in regions]) - exact)) < 1e-9

    return Contest(
        SLUG,
        "learn and test, d = 200, n = 1e5 (at most 5 s asked)",
        (
            Contender("fit_surrogate and run_tests, tolerant", lambda: parts(data[0], data[1])),
            Contender("numpy, the same steps and tests", lambda: _learn_and_test(data[0], data[1], width)),
            Contender("TesterLearner, tolerant, with the search for noise", lambda: TesterLearner(RATE, **options).fit(data[0], data[1])),
            Contender(
                "TesterLearner, calibrated, with the search for noise",
                lambda: TesterLearner(RATE, mode="calibrated", **options).fit(data[0], data[1]),
            ),
        ),
        answer="first two: directions and statistics to 1e-9; the others split at random, copy and search as well",
        check=check,
        rounds=3,
    )


def contests() -> list[Contest]:
    """Return the contests of the paper."""
    return [random_noise(), massart_noise(), learn_and_test(), *sampler_contests()]
