"""The sweep of arXiv:2310.00027 behind its synthetic table: honest means for every cell, at weights that no test label has seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo
from theorylab.rows import Row, Rows, sample_mean

__all__ = ["table"]

DIMENSION = 200
WEIGHT = 20.0
# (m, n): accuracies that the paper prints, without and with the shift.
PRINTED = {
    (10, 10): (0.63, 0.61),
    (10, 100): (0.66, 0.65),
    (10, 1000): (0.79, 0.78),
    (10, 10_000): (0.82, 0.81),
    (20, 20): (0.64, 0.65),
    (20, 200): (0.69, 0.65),
    (20, 2000): (0.80, 0.79),
    (20, 10_000): (0.82, 0.80),
    (40, 40): (0.65, 0.65),
    (40, 400): (0.71, 0.73),
    (40, 4000): (0.81, 0.78),
    (40, 10_000): (0.82, 0.80),
}


def accuracy(risks: np.ndarray, **fields: Any) -> Row:
    """Return the mean accuracy of these runs as a row."""
    return sample_mean(1.0 - risks, **fields)


def table(lab: Laboratory) -> Rows:
    """Run the self-trained rule and the leading eigenvector in every cell of the table."""
    rows: Rows = []
    for shift in (0.0, 0.5):
        away = math.sqrt(1.0 + shift**2)
        for (m, n), printed in PRINTED.items():
            setting = {
                "dimension": DIMENSION,
                "labeled_size": m,
                "unlabeled_size": n,
                "half_distance": 1.0,
                "shifted_half_distance": away,
                "alignment": 1.0 / away,
            }
            fields = {"shift": shift, "printed": printed[1 if shift else 0], **setting}
            runs = max(lab.at_scale(8, 100), min(lab.at_scale(60, 1000), lab.at_scale(60_000, 4_000_000) // n))
            trained = lab.run(monte_carlo.sample_self_trained_risk, unlabeled_weight=WEIGHT, **setting).few(runs, "risk")
            rows.append(accuracy(trained, rule="self_trained", unlabeled_weight=WEIGHT, **fields))
            spectral = lab.run(monte_carlo.sample_spectral_rule, **setting).few(lab.at_scale(2000, 20_000), "risk")
            rows.append(accuracy(spectral, rule="spectral", unlabeled_weight=0.0, **fields))
    return rows
