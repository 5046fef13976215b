"""Valid calls of what `theorylab.evidence.calibration.laws` offers."""

from __future__ import annotations

from typing import Any

from theorylab.evidence.calibration.laws import LAWS, TILTED_LAWS

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "BernoulliLaw": [{"name": "coin", "mean": 0.3}],
    "Law": [{"name": "normal", "mean": 0.0, "deviation": 1.0, "draw": LAWS[0].draw, "hard": False}],
    "TiltedLaw": [
        {
            "name": "normal",
            "logarithm": TILTED_LAWS[0].logarithm,
            "moments": TILTED_LAWS[0].moments,
            "draw": TILTED_LAWS[0].draw,
            "least": -5.0,
            "most": 5.0,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
