"""Valid calls of what `theorylab.sweeps` offers."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from theorylab.project import Results, project_root

__all__ = ["EXAMPLES", "EXCEPTIONS"]


# Goes with the process.
_KEPT = tempfile.TemporaryDirectory()
FOLDER = Path(_KEPT.name)
TABLE = FOLDER / "table.json"
ROWS = [{"estimate": 1.0}]
TABLE.write_text(json.dumps({"rows": ROWS, "checksum": hashlib.sha256(json.dumps(ROWS).encode()).hexdigest()}), encoding="utf-8")


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "figure_names": [{"slug": "one_step_gd", "root": project_root(), "wanted": []}],
    "is_current": [{"slug": "one_step_gd", "name": "none", "scale": "quick", "root": project_root(), "results": Results(FOLDER)}],
    "load_rows": [{"path": TABLE}],
    "sweep_names": [{"slug": "one_step_gd", "root": project_root(), "wanted": []}],
}

EXCEPTIONS: dict[str, str] = {
    "draw_figures": "needs the tables of sweeps; its arguments are those of `figure_names` and `is_current`, which are called",
    "run_sweep": "takes a sweep to run; its arguments are those of `is_current` and `plan_sweep`, which are called",
}
