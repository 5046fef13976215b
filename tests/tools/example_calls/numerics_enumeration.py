"""Valid calls of what `theorylab.numerics.enumeration` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "equally_likely": [{"values": [10.0]}],
    "gauss_hermite_law": [{"points": 6}],
    "rademacher_law": [{}],
    "three_point_law": [{}],
}

EXCEPTIONS: dict[str, str] = {}
