"""Valid calls of what `theorylab.session` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "open_engine": [{"ledger": None}],
}

EXCEPTIONS: dict[str, str] = {}
