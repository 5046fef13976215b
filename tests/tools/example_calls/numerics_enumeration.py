"""Valid calls of what `theorylab.numerics.enumeration` offers."""

from __future__ import annotations

from typing import Any

from theorylab.numerics.enumeration import rademacher_law, three_point_law

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "equally_likely": [{"values": [10.0]}],
    "gauss_hermite_law": [{"points": 6}],
    "rademacher_law": [{}],
    "three_point_law": [{}],
    "product_expectation": [
        {"function": lambda points: points.sum(axis=1), "laws": [three_point_law(), rademacher_law()], "batch_points": 4, "maximum_points": 100}
    ],
}

EXCEPTIONS: dict[str, str] = {}
