"""Valid calls of what `theorylab.numerics.gaussian_process` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "interpolating_posterior": [{"kernel": np.array([[1.0]]), "train": 0, "targets": np.array([]).reshape((0, 1))}],
    "relu_network_kernel": [{"inputs": np.array([[1.0, 0.0], [-2.0, 0.0], [3.0, 0.0], [0.0, 1.0]]), "depth": 1}],
    "stationary_kernel": [
        {"first": np.array([[-1.362, 1.077, -0.8347]]), "second": np.array([[-1.362, 1.077, -0.8347]])},
        {
            "first": np.array([[-0.6518, -0.1747], [1.664, 0.6591], [-1.641, -0.005203], [-0.6235, 0.1486], [-1.608, 0.2418]]),
            "second": np.array([[-0.6518, -0.1747], [1.664, 0.6591], [-1.641, -0.005203], [-0.6235, 0.1486], [-1.608, 0.2418]]),
            "kind": "rbf",
        },
        {
            "first": np.array([[0.1227], [-0.2378], [-0.6059], [0.5284], [1.388], [0.21], [0.2574], [0.6579], [1.579]]),
            "second": np.array([[0.1227], [-0.2378], [-0.6059], [0.5284], [1.388], [0.21], [0.2574], [0.6579], [1.579]]),
            "kind": "linear",
            "length_scale": 0.3992,
        },
    ],
    "conditioned_draws": [
        {
            "rng": np.random.default_rng(1),
            "size": 4,
            "kernel": np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.5], [0.2, 0.5, 1.0]]),
            "train": 2,
            "targets": np.array([[1.0], [0.5]]),
            "nugget": 0.1,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
