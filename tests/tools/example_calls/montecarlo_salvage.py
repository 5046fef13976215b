"""Valid calls of what `theorylab.montecarlo_salvage` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "sound_blocks": "a room of the ledger, entered through `Ledger`",
}
