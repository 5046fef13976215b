"""Valid calls of what `theorylab.models.wishart` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.models.wishart import LaguerreBidiagonal

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "bartlett_factors": [{"rng": np.random.default_rng(1), "size": 5, "degrees_of_freedom": 3, "dimension": 2}],
    "laguerre_bidiagonal": [{"rng": np.random.default_rng(1), "size": 5, "degrees_of_freedom": 9, "dimension": 6}],
    "laguerre_tridiagonal": [{"rng": np.random.default_rng(1), "size": 33, "degrees_of_freedom": 3, "dimension": 2}],
    "largest_eigenvalue": [
        {"diagonal": np.array([[1.251], [7.788], [3.174], [1.05], [1.937]]), "squared_off_diagonal": np.array([[], [], [], [], []]).reshape((5, 0))}
    ],
    "resolvent_trace": [
        {
            "bidiagonal": LaguerreBidiagonal(
                diagonal=np.array([[1.251], [7.788], [3.174], [1.05], [1.937]]), below=np.array([[], [], [], [], []]).reshape((5, 0))
            ),
            "shift": 875.4,
        }
    ],
    "tridiagonal_entries": [
        {
            "bidiagonal": LaguerreBidiagonal(
                diagonal=np.array([[5.464], [3.092], [3.587], [1.518], [6.677]]), below=np.array([[], [], [], [], []]).reshape((5, 0))
            )
        }
    ],
    "wishart_matrices": [
        {"rng": np.random.default_rng(1), "size": 600, "degrees_of_freedom": 20, "dimension": 3},
        {"rng": np.random.default_rng(1), "size": 5, "degrees_of_freedom": 3, "feature_covariance": ((1.0, 0.3), (0.3, 0.6))},
    ],
    "wishart_traces": [{"rng": np.random.default_rng(1), "size": 33, "degrees_of_freedom": 5, "dimension": 2}],
}

EXCEPTIONS: dict[str, str] = {}
