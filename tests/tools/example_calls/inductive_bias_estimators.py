"""Valid calls of what `theorylab.papers.inductive_bias.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared

__all__ = ["EXAMPLES", "EXCEPTIONS"]


ERRORS = GeneralizedChiSquared([1.0, 0.5, 0.25], [1.0, 2.0, 1.0], [0.0, 1.0, 0.5])


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "inductive_bias": [
        {
            "estimator_or_kernel": "rbf",
            "X_train": np.array([]).reshape((0, 2)),
            "y_train": np.array([]).reshape((0,)),
            "X_test": np.array([[-0.6518, -0.1747], [1.664, 0.6591], [-1.641, -0.005203], [-0.6235, 0.1486], [-1.608, 0.2418]]),
            "y_test": np.array([0.0, 0.0, 0.0, 0.0, 0.0]),
            "target_error": 0.2,
        }
    ],
    "kernel_test_error": [
        {
            "kernel": "rbf",
            "X_train": np.array([]).reshape((0, 2)),
            "y_train": np.array([]).reshape((0,)),
            "X_test": np.array([[-0.6518, -0.1747], [1.664, 0.6591], [-1.641, -0.005203], [-0.6235, 0.1486], [-1.608, 0.2418]]),
            "y_test": np.array([0.0, 0.0, 0.0, 0.0, 0.0]),
        }
    ],
    "naive_bias": [{"errors": np.array([0.5]), "target_error": 1.0, "failure_probability": 0.4}],
    "network_loss": [
        {
            "X": np.array([[-0.7002, -1.229], [-1.36, 0.3875], [0.9524, -1.045]]),
            "y": np.array([-0.9156, 0.1941, 0.9914]),
            "width": 4,
            "depth": 2,
            "nugget": 0.05,
        }
    ],
    "fit_bias": [{"errors": np.array([0.5, 1.0, 2.0, 4.0, 1.5]), "target_error": [0.1, 0.2], "family": "gamma", "fit": "likelihood"}],
    "splitting_bias": [
        {
            "loss": lambda z: (z**2).sum(axis=1),
            "dimension": 2,
            "target_error": 1.0,
            "particles": 50,
            "level": 0.2,
            "moves": 2,
            "runs": 2,
            "failure_probability": 0.1,
            "random_state": 5,
        }
    ],
    "tilted_bias": [{"distribution": ERRORS, "target_error": 0.5, "draws": 100, "failure_probability": 0.1, "random_state": 5}],
}

EXCEPTIONS: dict[str, str] = {
    "InductiveBias": "a record of results, made by the function that returns it",
}
