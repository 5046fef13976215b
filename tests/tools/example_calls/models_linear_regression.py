"""Valid calls of what `theorylab.models.linear_regression` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "covariance_factor": [{"name": "task_covariance", "matrix": [[0.49]], "dimension": 1, "definite": False}],
    "draw_covariates": [
        {
            "rng": np.random.default_rng(1),
            "size": 100000,
            "context_length": 2,
            "dimension": 3,
            "law": "student_t",
            "student_degrees_of_freedom": 13.0,
            "feature_covariance": np.array([[1.5, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]]),
        }
    ],
    "draw_noise": [{"rng": np.random.default_rng(1), "shape": (50,), "noise_variance": 0.25, "law": "rademacher"}],
    "draw_prompts": [
        {
            "rng": np.random.default_rng(1),
            "size": 50000,
            "context_length": 2,
            "dimension": 3,
            "noise_variance": 0.3,
            "noise_law": "rademacher",
            "with_query": True,
        }
    ],
    "draw_sphere": [{"rng": np.random.default_rng(1), "size": 20, "dimension": 3}],
    "draw_tasks": [
        {
            "rng": np.random.default_rng(1),
            "size": 200000,
            "dimension": 3,
            "prior": "one_hot",
            "task_covariance": np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.1], [0.0, 0.1, 0.7]]),
            "prior_mean": np.array([0.5, 0.0, -1.0]),
        }
    ],
    "squared_norm_moment": [{"law": "student_t", "dimension": 5, "student_degrees_of_freedom": 10.0}],
    "ridge_weights": [{"X": np.array([[[1.0, 0.5], [0.0, 1.0], [2.0, 1.0]]]), "y": np.array([[1.0, 2.0, 0.5]]), "noise_ratio": 0.5}],
}

EXCEPTIONS: dict[str, str] = {}
