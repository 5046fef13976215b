"""Valid calls of what `theorylab.numerics.gaussian_integrals` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "bivariate_normal_cdf": [{"first": 0.0, "second": -0.0, "correlation": 0.5, "namespace": np}],
    "normal_density": [{"place": 0}],
    "gaussian_expectation": [{"function": np.abs, "kinks": (0.0,), "relative_tolerance": 1e-10}],
}

EXCEPTIONS: dict[str, str] = {}
