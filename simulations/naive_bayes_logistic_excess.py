"""The grid behind the figure of excess errors (arXiv:2302.02334): what naive Bayes and logistic regression pay per sample, and bounds on it.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``.
"""

from __future__ import annotations

import math

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form, monte_carlo
from theorylab.quantities import Quantity
from theorylab.rows import Rows, point

__all__ = ["excess"]


def excess(lab: Laboratory) -> Rows:
    """Measure m times the excess of logistic regression against m and against delta, and the excess of naive Bayes against the dimension."""
    relative = lab.at_scale(0.04, 0.01)
    rows: Rows = []
    for random_counts in (True, False):
        for sample_size in lab.at_scale((240, 400, 800, 1600), (240, 400, 800, 1600, 3200, 6400)):
            setting = {"dimension": 10, "mahalanobis_distance": 2.0, "sample_size": sample_size, "random_counts": random_counts}
            rows.append(point(_logistic_excess(lab, **setting), relative=relative, panel="samples", **setting))
    for distance in lab.at_scale((0.5, 1.0, 1.5, 2.0, 2.5, 3.0), (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0)):
        setting = {"dimension": 5, "mahalanobis_distance": distance, "sample_size": lab.at_scale(800, 3200), "random_counts": False}
        half, gap = setting["sample_size"] // 2, distance / math.sqrt(5)
        error = closed_form.naive_bayes_expected_error([gap], [5], half, half, variance="known")
        naive = setting["sample_size"] * (error - closed_form.bayes_error([distance], [[1.0]]))
        rows.append(point(_logistic_excess(lab, **setting) / naive, relative=relative, panel="ratio", **setting))
    for dimension in (4, 8, 16, 32):
        setting = {"gaps": (1.0,), "multiplicities": (dimension,), "class_counts": (200, 200), "variance": "known"}
        run = lab.run(monte_carlo.sample_naive_bayes_error, **setting)
        limit = closed_form.bayes_error([math.sqrt(dimension)], [[1.0]])
        rows.append(point(run.mean("error") - limit, relative=relative, panel="bounds", dimension=dimension, sample_size=400))
    return rows


def _logistic_excess(lab: Laboratory, *, dimension: int, mahalanobis_distance: float, sample_size: int, random_counts: bool) -> Quantity:
    """Return m times the excess error of logistic regression, less a multiple of the squared score about its mean, which has mean 0."""
    setting = {"dimension": dimension, "mahalanobis_distance": mahalanobis_distance, "sample_size": sample_size, "random_counts": random_counts}
    run = lab.run(monte_carlo.sample_logistic_excess, statistics=("excess", "score_square"), **setting)
    weight = closed_form.mean_fisher_weight(mahalanobis_distance)
    mean = dimension * weight - (0.0 if random_counts else 4.0 * weight**2)
    factor = closed_form.logistic_excess_coefficient(dimension, mahalanobis_distance, random_counts=random_counts) / mean
    return run.mean("excess") - factor * (run.mean("score_square") - mean)
