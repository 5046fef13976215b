"""One look for all figures: theory as lines, simulation as points with intervals."""

from __future__ import annotations

from theorylab.plotting.curves import SERIES, Series, mark_level, panel_label, simulation_points, theory_line
from theorylab.plotting.style import DOUBLE_COLUMN, SINGLE_COLUMN, new_figure, save_figure, style

__all__ = [
    "DOUBLE_COLUMN",
    "SERIES",
    "SINGLE_COLUMN",
    "Series",
    "mark_level",
    "new_figure",
    "panel_label",
    "save_figure",
    "simulation_points",
    "style",
    "theory_line",
]
