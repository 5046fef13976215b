"""The sweep of arXiv:2302.14853 over the steps of the learner: its angle to w* along the way, on Gaussian rows."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import entries
from theorylab.papers.tester_learner import monte_carlo
from theorylab.rows import Rows, sample_mean

__all__ = ["trajectory"]


def trajectory(lab: Laboratory) -> Rows:
    """Follow descents from 1.5 to where they settle, for several widths, noise rates and steps; all rows of a setting share their descents."""
    rows: Rows = []
    runs, size = lab.at_scale(6, 40), lab.at_scale(200_000, 2_000_000)
    for width, rate, step, iterations in ((0.2, 0.2, 0.05, 181), (0.3, 0.1, 0.1, 91), (0.1, 0.3, 0.05, 286)):
        setting = {"dimension": 10, "sample_size": size, "ramp_width": width, "noise_rate": rate, "step": step, "start_angle": 1.5}
        shown = range(0, iterations, lab.at_scale(15, 5))
        run = lab.run(monte_carlo.sample_descent_path, iterations=iterations, **setting)
        names = entries("value", iterations)
        found = run.few(runs, tuple(names[number] for number in shown))
        rows += [sample_mean(values, iteration=number, **setting) for number, values in zip(shown, found, strict=True)]
    return rows
