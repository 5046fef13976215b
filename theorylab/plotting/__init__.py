"""One look for all figures: theory as lines, simulation as points with intervals."""

from __future__ import annotations

from theorylab.plotting.curves import (
    SERIES,
    Series,
    note,
    panel_label,
    powers_of_two_axis,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
)
from theorylab.plotting.maps import number_map
from theorylab.plotting.style import DOUBLE_COLUMN, SINGLE_COLUMN, new_figure, save_figure, style

__all__ = [
    "DOUBLE_COLUMN",
    "SERIES",
    "SINGLE_COLUMN",
    "Series",
    "new_figure",
    "note",
    "number_map",
    "panel_label",
    "powers_of_two_axis",
    "save_figure",
    "series_legend",
    "simulation_points",
    "style",
    "theory_line",
    "write_level",
]
