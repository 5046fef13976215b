"""Valid calls of what `theorylab.evidence.growth` offers."""

from __future__ import annotations

from typing import Any

from theorylab.evidence.estimands import Combination

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "exponent_of_growth": [
        {
            "sizes": (10.0, 20.0, 40.0),
            "points": [Combination(terms=(), constant=-10.0), Combination(terms=(), constant=0.0), Combination(terms=(), constant=20.0)],
        }
    ],
    "logarithmic_curvature": [
        {
            "sizes": (10.0, 20.0, 50.0, 200.0),
            "points": [
                Combination(terms=((10.0, "x", 1.0),), constant=0.0),
                Combination(terms=((20.0, "x", 1.0),), constant=0.0),
                Combination(terms=((50.0, "x", 1.0),), constant=0.0),
                Combination(terms=((200.0, "x", 1.0),), constant=0.0),
            ],
        }
    ],
    "power_curvature": [
        {
            "sizes": (10.0, 20.0, 50.0, 200.0),
            "points": [
                Combination(terms=((10.0, "x", 1.0),), constant=0.0),
                Combination(terms=((20.0, "x", 1.0),), constant=0.0),
                Combination(terms=((50.0, "x", 1.0),), constant=0.0),
                Combination(terms=((200.0, "x", 1.0),), constant=0.0),
            ],
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
