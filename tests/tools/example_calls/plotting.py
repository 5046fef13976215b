"""Valid calls of what `theorylab.plotting` offers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from theorylab.plotting import new_figure

__all__ = ["EXAMPLES", "EXCEPTIONS"]


AXES = new_figure()[1][0]
# Goes with the process.
_KEPT = tempfile.TemporaryDirectory()
FOLDER = Path(_KEPT.name)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "column": [{"rows": [], "name": "dimension"}],
    "distinct": [
        {
            "rows": [
                {"curve": "a", "size": 3, "estimate": 2.0, "low": 1.0, "high": 4.0},
                {"curve": "b", "size": 1, "estimate": 5.0, "low": 5.0, "high": 6.0},
                {"curve": "a", "size": 1, "estimate": 7.0, "low": 6.0, "high": 9.0},
            ],
            "name": "size",
        }
    ],
    "new_figure": [{"mosaic": "ab;cc", "height": 6.0}],
    "rescaled": [
        {
            "rows": [
                {
                    "panel": "leading",
                    "part": "variance",
                    "weight": 1.0,
                    "sample_size": 600,
                    "dimension": 100,
                    "bag_size": 1,
                    "estimate": 0.4,
                    "low": 0.35,
                    "high": 0.45,
                    "replicates": 7,
                    "waiting": "",
                }
            ],
            "factors": [1.0],
        }
    ],
    "select": [
        {
            "rows": [
                {"curve": "a", "size": 3, "estimate": 2.0, "low": 1.0, "high": 4.0},
                {"curve": "b", "size": 1, "estimate": 5.0, "low": 5.0, "high": 6.0},
                {"curve": "a", "size": 1, "estimate": 7.0, "low": 6.0, "high": 9.0},
            ],
            "curve": "a",
            "other": 1,
        }
    ],
    "whole_numbers": [{"least": 4, "most": 52.0}],
    "note": [{"figure": new_figure()[0], "text": "Lines: closed form."}],
    "number_map": [{"axes": AXES, "values": [[0.5, 1.0]], "texts": [["a", "b"]], "least": 0.0, "most": 1.0, "fontsize": 7.0, "colours": "Blues"}],
    "panel_label": [{"axes": AXES, "text": "a"}],
    "plain_log_axis": [{"axes": AXES, "ticks": [1.0, 10.0], "name": "x"}],
    "powers_of_two_axis": [{"axes": AXES, "name": "x", "least": 1.0, "most": 64.0}],
    "save_figure": [{"figure": new_figure()[0], "folder": FOLDER, "name": "empty", "formats": ("svg",)}],
    "series_legend": [{"axes": AXES, "labels": ["theory", "simulation"], "first": 1}],
    "simulation_points": [{"axes": AXES, "x": [1.0], "rows": [{"estimate": 1.0, "low": 0.5, "high": 1.5}], "series": 1, "label": "a", "value": ""}],
    "style": [{}],
    "theory_line": [{"axes": AXES, "x": [1.0, 2.0], "y": [0.5, 0.25], "series": 1, "label": "a"}],
    "write_level": [{"axes": AXES, "value": 0.5, "text": "bound", "at": 0.9, "below": True, "distance": 2.0}],
    "write_place": [{"axes": AXES, "value": 0.5, "text": "bound", "at": 0.9, "right": True, "distance": 2.0}],
}

EXCEPTIONS: dict[str, str] = {
    "Series": "a record of looks, of which `SERIES` has all",
}
