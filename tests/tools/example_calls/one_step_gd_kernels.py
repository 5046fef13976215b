"""Valid calls of what `theorylab.papers.one_step_gd.kernels` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {}
