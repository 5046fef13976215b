"""Valid calls of what `theorylab.papers.inductive_bias.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "hidden_features": [
        {
            "rng": np.random.default_rng(1),
            "size": 7,
            "inputs": np.array([[-0.5343, -0.9719, -1.33], [-1.234, 1.167, 0.3392], [1.374, 0.03943, -1.054], [1.032, -1.177, 0.7412]]),
            "width": 300,
            "depth": 2,
        }
    ],
    "sample_errors": [
        {"rng": np.random.default_rng(1), "size": 20000, "dimension": 2, "train": 0, "test": 5, "target_error": 0.5},
        {"rng": np.random.default_rng(1), "size": 40000, "dimension": 2, "train": 4, "test": 5, "outputs": 2, "route": "functions"},
    ],
    "sample_finite_width": [
        {
            "rng": np.random.default_rng(1),
            "size": 6,
            "dimension": 3,
            "train": 4,
            "test": 5,
            "width": 7,
            "depth": 2,
            "target_errors": (0.4, 0.8),
            "nugget": 0.05,
        }
    ],
    "sample_gamma_fit": [
        {"rng": np.random.default_rng(1), "size": 1, "dimension": 1, "train": 1, "test": 8, "hypotheses": 50, "target_error": 3.0, "equal": True}
    ],
    "sample_half_planes": [{"rng": np.random.default_rng(1), "size": 500, "sample_size": 1, "target_error": 0.1, "failure_probability": 0.3}],
    "sample_hits": [{"rng": np.random.default_rng(1), "size": 50000, "probability": 0.02, "hypotheses": 100, "failure_probability": 0.1}],
    "sample_last_particle": [{"rng": np.random.default_rng(1), "size": 20000, "particles": 5, "nats": 2.0}],
    "sample_splitting": [
        {"rng": np.random.default_rng(1), "size": 40, "dimension": 1, "train": 2, "test": 3, "target_error": 0.04452, "particles": 100}
    ],
    "sample_tilted_weight": [
        {
            "rng": np.random.default_rng(1),
            "size": 100000,
            "dimension": 3,
            "train": 10,
            "test": 12,
            "target_error": 0.08301,
            "tilt": 63.05,
            "nats": 9.446,
        }
    ],
    "sample_trained_errors": [
        {"rng": np.random.default_rng(1), "size": 2, "dimension": 2, "train": 6, "test": 4, "width": 3, "steps": 25, "initialisation": "uniform"}
    ],
    "sample_width_errors": [{"rng": np.random.default_rng(1), "size": 60000, "dimension": 3, "test": 4, "width": 5, "depth": 2, "nugget": 0.1}],
    "sample_near_fits": [
        {"rng": np.random.default_rng(1), "size": 3, "dimension": 4, "train": 6, "test": 3, "training_error": 0.9, "target_error": 1.0}
    ],
    "splitting": [
        {
            "rng": np.random.default_rng(1),
            "loss": lambda z: (z**2).sum(axis=1),
            "dimension": 2,
            "target_error": 1.0,
            "particles": 50,
            "level": 0.2,
            "moves": 2,
            "most_levels": 100,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
