"""Valid calls of what `theorylab.evidence.calibration.sequential` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.evidence.calibration.laws import BernoulliLaw

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "walk_counts": [{"probability": 0.3, "runs": 4, "looks": 3, "rng": np.random.default_rng(1)}],
    "walk_means": [{"law": BernoulliLaw(name="coin", mean=0.3), "runs": 4, "looks": 3, "rng": np.random.default_rng(1)}],
}

EXCEPTIONS: dict[str, str] = {}
