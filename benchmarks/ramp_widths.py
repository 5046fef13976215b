"""The evidence for the default ramp width of the halfspace learner: half of it, the default and twice it over dimensions and sample sizes."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from results_page import PAGE, markdown_table, write_section
from threadpoolctl import threadpool_limits

from theorylab.papers.tester_learner.estimators import TesterLearner, default_ramp_width
from theorylab.papers.tester_learner.monte_carlo import draw_scenario

__all__ = ["measure", "write"]

RATE, EXCESS_ERROR, FAILURE_PROBABILITY = 0.2, 0.05, 0.05
DIMENSIONS = (5, 20, 50, 100, 200)
SAMPLE_SIZES = (10_000, 100_000, 1_000_000)
FACTORS = (0.5, 1.0, 2.0)

_TEXT = (
    f"Gaussian rows in single precision, Massart noise turned against the learner, eta = {RATE:g}, eps = {EXCESS_ERROR:g}, "
    f'delta = {FAILURE_PROBABILITY:g}. "Tests pass" and "with search" are shares of 4 samples (one where n d > 5e6); seconds are processor time '
    "on one thread. The default is 4 eps, or the narrowest width for which the band of half-width sigma/6 keeps rows enough for the smallest "
    "eigenvalue and the learner's angle stays below sigma/4. Half of the narrowest width is rejected for want of rows, and twice the default costs "
    "up to twice the angle. A narrowest width of 1 (d >= 50 at n = 1e4) means that the sample is too small, and the search or the tests say so."
)


def measure(dimension: int, sample_size: int, factor: float) -> list[str]:
    """Return the row of one cell: the mean over some samples of angle, acceptance by the tests, acceptance with the search, and seconds."""
    default = default_ramp_width(sample_size, dimension, RATE, EXCESS_ERROR, failure_probability=FAILURE_PROBABILITY)
    found = []
    for seed in range(4 if sample_size * dimension <= 5_000_000 else 1):
        rng = np.random.default_rng([seed, dimension, sample_size])
        x, y, _, _, target = draw_scenario(rng, "gaussian_massart", sample_size=sample_size, dimension=dimension, ramp_width=default, noise_rate=RATE)
        rows = x.astype(np.float32)
        learner = TesterLearner(
            RATE, ramp_width=factor * default, excess_error=EXCESS_ERROR, failure_probability=FAILURE_PROBABILITY, random_state=seed
        )
        begin = time.process_time()
        learner.fit(rows, y)
        seconds = time.process_time() - begin
        # The last result is the search's.
        tests = all(result.passed for result in learner.report_.results[:-1])
        found.append((math.acos(min(1.0, float(learner.coef_[0] @ target))), tests, learner.accepted_, seconds))
    angle, tests, accepted, seconds = np.mean(np.array(found, dtype=float), axis=0)
    cells = [str(dimension), str(sample_size), f"{factor * default:.4f}", f"{factor:.1f}", f"{angle:.4f}", f"{tests:.2f}", f"{accepted:.2f}"]
    return [*cells, f"{seconds:.2f}"]


def write(dimensions: Sequence[int] = DIMENSIONS, sample_sizes: Sequence[int] = SAMPLE_SIZES, page: Path = PAGE) -> None:
    """Measure all cells and write the section; all sizes take some minutes."""
    rows = []
    with threadpool_limits(1):
        for d in dimensions:
            for n in sample_sizes:
                for factor in FACTORS:
                    rows.append(measure(d, n, factor))
                    print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    header = ("d", "n", "width", "of default", "angle", "tests pass", "with search", "seconds")
    title = "The default ramp width of the halfspace learner"
    write_section("widths", title, "python benchmarks/suite.py widths", [_TEXT, markdown_table(header, rows)], page)
