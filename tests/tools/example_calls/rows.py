"""Valid calls of what `theorylab.rows` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.laboratory import Laboratory

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "known": [{"value": 0.3, "curve": "exact"}],
    "powers_of_two": [{"first": 0, "last": 6}],
    "sample_mean": [
        {
            "values": np.array([0.35, 0.37, 0.39, 0.41, 0.43, 0.45]),
            "iteration": 135,
            "dimension": 10,
            "sample_size": 200000,
            "ramp_width": 0.2,
            "noise_rate": 0.2,
            "step": 0.05,
            "start_angle": 1.5,
        }
    ],
    "share": [{"successes": 16, "trials": 256, "source": "not_reached", "count": 16}],
    "spread": [{"values": np.array([0.35, 0.4, 0.45]), "panel": "everywhere", "nodes": 8}],
    "histogram": [{"values": np.array([0.2, 0.4, 0.7]), "edges": np.array([0.0, 0.5, 1.0]), "curve": "a"}],
    "point": [{"quantity": Laboratory(seed=3).exact(1.5), "relative": 0.1, "curve": "a"}],
}

EXCEPTIONS: dict[str, str] = {}
