"""Valid calls of what `theorylab.evidence.calibration.measure` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "Calibration": "a record of results, made by the function that returns it",
    "SequentialRow": "a record of results, made by the function that returns it",
    "calibrate": "takes minutes; its arguments are those of `walk_means`, which is called",
}
