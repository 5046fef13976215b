"""Valid calls of what `theorylab.numerics.characteristic_functions` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "inversion_sum": [{"samples": np.exp(-np.exp(np.arange(-20.0, 5.0, 0.1)) * (1.0 + 0.5j)), "step": 0.1, "angle": 0.1}],
    "probability_below_zero": [
        {
            "characteristic_function": lambda grid: np.exp(0.5j * grid.points - 0.5 * grid.points**2),
            "scale": 1.0,
            "angle": 0.1,
            "tolerance": 1e-9,
            "first_step": 0.1,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
