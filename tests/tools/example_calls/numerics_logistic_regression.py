"""Valid calls of what `theorylab.numerics.logistic_regression` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.numerics.logistic_regression.batched import LogisticFit

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "fit_logistic_batched": [
        {
            "features": np.array([[[-1.431], [-0.8844]], [[0.3878], [-1.123]]]),
            "labels": np.array([[0, 1], [0, 1]]),
            "class_count": 2,
            "ridge": 30.0,
            "fit_intercept": False,
            "namespace": np,
        }
    ],
    "is_separable": [
        {"features": np.array([[3.0], [4.0], [6.0], [7.0]]), "labels": np.array([0, 0, 1, 1]), "class_count": 2, "fit_intercept": False}
    ],
    "log_odds_form": [
        {
            "fit": LogisticFit(
                weights=np.array([[[-0.9741, -0.4502, 0.2686], [0.9741, 0.4502, -0.2686]]]),
                intercepts=np.array([[0.0, 0.0]]),
                iterations=np.array([6]),
                converged=np.array([True]),
                separable=np.array([False]),
            )
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
