"""Valid calls of what `theorylab.models.tridiagonal_device` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "first_weights": "runs on a device only; the function that calls it has checked its arguments",
    "largest_eigenvalues": "runs on a device only; the function that calls it has checked its arguments",
    "resolvent_traces": "runs on a device only; the function that calls it has checked its arguments",
    "tridiagonal_eigenvalues": "runs on a device only; the function that calls it has checked its arguments",
}
