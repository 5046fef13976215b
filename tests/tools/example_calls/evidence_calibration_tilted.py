"""Valid calls of what `theorylab.evidence.calibration.tilted` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.evidence.calibration.laws import TILTED_LAWS

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "measure_exclusion": [{"law": TILTED_LAWS[0], "level": 1e-3, "count": 512, "samples": 10, "rng": np.random.default_rng(1)}],
    "waiting_size": [{"law": TILTED_LAWS[1], "level": 1e-3}],
}

EXCEPTIONS: dict[str, str] = {
    "Exclusion": "a record of results, made by the function that returns it",
}
