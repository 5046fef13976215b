"""The sweep of arXiv:2302.14853 over the sample size: who sees a pinch of one direction in a narrow band."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import monte_carlo
from theorylab.rows import Rows, share

__all__ = ["power"]

TESTS = ("band", "kurtosis", "covariance", "mardia")


def power(lab: Laboratory) -> Rows:
    """Measure the power of four tests against a pinch along an axis and along a direction between all axes, and their level."""
    rows: Rows = []
    sizes = lab.at_scale((300, 500, 1000, 2000, 5000, 20_000), (300, 400, 500, 700, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 300_000))
    for panel, half_width, turned in (("narrow", 0.05, False), ("aligned", 0.1, False), ("turned", 0.1, True)):
        for size in sizes:
            # Rare rows beyond 5000: one run takes as long as twenty small ones.
            runs = lab.at_scale(250 if size <= 5000 else 100, 1000 if size <= 50_000 else 200)
            setting = {"dimension": 20, "sample_size": size, "half_width": half_width, "factor": 0.05, "level": 0.05, "turned": turned}
            found = lab.run(monte_carlo.sample_pinch_power, **setting).few(runs, TESTS)
            rows += [share(round(float(values.sum())), runs, panel=panel, test=test, **setting) for test, values in zip(TESTS, found, strict=True)]
    return rows
