"""Valid calls of what `theorylab.montecarlo_ledger_schema` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "checksum": "a room of the ledger, entered through `Ledger`",
    "checksum_seed": "a room of the ledger, entered through `Ledger`",
    "create": "a room of the ledger, entered through `Ledger`",
    "sound": "a room of the ledger, entered through `Ledger`",
    "statements": "a room of the ledger, entered through `Ledger`",
    "upgrade": "a room of the ledger, entered through `Ledger`",
}
