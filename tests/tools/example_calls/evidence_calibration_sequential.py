"""Valid calls of what `theorylab.evidence.calibration.sequential` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.evidence.calibration.laws import BernoulliLaw
from theorylab.evidence.calibration.sequential import proportion_ends

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "walk_counts": [{"probability": 0.3, "runs": 4, "looks": 3, "rng": np.random.default_rng(1)}],
    "walk_means": [{"law": BernoulliLaw(name="coin", mean=0.3), "runs": 4, "looks": 3, "rng": np.random.default_rng(1)}],
    "judge_runs": [
        {"ends": proportion_ends(np.array([[150, 160], [300, 310]])), "truth": 0.3, "deviation": 0.458, "alphas": (0.05, 0.01), "looks": 2}
    ],
    "proportion_ends": [{"counts": np.array([[150, 160], [300, 310]])}],
}

EXCEPTIONS: dict[str, str] = {
    "MeanWalk": "a record of results, made by the function that returns it",
    "Rate": "a record of results, made by the function that returns it",
    "Tally": "a record of results, made by the function that returns it",
}
