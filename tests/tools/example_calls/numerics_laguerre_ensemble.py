"""Valid calls of what `theorylab.numerics.laguerre_ensemble` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "laguerre_ensemble": [{"degrees_of_freedom": 6, "dimension": 1, "breakpoints": [3.0]}],
    "wishart_linear_statistic": [{"statistic": np.square, "degrees_of_freedom": 5, "dimension": 3, "breakpoints": [1.0], "relative_tolerance": 1e-9}],
}

EXCEPTIONS: dict[str, str] = {}
