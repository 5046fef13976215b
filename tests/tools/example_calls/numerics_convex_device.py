"""Valid calls of what `theorylab.numerics_convex_device` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "minimax_on_device": "runs on a device only; the function that calls it has checked its arguments",
}
