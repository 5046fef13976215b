"""Valid calls of what `theorylab.papers` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "find_paper": [{"slug": "one_step_gd"}],
    "slugs": [{}],
}

EXCEPTIONS: dict[str, str] = {}
