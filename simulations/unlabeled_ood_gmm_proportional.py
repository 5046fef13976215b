"""Sweeps of arXiv:2310.00027 in many dimensions: when unlabelled samples show their mean, and what the best rule makes of shifted ones."""

from __future__ import annotations

import math

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo
from theorylab.rows import Rows, point, sample_mean

__all__ = ["phase_diagram"]


def phase_diagram(lab: Laboratory) -> Rows:
    """Measure the leading eigenvector against n/d, and message passing for four shifts at a fixed number of labels."""
    rows: Rows = []
    d = lab.at_scale(500, 20_000)
    for s in (0.8, 1.0, 1.5):
        for ratio in lab.at_scale(
            (0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0), (0.1, 0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 4.0, 6.0, 10.0, 20.0, 50.0)
        ):
            setting = {
                "dimension": d,
                "labeled_size": 10,
                "unlabeled_size": round(ratio * d),
                "half_distance": s,
                "shifted_half_distance": s,
                "alignment": 1.0,
            }
            run = lab.run(monte_carlo.sample_spectral_rule, **setting)
            rows.append(point(run.mean("squared_cosine"), absolute=lab.at_scale(0.01, 0.002), panel="eigenvector", **setting))
    d, runs = lab.at_scale((200, 40), (2000, 100))
    for shift in (0.0, 0.5, 1.0, 1.5):
        away = math.sqrt(1.0 + shift**2)
        for ratio in lab.at_scale((0.1, 0.3, 1.0, 3.0, 10.0), (0.1, 0.2, 0.3, 0.6, 1.0, 1.7, 3.0, 6.0, 10.0, 30.0)):
            setting = {
                "dimension": d,
                "labeled_size": round(0.5 * d),
                "unlabeled_size": round(ratio * d),
                "half_distance": 1.0,
                "shifted_half_distance": away,
                "alignment": 1.0 / away,
            }
            run = lab.run(monte_carlo.sample_message_passing, iterations=30, **setting)
            rows.append(sample_mean(run.few(runs, "risk"), panel="shift", shift=shift, **setting))
    return rows
