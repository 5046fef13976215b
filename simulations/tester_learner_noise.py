"""Sweeps of arXiv:2302.14853 over noise at its worst: where Massart noise traps the learner, and what adversarial flips do to the gradient."""

from __future__ import annotations

import math

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form, monte_carlo
from theorylab.rows import Rows, known, point, sample_mean

__all__ = ["adversarial_ratio", "critical_ratio"]

NAMES = ("angle", "averaging", "excess")


def critical_ratio(lab: Laboratory) -> Rows:
    """Run the learner under Massart noise that is turned against the direction at the critical angle, over rates and over widths."""
    rows: Rows = []
    runs = lab.at_scale(8, 40)
    size = lab.at_scale(100_000, 1_000_000)
    rates = lab.at_scale((0.1, 0.2, 0.3, 0.4, 0.45), (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.47))
    widths = lab.at_scale((0.2, 0.35, 0.7, 1.0), (0.1, 0.15, 0.25, 0.35, 0.7, 0.85, 1.0))
    places = [("rate", rate, 0.5) for rate in rates] + [("width", 0.3, width) for width in widths]
    for panel, rate, width in places:
        trap = round(float(closed_form.massart_critical_angle(width, rate)), 6)
        setting = {"dimension": 3, "sample_size": size, "ramp_width": width, "noise_rate": rate, "trap_angle": trap}
        found = lab.run(monte_carlo.sample_oriented_descent, **setting).few(runs, NAMES)
        rows += [sample_mean(values, panel=panel, value=name, **setting) for name, values in zip(NAMES, found, strict=True)]
    return rows


def adversarial_ratio(lab: Laboratory) -> Rows:
    """Flip what hurts most of rows in the band at a right angle to w*, over the flipped mass; and compute the best ratio of width to error."""
    best = closed_form.best_adversarial_width()
    rows: Rows = [known(best.ratio, panel="ratio", error_over_width=best.error_over_width)]
    size = lab.at_scale(5000, 50_000)
    for share in lab.at_scale(
        (0.02, 0.05, 0.08, 0.095, 0.11, 0.15, 0.2), (0.01, 0.02, 0.03, 0.05, 0.065, 0.08, 0.09, 0.095, 0.1, 0.11, 0.15, 0.2, 0.25)
    ):
        setting = {"angle": round(math.pi / 2, 12), "ramp_width": 0.1, "flipped_mass": round(0.1 * share, 12), "sample_size": size}
        run = lab.run(monte_carlo.sample_worst_flips, statistics=("gradient", "other"), separate=True, **setting)
        for name in ("gradient", "other"):
            rows.append(point(run.mean(name), absolute=lab.at_scale(0.004, 0.0005), panel="gradient", flips=name, error_over_width=share, **setting))
    return rows
