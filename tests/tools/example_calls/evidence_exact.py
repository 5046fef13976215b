"""Valid calls of what `theorylab.evidence.exact` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "identity_verdict": [
        {"theory": 100.0, "witness": 100.0, "absolute": 1e-09},
        {"theory": -200.0, "witness": -200.0, "relative": 1e-09},
        {
            "theory": np.array([[1.0, 2.0], [3.0, 4.0]]),
            "witness": np.array([[1.0, 2.0], [3.0, 4.0]]),
            "relative": 1e-06,
            "refutes": {"transposed": np.array([[1.0, 3.0], [2.0, 4.0]]), "rounded": np.array([[1.0, 2.0], [3.0, 4.0]]), "one number": 1.0},
        },
    ],
    "limit_verdict": [
        {
            "sizes": (10.0, 20.0, 40.0, 80.0),
            "distances": [0.31, 0.1525, 0.07562, 0.03766],
            "order": 1.0,
            "within": 0.05,
            "refutes": {"half": 0.5, "two": 2.0, "much the same": 1.001},
        }
    ],
    "optimum_verdict": [
        {"value": 3.0, "gradient": [1e-10, -1e-10], "curvatures": [2.0, 1.0], "searches": [3.0, 3.5], "flat_directions": 1},
        {
            "value": 3.0,
            "gradient": [1e-10, -1e-10],
            "curvatures": [2.0, 1.0],
            "searches": [3.0, 3.5],
            "refutes": {"a step aside": 3.001, "hardly a step": 3.0},
        },
    ],
}

EXCEPTIONS: dict[str, str] = {}
