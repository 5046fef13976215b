"""Valid calls of what `theorylab.numerics.jacobi_ensemble` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "jacobi_ensemble": [{"first_degrees_of_freedom": 30, "second_degrees_of_freedom": 0, "dimension": 12, "breakpoints": np.array([]).reshape((0,))}],
    "jacobi_linear_statistic_expansion": [{"statistic": np.sqrt, "first_ratio": 1.5, "second_ratio": 2.0, "relative_tolerance": 1e-6}],
}

EXCEPTIONS: dict[str, str] = {}
