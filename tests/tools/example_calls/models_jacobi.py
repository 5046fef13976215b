"""Valid calls of what `theorylab.models.jacobi` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.models import jacobi

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "jacobi_bidiagonal": [
        {"rng": np.random.default_rng(1), "size": 20000, "first_degrees_of_freedom": 16, "second_degrees_of_freedom": 0, "dimension": 3}
    ],
    "jacobi_eigenvalues": [
        {"rng": np.random.default_rng(1), "size": 20000, "first_degrees_of_freedom": 4, "second_degrees_of_freedom": 0, "dimension": 3}
    ],
    "jacobi_tridiagonal": [
        {"rng": np.random.default_rng(1), "size": 3, "first_degrees_of_freedom": 30, "second_degrees_of_freedom": 50, "dimension": 25}
    ],
    "tridiagonal_eigenvalues": [
        {
            "diagonal": np.array([[0.2726], [0.03065], [-0.5009], [0.006944], [-0.06918]]),
            "squared_off_diagonal": np.array([[], [], [], [], []]).reshape((5, 0)),
        }
    ],
    "tridiagonal_eigenvalues_plain": [
        {
            "diagonal": np.array([[0.2726], [0.03065], [-0.5009], [0.006944], [-0.06918]]),
            "squared_off_diagonal": np.array([[], [], [], [], []]).reshape((5, 0)),
            "namespace": np,
        }
    ],
    "tridiagonal_entries": [{"bidiagonal": jacobi.JacobiBidiagonal(np.array([[0.5, 0.25]]), np.array([[0.125]]))}],
}

EXCEPTIONS: dict[str, str] = {}
