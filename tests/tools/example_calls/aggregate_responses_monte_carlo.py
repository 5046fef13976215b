"""Valid calls of what `theorylab.papers.aggregate_responses.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "load_standardised_diabetes": [{}],
    "sample_bag_level_variance": [{"rng": np.random.default_rng(1), "size": 33, "sample_size": 24, "dimension": 6, "bag_size": 3}],
    "sample_conditional_risk": [
        {"rng": np.random.default_rng(1), "size": 20, "sample_size": 4, "dimension": 12, "bag_size": 1, "weights": (0.0,), "noise_variance": 0.7}
    ],
    "sample_diabetes_error": [
        {"rng": np.random.default_rng(1), "size": 33, "bag_size": 20, "weights": (0.0, 0.1), "training_size": 120, "clip": 2.0, "laplace_scale": 0.3}
    ],
    "sample_gaussian_releases": [{"rng": np.random.default_rng(1), "size": 33, "label": 2.0, "clip": 1.5, "bag_size": 3, "standard_deviation": 0.7}],
    "sample_instance_parts": [{"rng": np.random.default_rng(1), "size": 33, "sample_size": 24, "dimension": 6, "bag_size": 3}],
    "sample_jacobi_risk": [
        {"rng": np.random.default_rng(1), "size": 40, "sample_size": 24, "dimension": 6, "bag_size": 3, "weights": (1.5,), "largest_weight": 2.0},
        {
            "rng": np.random.default_rng(1),
            "size": 40,
            "sample_size": 24,
            "dimension": 6,
            "bag_size": 3,
            "weights": (0.0, 0.2, 1.0),
            "centre": (0.1, 0.2, 0.3),
        },
        {
            "rng": np.random.default_rng(1),
            "size": 4096,
            "sample_size": 240,
            "dimension": 40,
            "bag_size": 3,
            "weights": (0.0, 1.0, 0.07422),
            "noise_variance": 0.3268,
        },
    ],
    "sample_least_variance_risk": [{"rng": np.random.default_rng(1), "size": 33, "sample_size": 24, "dimension": 10, "bag_size": 4}],
    "sample_overlapping_bags": [{"rng": np.random.default_rng(1), "size": 33, "sample_size": 24, "dimension": 3, "bag_size": 3, "overlap": 1}],
    "sample_private_releases": [{"rng": np.random.default_rng(1), "size": 33, "label": 2.0, "clip": 1.5, "bag_size": 3, "laplace_scale": 0.7}],
    "sample_private_risk": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "sample_size": 24,
            "dimension": 3,
            "bag_size": 4,
            "weight": 0.3,
            "squared_signal_norm": 2.5,
            "noise_variance": 0.6,
            "clip": 1.2,
            "laplace_scale": 0.5,
        }
    ],
    "sample_raw_risk": [
        {
            "rng": np.random.default_rng(1),
            "size": 6,
            "sample_size": 24,
            "dimension": 5,
            "bag_size": 3,
            "weights": (0.0, 1e-06, 0.01, 0.3, 0.95, 1.0),
            "squared_signal_norm": 2.5,
            "noise_variance": 0.7,
            "centre": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
        }
    ],
    "sample_ridge_risk": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "sample_size": 24,
            "dimension": 4,
            "bag_size": 3,
            "penalty": 1000000000.0,
            "weights": (0.0, 0.4),
            "squared_signal_norm": 1.7,
            "noise_variance": 0.6,
        }
    ],
    "sample_wishart_risk": [{"rng": np.random.default_rng(1), "size": 33, "sample_size": 24, "dimension": 6, "bag_size": 1, "weights": (0.5,)}],
    "interpolating_coefficients": [
        {
            "features": np.random.default_rng(7).standard_normal((2, 8, 3)),
            "bag_means": np.array([[0.5, -1.0, 2.0, 0.25], [0.5, 1.0, 2.0, 0.25]]),
            "bag_size": 2,
            "weights": [0.5, 1.0],
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
