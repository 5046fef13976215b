"""Valid calls of what `theorylab.models.label_noise` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "excess_error": [
        {"margins": np.array([-1.0, -1.0, 1.0, 1.0]), "clean": np.array([1.0, 1.0, -1.0, -1.0]), "flip_probabilities": np.array([0.3, 0.2, 1.0, 0.0])}
    ],
    "far_flips": [{"margins": np.array([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0]), "threshold": 0.5}],
    "flip_labels": [{"uniforms": np.array([0.0, 0.999]), "clean": np.array([1.0, 1.0]), "flip_probabilities": np.array([0.0, 1.0])}],
    "halfspace_labels": [{"margins": np.array([-1.0, -1.0, 1.0, 1.0])}],
    "near_flips": [{"margins": np.array([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0]), "threshold": 0.5}],
    "oriented_massart_noise": [
        {"margins": np.array([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0]), "coordinates": np.array([1.0, -1.0, 1.0, 0.0, -1.0, 1.0]), "noise_rate": 0.3}
    ],
    "random_classification_noise": [{"margins": np.array([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0]), "noise_rate": 0.2}],
}

EXCEPTIONS: dict[str, str] = {}
