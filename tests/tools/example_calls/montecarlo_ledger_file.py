"""Valid calls of what `theorylab.montecarlo_ledger_file` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "identity_of_file": "a room of the ledger, entered through `Ledger`",
    "log_of": "a room of the ledger, entered through `Ledger`",
    "look_at_header": "a room of the ledger, entered through `Ledger`",
    "set_aside": "a room of the ledger, entered through `Ledger`",
}
