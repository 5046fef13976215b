"""Valid calls of what `theorylab.numerics.convex_kernels` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "room_shapes": "part of a compiled loop, whose caller has checked the arrays",
}
