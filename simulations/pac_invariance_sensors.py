"""The sweep of arXiv:2205.15196 over noisy sensors of one cause: the least gap that a head can have in all drawn environments."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.pac_invariance.closed_form import invariance_gap, minimax_head
from theorylab.rows import Rows, sample_mean

__all__ = ["sensors"]

RANGES = ((0.5, 2.0), (0.5, 1.0), (0.1, 4.0))


def sensors(lab: Laboratory) -> Rows:
    """Train the minimax head of averaged sensors on drawn environments, over their number and for three ranges of the second moment of the cause."""
    rows: Rows = []
    runs = lab.at_scale(8, 60)
    problem = {"interventions": lab.at_scale(200, 400), "cause_effect": 1.2, "sensor_variance": 1.0}
    for low, high in RANGES:
        for count in lab.at_scale((1, 4, 16, 64), (1, 2, 4, 8, 16, 32, 64, 128)):
            setting = {"sensors": count, "least_moment": low, "largest_moment": high, **problem}
            names = ("gap", "head", "causal_gap")
            found = lab.run(sample_sensor_heads, **setting).few(runs, names)
            rows += [sample_mean(values, value=name, **setting) for name, values in zip(names, found, strict=True)]
    return rows


def sample_sensor_heads(
    rng: np.random.Generator,
    size: int,
    *,
    sensors: int,
    interventions: int,
    cause_effect: float,
    sensor_variance: float,
    least_moment: float,
    largest_moment: float,
) -> dict[str, np.ndarray]:
    """Sample the minimax head of the mean of p sensors X_j = L + noise of the cause of Y = b L + e, on N environments with E L^2 ~ U[l, u].

    From the second moments of all sensors and the target. "gap" is its largest gap over the N, "causal_gap" that of the head b.
    """
    representation = np.full((1, sensors), 1.0 / sensors)
    found = {name: np.zeros(size) for name in ("gap", "head", "causal_gap")}
    for row in range(size):
        second = least_moment + (largest_moment - least_moment) * rng.random(interventions)
        loadings = np.append(np.ones(sensors), cause_effect)
        noise = np.append(np.full(sensors, sensor_variance), 0.6)
        moments = second[:, None, None] * np.outer(loadings, loadings) + np.diag(noise)
        trained = minimax_head(moments, sensors, representation)
        found["gap"][row], found["head"][row] = trained.gap, trained.head[0]
        found["causal_gap"][row] = np.max(invariance_gap(moments, sensors, representation, [cause_effect]))
    return found
