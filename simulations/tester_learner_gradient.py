"""The sweep of arXiv:2302.14853 over the angle: the gradient of the surrogate by width, by loss and under the worst Massart noise."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["gradient"]

LOSSES = ("ramp", "smooth_ramp", "logistic")


def gradient(lab: Laboratory) -> Rows:
    """Measure the component of minus the gradient towards w* in three panels: widths of the ramp, losses, and noise turned against w."""
    rows: Rows = []
    width = lab.at_scale(0.003, 0.0005)
    angles = lab.at_scale((0.02, 0.05, 0.12, 0.3, 0.7, 1.5), (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5))
    for ramp_width in (0.05, 0.2, 0.6, 2.0):
        for angle in angles:
            setting = {"angle": angle, "ramp_width": ramp_width, "noise_rate": 0.1}
            run = lab.run(monte_carlo.sample_band_gradient, **setting)
            rows.append(point(run.mean("gradient"), absolute=width, panel="width", **setting))
    for angle in angles:
        setting = {"angle": angle, "ramp_width": 0.2, "noise_rate": 0.1}
        run = lab.run(monte_carlo.sample_plane, statistics=LOSSES, separate=True, **setting)
        rows += [point(run.mean(loss), absolute=2 * width, panel="loss", loss=loss, **setting) for loss in LOSSES]
    for noise_rate in (0.2, 0.3, 0.4):
        for angle in angles:
            setting = {"angle": angle, "ramp_width": 0.2, "noise_rate": noise_rate}
            run = lab.run(monte_carlo.sample_band_gradient, noise="oriented", **setting)
            rows.append(point(run.mean("gradient"), absolute=width, panel="noise", **setting))
    return rows
