"""Valid calls of what `theorylab.montecarlo.executors` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "Workers": [{"jobs": 1, "scheduler": None, "worth_seconds": 5.0}],
}

EXCEPTIONS: dict[str, str] = {
    "SerialExecutor": "has no arguments; an executor of the standard library otherwise",
}
