"""Valid calls of what `theorylab.plotting` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "column": [{"rows": [], "name": "dimension"}],
    "distinct": [
        {
            "rows": [
                {"curve": "a", "size": 3, "estimate": 2.0, "low": 1.0, "high": 4.0},
                {"curve": "b", "size": 1, "estimate": 5.0, "low": 5.0, "high": 6.0},
                {"curve": "a", "size": 1, "estimate": 7.0, "low": 6.0, "high": 9.0},
            ],
            "name": "size",
        }
    ],
    "new_figure": [{"mosaic": "ab;cc", "height": 6.0}],
    "rescaled": [
        {
            "rows": [
                {
                    "panel": "leading",
                    "part": "variance",
                    "weight": 1.0,
                    "sample_size": 600,
                    "dimension": 100,
                    "bag_size": 1,
                    "estimate": 0.4,
                    "low": 0.35,
                    "high": 0.45,
                    "replicates": 7,
                    "waiting": "",
                }
            ],
            "factors": [1.0],
        }
    ],
    "select": [
        {
            "rows": [
                {"curve": "a", "size": 3, "estimate": 2.0, "low": 1.0, "high": 4.0},
                {"curve": "b", "size": 1, "estimate": 5.0, "low": 5.0, "high": 6.0},
                {"curve": "a", "size": 1, "estimate": 7.0, "low": 6.0, "high": 9.0},
            ],
            "curve": "a",
            "other": 1,
        }
    ],
    "whole_numbers": [{"least": 4, "most": 52.0}],
}

EXCEPTIONS: dict[str, str] = {}
