"""The sweep of arXiv:2406.15941 over test errors of hypotheses that fit the training data: their histogram, and their lower tail."""

from __future__ import annotations

import numpy as np

from simulations.inductive_bias_tilting import few_digits, tilted_point
from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.papers.inductive_bias.closed_form import task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.rows import Rows, histogram, share

__all__ = ["error_histogram"]

TASK = {"dimension": 4, "train": 32, "test": 64}


def error_histogram(lab: Laboratory) -> Rows:
    """Draw test errors of functions that interpolate, count them in bins and below targets, and reach further targets by reweighting."""
    errors = lab.replicates(monte_carlo.sample_errors, least=lab.at_scale(100_000, 1_000_000), **TASK)["error"]
    inner = np.linspace(0.2, 1.4, lab.at_scale(31, 61))
    # The outer bins catch the rest.
    rows = histogram(errors, np.concatenate([[0.0], inner, [10.0]]), panel="density", **TASK)
    law = task_distribution(kronecker_task(**TASK))
    mean = float(law.mean())
    for fraction in np.linspace(0.9, 0.3, lab.at_scale(13, 25)).round(12):
        target = few_digits(fraction * mean)
        hits = int(np.sum(errors <= target))
        if hits:
            rows.append(share(hits, len(errors), panel="counted", target_error=target, **TASK))
    for fraction in lab.at_scale((0.4, 0.3, 0.2, 0.1, 0.05), (0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.07, 0.05)):
        rows.append(tilted_point(lab, law, few_digits(fraction * mean), lab.at_scale(0.05, 0.01), task=TASK, panel="tilted"))
    return rows
