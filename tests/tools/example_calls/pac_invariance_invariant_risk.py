"""Valid calls of what `theorylab.papers.pac_invariance.invariant_risk` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "minimise_invariant_risk": [
        {
            "features": np.array([[[1.044, -0.02492], [-0.02492, 1.032]]]),
            "cross": np.array([[0.1167, -0.05851]]),
            "penalty": 2.808,
            "starts": 16,
            "random_state": 0,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
