"""Valid calls of what `theorylab.papers.one_step_gd.device_kernels` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "derivatives": "runs on a device only; the function that calls it has checked its arguments",
    "descend": "runs on a device only; the function that calls it has checked its arguments",
}
