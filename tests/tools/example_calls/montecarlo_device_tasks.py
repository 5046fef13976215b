"""Valid calls of what `theorylab.montecarlo.device_tasks` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "vectors_on_device": "runs on a device only; the function that calls it has checked its arguments",
}
