"""Valid calls of what `theorylab.models.gaussian_mixture` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.models.gaussian_mixture import GroupedMixture

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "draw_class_counts": [
        {"rng": np.random.default_rng(1), "size": 18, "class_count": 2, "sample_size": 12},
        {"rng": np.random.default_rng(1), "size": 3, "class_count": 2, "class_counts": (3, 9)},
    ],
    "draw_features": [
        {
            "rng": np.random.default_rng(1),
            "mixture": GroupedMixture(
                class_means=np.array([[0.4, 0.4, 0.15, 0.15, 0.15], [-0.4, -0.4, -0.15, -0.15, -0.15]]),
                standard_deviations=np.array([1.0, 1.0, 1.0, 1.0, 1.0]),
                pair_correlation=None,
            ),
            "labels": np.array([[1], [1], [1]]),
        }
    ],
    "draw_labels": [
        {"rng": np.random.default_rng(1), "size": 2000, "class_count": 3, "sample_size": 7, "least_count": 2},
        {"rng": np.random.default_rng(1), "size": 17, "class_count": 2, "class_counts": (40, 40)},
    ],
    "drawn_rule_error": [
        {
            "rng": np.random.default_rng(1),
            "weights": np.array(
                [
                    [[0.0, 0.0, 0.0], [0.8, 0.8, 0.8], [1.6, 1.6, 1.6], [2.4, 2.4, 2.4]],
                    [[0.0, 0.0, 0.0], [0.8, 0.8, 0.8], [1.6, 1.6, 1.6], [2.4, 2.4, 2.4]],
                ]
            ),
            "intercepts": np.array([[0.0, -0.96, -3.84, -8.64], [0.0, -0.96, -3.84, -8.64]]),
            "mixture": GroupedMixture(
                class_means=np.array([[0.0, 0.0, 0.0], [0.8, 0.8, 0.8], [1.6, 1.6, 1.6], [2.4, 2.4, 2.4]]),
                standard_deviations=np.array([1.0, 1.0, 1.0]),
                pair_correlation=None,
            ),
            "test_points": 2000,
        }
    ],
    "exact_or_drawn_error": [
        {
            "rng": np.random.default_rng(1),
            "weights": np.array([[[0.4, 0.4, 0.4], [-0.4, -0.4, -0.4]], [[0.4, 0.4, 0.4], [-0.4, -0.4, -0.4]]]),
            "intercepts": np.array([[-0.24, -0.24], [-0.24, -0.24]]),
            "mixture": GroupedMixture(
                class_means=np.array([[0.4, 0.4, 0.4], [-0.4, -0.4, -0.4]]), standard_deviations=np.array([1.0, 1.0, 1.0]), pair_correlation=None
            ),
            "test_points": 500,
        }
    ],
    "grouped_mixture": [{"gaps": (0.6708,), "multiplicities": (20,), "standard_deviations": (1.0,), "pair_correlation": 0.3}],
    "linear_rule_error": [
        {
            "weights": np.array([[[0.4, 0.4, 0.4], [-0.4, -0.4, -0.4]], [[0.4, 0.4, 0.4], [-0.4, -0.4, -0.4]]]),
            "intercepts": np.array([[-0.24, -0.24], [-0.24, -0.24]]),
            "mixture": GroupedMixture(
                class_means=np.array([[0.4, 0.4, 0.4], [-0.4, -0.4, -0.4]]), standard_deviations=np.array([1.0, 1.0, 1.0]), pair_correlation=None
            ),
        }
    ],
    "training_size": [{"sample_size": 15, "class_counts": None}],
    "two_class_error": [
        {
            "normal": np.array([[1.3]]),
            "offset": np.array([0.0]),
            "mixture": GroupedMixture(class_means=np.array([[0.65], [-0.65]]), standard_deviations=np.array([1.0]), pair_correlation=None),
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
