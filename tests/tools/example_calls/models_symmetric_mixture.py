"""Valid calls of what `theorylab.models.symmetric_mixture` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "attacked_error": [{"cosine": np.array([1.0]), "half_distance": 1.5, "radius": 1.0, "namespace": np}],
    "axis_mean": [{"namespace": np, "length": 0.8, "dimension": 6}],
    "cosines": [{"directions": np.array([[0.6, -1.1, 0.4]]), "mean": np.array([0.9, -0.7, 0.0])}],
    "direction_error": [{"cosine": np.array([1.0]), "half_distance": 1.6, "namespace": np}],
    "draw_symmetric_mixture": [{"rng": np.random.default_rng(1), "size": 25, "sample_size": 6, "mean": np.array([0.0])}],
    "plane_mean": [{"namespace": np, "length": 2.0, "alignment": -1.0, "dimension": 4}],
}

EXCEPTIONS: dict[str, str] = {}
