"""The grid behind the figure of logistic regression in high dimension (arXiv:2302.02334): its error, and when its estimate does not exist."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form, monte_carlo
from theorylab.rows import Rows, point

__all__ = ["proportional"]

HALF_DISTANCES = (0.3, 0.6, 1.0)


def proportional(lab: Laboratory) -> Rows:
    """Error against d/m up to seven tenths of the threshold; share of separable data around it for two dimensions; that share over r and d/m."""
    rows: Rows = []
    dimension, relative = lab.at_scale((30, 0.01), (100, 0.003))
    for r in HALF_DISTANCES:
        threshold = float(closed_form.separability_threshold(r))
        for part in lab.at_scale((0.2, 0.35, 0.5, 0.65), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)):
            size = {"half_distance": r, "sample_size": round(dimension / (part * threshold)), "dimension": dimension}
            error = lab.run(monte_carlo.sample_proportional_logistic, statistics=("error",), **size).mean("error")
            rows.append(point(error, relative=relative, panel="error", **size))
    absolute = lab.at_scale(0.06, 0.02)
    for r in (0.0, *HALF_DISTANCES[1:]):
        threshold = float(closed_form.separability_threshold(r))
        for d in lab.at_scale((10, 30), (20, 80)):
            for part in (0.6, 0.75, 0.85, 0.95, 1.05, 1.15, 1.3, 1.5):
                size = {"half_distance": r, "sample_size": round(d / (part * threshold)), "dimension": d}
                share = lab.run(monte_carlo.sample_separability, fit_intercept=False, **size).probability()
                rows.append(point(share, absolute=absolute, panel="share", **size))
    for r in lab.at_scale((0.0, 0.4, 0.8, 1.2, 1.6), (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75)):
        for ratio in lab.at_scale((0.1, 0.19, 0.28, 0.37, 0.46, 0.55), (0.06, 0.12, 0.18, 0.24, 0.3, 0.36, 0.42, 0.48, 0.54, 0.6)):
            d = lab.at_scale(15, 40)
            size = {"half_distance": r, "sample_size": round(d / ratio), "dimension": d}
            share = lab.run(monte_carlo.sample_separability, fit_intercept=False, **size).probability()
            rows.append(point(share, absolute=0.1, panel="map", **size))
    return rows
