"""Valid calls of what `theorylab.evidence.calibration.composite` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.evidence.calibration.composite import COMPOSITES, Composite
from theorylab.evidence.estimands import Combination, Ratio

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "composite_ends": [
        {
            "composite": Composite(
                name="ratio of two correlated gamma means",
                estimand=Ratio(
                    top=Combination(terms=(("pair", "0", 1.0),), constant=0.0), bottom=Combination(terms=(("pair", "1", 1.0),), constant=0.0)
                ),
                truth=0.6,
                deviation=0.5,
                draw=COMPOSITES[0].draw,
            ),
            "runs": 2,
            "looks": 5,
            "rng": np.random.default_rng(1),
        }
    ],
    "Composite": [
        {
            "name": "a mean",
            "estimand": Combination(terms=(("pair", "0", 1.0),), constant=0.0),
            "truth": 0.0,
            "deviation": 1.0,
            "draw": COMPOSITES[0].draw,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
