"""Valid calls of what `theorylab.pytest_plugin` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "claim": [{"id": "SQ-1", "kind": "expectation", "statement": "A squared normal has mean 1.", "source": "derived here", "tex": "E X^2 = 1"}],
}

EXCEPTIONS: dict[str, str] = {}
