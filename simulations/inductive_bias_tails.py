"""The sweep of arXiv:2406.15941 over depths of the tail: how well counting, reweighting and splitting know a probability, at equal cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import chi2

from simulations.inductive_bias_tilting import few_digits, tilted_run
from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.papers.inductive_bias.closed_form import required_inductive_bias, task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.rows import LEVEL, Row, Rows

__all__ = ["tails"]

TASK = {"dimension": 3, "train": 10, "test": 12}
COST = 100_000
LEVEL_SHARE = 0.1
MOVES = 20


def tails(lab: Laboratory) -> Rows:
    """Measure the relative deviation of three estimators of P(L <= eps) that all compute 1e5 test errors, over eps."""
    rows: Rows = []
    law = task_distribution(kronecker_task(**TASK))
    mean = float(law.mean())
    fractions = lab.at_scale((0.7, 0.5, 0.3, 0.1, 0.03, 0.01), (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.06, 0.03, 0.01, 0.003, 0.001))
    for fraction in fractions:
        target = few_digits(fraction * mean)
        nats = float(required_inductive_bias(law, target))
        setting = {"target_error": target, "nats": nats, "cost": COST, **TASK}
        draws = lab.at_scale(40_000, 1_000_000)
        if nats < math.log(draws) - 3.0:
            hits = lab.run(monte_carlo.sample_errors, target_error=target, **TASK).few(draws, "hit")
            rows.append(_deviation(hits, 1.0 / COST, method="counting", **setting))
        weights = tilted_run(lab, law, target, **TASK).few(draws)
        rows.append(_deviation(weights, 1.0 / COST, method="tilting", **setting))
        levels = math.floor(nats / math.log(1.0 / LEVEL_SHARE))
        particles = round(COST / (1 + MOVES * levels))
        found = lab.run(monte_carlo.sample_splitting, target_error=target, particles=particles, moves=MOVES, **TASK).few(lab.at_scale(40, 400))
        rows.append(_spread_of_nats(found, method="splitting", particles=particles, moves=MOVES, level=LEVEL_SHARE, **setting))
    return rows


def _deviation(values: np.ndarray, factor: float, **fields: Any) -> Row:
    """Return the relative deviation of a mean of many such values, with an interval by the delta method."""
    centred = values / values.mean() - 1.0
    variance = float((centred**2).mean())
    # Both moments vary: of the ratio E X^2/(E X)^2.
    influence = centred**2 - 2.0 * (1.0 + variance) * centred
    error = 2.5758 * float(influence.std()) / math.sqrt(len(values))
    low, estimate, high = (math.sqrt(factor * max(value, 0.0)) for value in (variance - error, variance, variance + error))
    return fields | {"estimate": estimate, "low": low, "high": high, "replicates": len(values), "waiting": ""}


def _spread_of_nats(values: np.ndarray, **fields: Any) -> Row:
    """Return the deviation of nearly normal estimates of the nats, which is the relative one of the probability, with its interval."""
    count = len(values)
    deviation = float(values.std(ddof=1))
    low, high = (deviation * math.sqrt((count - 1) / chi2.ppf(level, count - 1)) for level in (1.0 - LEVEL / 2, LEVEL / 2))
    return fields | {"estimate": deviation, "low": low, "high": high, "replicates": count, "waiting": ""}
