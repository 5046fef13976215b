"""The sweep of arXiv:2310.00027 over the radius of an attack: rules that are given, and the mean of labelled samples."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form, monte_carlo
from theorylab.rows import Rows, point

__all__ = ["adversarial"]

MEAN = (1.0, 0.8, 0.5, 0.3, 0.1, 0.0)
COVARIANCE = tuple(tuple(row) for row in (np.diag([1.0, 2.0, 0.5, 1.0, 1.0, 1.0]) + 0.2).tolist())


def adversarial(lab: Laboratory) -> Rows:
    """Move every coordinate of raw test samples against three rules, and whole samples against rules from labelled samples."""
    rows: Rows = []
    width = lab.at_scale(0.006, 0.002)
    fisher = tuple(closed_form.bayes_direction(MEAN, COVARIANCE).round(6).tolist())
    for radius in lab.at_scale((0.0, 0.2, 0.4, 0.6, 0.8), (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)):
        best = closed_form.optimal_robust_classifier(MEAN, radius, norm="linf", covariance=COVARIANCE)
        rules = {"mean": MEAN, "fisher": fisher, "best": tuple(best.direction.round(6).tolist())}
        names = tuple(f"error[{k}]" for k in range(len(rules)))
        setting = {"mean": MEAN, "covariance": COVARIANCE, "radius": radius, "norm": "linf"}
        run = lab.run(monte_carlo.sample_attacked_errors, statistics=names, separate=True, directions=tuple(rules.values()), **setting)
        rows += [point(run.mean(name), absolute=width, panel="given", rule=rule, **setting) for name, rule in zip(names, rules, strict=True)]
    dimension, half_distance = 20, 1.5
    for labeled_size in (10, 40, 200):
        for radius in lab.at_scale((0.0, 0.5, 1.0, 1.5, 2.0), (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)):
            setting = {"dimension": dimension, "labeled_size": labeled_size, "half_distance": half_distance, "radius": radius}
            run = lab.run(monte_carlo.sample_mean_rule, **setting)
            rows.append(point(run.mean("risk"), absolute=width, panel="learned", **setting))
    return rows
