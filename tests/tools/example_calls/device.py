"""Valid calls of what `theorylab.device` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {}

EXCEPTIONS: dict[str, str] = {
    "DeviceGenerator": "a generator for devices, made by `theorylab.backend.generator`; its own tests give it bad arguments",
}
