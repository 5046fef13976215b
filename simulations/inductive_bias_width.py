"""The sweep of arXiv:2406.15941 over width and depth of random networks: the bias that they require, before and after training data."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.rows import Rows, powers_of_two

__all__ = ["width"]

# 99 % of a normal law.
QUANTILE = 2.5758
CHUNK = 64


def width(lab: Laboratory) -> Rows:
    """Measure the bias of networks over width and depth, without and with training points."""
    rows: Rows = []
    for train in (0, 6):
        for depth in lab.at_scale((1, 2, 3), (1, 2, 3, 4, 5)):
            for units in lab.at_scale(powers_of_two(5, 8), powers_of_two(5, 10)):
                setting = {"dimension": 3, "train": train, "test": 6, "width": units, "depth": depth, "target_error": 0.1, "nugget": 0.01}
                # Wide layers cost more and vary less; the evidence varies most.
                size = lab.at_scale(1, 32) * (1024 if train else 512) * (4 if depth == 1 else max(1, 128 // units))
                top, bottom = lab.run(sample_network_chance, **setting).few(size, ("joint", "evidence"))
                estimate = -np.log(top.mean() / bottom.mean())
                half = QUANTILE * np.std(top / top.mean() - bottom / bottom.mean()) / np.sqrt(size)
                rows.append({**setting, "estimate": estimate, "low": estimate - half, "high": estimate + half, "replicates": size, "waiting": ""})
    return rows


def sample_network_chance(
    rng: np.random.Generator, size: int, *, dimension: int, train: int, test: int, width: int, depth: int, target_error: float, nugget: float
) -> dict[str, np.ndarray]:
    """Sample the evidence and its product with the chance of a small error as `sample_finite_width` does, a few networks at a time to save memory."""
    setting = {"dimension": dimension, "train": train, "test": test, "width": width, "depth": depth, "nugget": nugget}
    parts = [
        monte_carlo.sample_finite_width(rng, min(CHUNK, size - done), target_errors=(target_error,), **setting) for done in range(0, size, CHUNK)
    ]
    return {name: np.concatenate([part[column] for part in parts]) for name, column in (("evidence", "evidence"), ("joint", "joint_0"))}
