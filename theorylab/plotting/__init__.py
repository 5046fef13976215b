"""One look for all figures: theory as lines, simulation as points with intervals."""

from __future__ import annotations

from theorylab.plotting.curves import (
    POINTS,
    SERIES,
    Series,
    note,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
    write_place,
)
from theorylab.plotting.maps import number_map
from theorylab.plotting.selection import column, distinct, rescaled, select, whole_numbers
from theorylab.plotting.style import DOUBLE_COLUMN, SINGLE_COLUMN, new_figure, save_figure, style

__all__ = [
    "DOUBLE_COLUMN",
    "POINTS",
    "SERIES",
    "SINGLE_COLUMN",
    "Series",
    "column",
    "distinct",
    "new_figure",
    "note",
    "number_map",
    "panel_label",
    "plain_log_axis",
    "powers_of_two_axis",
    "rescaled",
    "save_figure",
    "select",
    "series_legend",
    "simulation_points",
    "style",
    "theory_line",
    "whole_numbers",
    "write_level",
    "write_place",
]
