"""Valid calls of what `theorylab.evidence.estimands` offers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.evidence.estimands import Combination, Exact, Proportion, Ratio
from theorylab.montecarlo.moments import block_moments, pooled_moments

__all__ = ["EXAMPLES", "EXCEPTIONS"]


POOLED = {"coin": pooled_moments(("x", "y"), block_moments(np.array([[1.0, 2.0, 4.0, 3.0], [5.0, 5.5, 4.5, 5.0]]))[None])}


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "settled": [{"estimand": Exact(value=1.0, error=0.0)}],
    "Combination": [{"terms": (("coin", "x", 1.0),), "constant": 0.5}],
    "Exact": [{"value": 2.0, "error": 0.1}],
    "LogCombination": [{"terms": ((Combination((("coin", "x", 1.0),)), 2.0),), "constant": 0.5}],
    "Mapped": [{"inner": Proportion("coin", "x <= 1.0"), "function": math.exp, "name": "exp"}],
    "Proportion": [{"source": "coin", "indicator": "x <= 1.0"}],
    "Ratio": [{"top": Combination((("coin", "x", 1.0),)), "bottom": Combination((("coin", "y", 1.0),))}],
    "Combination.interval": [{"self": Combination((("coin", "x", 1.0),)), "pooled": POOLED, "level": 0.01}],
    "Combination.plus": [{"self": Combination((("coin", "x", 1.0),)), "other": Combination((("coin", "y", 1.0),))}],
    "Combination.scaled": [{"self": Combination((("coin", "x", 1.0),)), "factor": 2.0}],
    "Ratio.interval": [
        {"self": Ratio(Combination((("coin", "x", 1.0),)), Combination((("coin", "y", 1.0),))), "pooled": POOLED, "level": 0.01},
    ],
}

EXCEPTIONS: dict[str, str] = {}
