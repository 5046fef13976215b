"""Valid calls of what `theorylab.numerics.laguerre_ensemble` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "laguerre_ensemble": [{"degrees_of_freedom": 6, "dimension": 1, "breakpoints": [3.0]}],
}

EXCEPTIONS: dict[str, str] = {}
