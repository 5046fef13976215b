"""Valid calls of what `theorylab.numerics.roots` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "log_bisection": [{"is_beyond": lambda x: x > 2.0, "low": [0.5, 1.0], "high": [4.0, 8.0]}],
    "smallest_integer": [{"holds": lambda n: n >= 37, "start": 2}],
}

EXCEPTIONS: dict[str, str] = {}
