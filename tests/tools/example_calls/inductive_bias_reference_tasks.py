"""Valid calls of what `theorylab.papers.inductive_bias.reference_tasks` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "kronecker_points": [{"dimension": 3, "count": 9}],
    "kronecker_task": [{"dimension": 3, "train": 0, "test": 6, "normalized": True}],
}

EXCEPTIONS: dict[str, str] = {}
