"""Valid calls of what `theorylab.montecarlo.threads` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "one_blas_thread": [{}],
}

EXCEPTIONS: dict[str, str] = {}
