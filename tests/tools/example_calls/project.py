"""Valid calls of what `theorylab.project` offers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from theorylab.project import Results, project_root

__all__ = ["EXAMPLES", "EXCEPTIONS"]


# Goes with the process.
_KEPT = tempfile.TemporaryDirectory()
FOLDER = Path(_KEPT.name)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "Results": [{"folder": FOLDER}],
    "Results.figures": [{"self": Results(FOLDER), "slug": "one_step_gd"}],
    "Results.table": [{"self": Results(FOLDER), "slug": "one_step_gd", "name": "risk", "scale": "quick"}],
    "check_files": [{"slug": "one_step_gd", "root": project_root()}],
    "load_wing": [{"wing": "figures", "slug": "one_step_gd", "root": project_root()}],
    "project_root": [{"start": project_root()}],
    "relative": [{"path": Path("results")}],
}

EXCEPTIONS: dict[str, str] = {}
