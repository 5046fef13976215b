"""Valid calls of what `theorylab.names` offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "file_name": [{"argument": "name", "name": "risk_by_size"}],
    "file_path": [{"argument": "folder", "path": Path("results")}],
}

EXCEPTIONS: dict[str, str] = {}
