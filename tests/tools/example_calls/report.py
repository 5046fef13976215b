"""Valid calls of what `theorylab.report` offers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]


# Goes with the process.
_KEPT = tempfile.TemporaryDirectory()
FOLDER = Path(_KEPT.name)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "write_report": [{"page": FOLDER / "index.html", "records": [], "figures": FOLDER / "figures"}],
}

EXCEPTIONS: dict[str, str] = {}
