"""Valid calls of what `theorylab.montecarlo.cluster` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "cluster_task_seconds": [{"workers": 5000}],
}

EXCEPTIONS: dict[str, str] = {}
