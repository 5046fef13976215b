"""Valid calls of what `theorylab.evidence.estimands` offers."""

from __future__ import annotations

from typing import Any

from theorylab.evidence.estimands import Exact

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "settled": [{"estimand": Exact(value=1.0, error=0.0)}],
}

EXCEPTIONS: dict[str, str] = {}
