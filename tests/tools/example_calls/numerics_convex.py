"""Valid calls of what `theorylab.numerics.convex` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "minimax_norms": [{"matrices": np.array([[[[7.438, 3.695], [3.695, 2.0]]]]), "vectors": np.array([[[5.237, 2.6]]])}],
    "minimax_norms_reference": [
        {"matrices": np.array([[[-1.027]], [[1.146]], [[-1.018]], [[-1.626]]]), "vectors": np.array([[-1.188], [0.4802], [-0.3698], [-1.412]])}
    ],
}

EXCEPTIONS: dict[str, str] = {}
