"""Valid calls of what `theorylab.numerics.orthogonal_ensembles` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.numerics.laguerre_ensemble import laguerre_ensemble

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "OrthogonalEnsemble": [
        {
            "count": 2,
            "log_weight": lambda s: -0.5 * s**2,
            "eigenvalue": np.square,
            "support": (0.0, 9.0),
            "breakpoints": [1.0],
            "fixed": [(0.0, 1)],
        }
    ],
    "OrthogonalEnsemble.mean": [{"self": laguerre_ensemble(3, 2), "statistic": np.square, "relative_tolerance": 1e-9}],
    "OrthogonalEnsemble.mean_square": [{"self": laguerre_ensemble(3, 2), "statistic": np.square, "relative_tolerance": 1e-9}],
}

EXCEPTIONS: dict[str, str] = {}
