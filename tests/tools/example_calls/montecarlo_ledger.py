"""Valid calls of what `theorylab.montecarlo.ledger` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "Ledger": [{"path": None}],
}

EXCEPTIONS: dict[str, str] = {
    "LedgerInfo": "a record of results, made by the function that returns it",
}
