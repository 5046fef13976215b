"""The drawing of noisy sensors (arXiv:2205.15196): no head is invariant any more, but the least gap falls like one over their number."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.pac_invariance.closed_form import noisy_observation_minimax_gap
from theorylab.plotting import (
    POINTS,
    column,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    select,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["sensors"]


def sensors(rows: Rows) -> Figure:
    """Draw the least largest gap, and that of the causal head, against the number of sensors; and the heads themselves."""
    figure, (left, right) = new_figure(1, 2, height=3.3)
    ranges = list(dict.fromkeys((row["least_moment"], row["largest_moment"]) for row in rows))
    first = rows[0]
    largest = max(column(rows, "sensors"))
    numbers = np.unique(np.round(np.geomspace(1, largest, 80)).astype(int))
    for series, (low, high) in enumerate(ranges):
        chosen = select(rows, least_moment=low, largest_moment=high)
        found = noisy_observation_minimax_gap(first["cause_effect"], first["sensor_variance"], numbers, low, high)
        _curve(left, chosen, series, "gap", numbers, found.gap)
        _curve(right, chosen, series, "head", numbers, found.head)
    causal = select(rows, least_moment=ranges[0][0], largest_moment=ranges[0][1])
    _curve(left, causal, len(ranges), "causal_gap", numbers, 2.0 * first["cause_effect"] * first["sensor_variance"] / numbers)
    start = noisy_observation_minimax_gap(first["cause_effect"], first["sensor_variance"], 1, *ranges[-1]).gap
    left.plot(numbers, start / np.sqrt(numbers), color="0.6", linewidth=1.0, marker="", zorder=1)
    middle = numbers[len(numbers) // 2]
    guide = {"xytext": (2, 2), "textcoords": "offset points", "ha": "left", "va": "bottom", "fontsize": 7, "color": "0.25"}
    left.annotate(r"$\propto 1/\sqrt{p}$", (middle, start / np.sqrt(middle)), **guide)
    plain_log_axis(left, (0.001, 0.01, 0.1, 1), "y")
    left.set(ylabel="largest gap $G$", ylim=(0.003, 4))
    labels = [rf"$E L^2\in[{low:g},{high:g}]$" for low, high in ranges]
    series_legend(left, [*labels, "causal head, any range"], loc="lower left", fontsize=7)
    panel_label(left, "(a) Gaps fall like $1/p$")
    write_level(right, first["cause_effect"], "causal effect $b$", at=0.5)
    right.set(ylabel="minimax head $w$", ylim=(0.4, 1.3))
    series_legend(right, labels, loc="lower right", fontsize=7)
    panel_label(right, "(b) Heads shrink, less with more sensors")
    for axes in (left, right):
        powers_of_two_axis(axes, least=1, most=largest)
        axes.set(xlabel="sensors $p$, averaged", xlim=(0.85, 1.2 * largest))
    note(
        figure,
        f"{POINTS}\n$Y=bL+\\eta$, sensors $L+N(0,{first['sensor_variance']:g})$. Lines: $E L^2$ anywhere in the range; points: heads trained on "
        f"{first['interventions']} drawn environments.",
    )
    return figure


def _curve(axes: Axes, rows: Rows, series: int, name: str, numbers: np.ndarray, line: np.ndarray) -> None:
    chosen = select(rows, value=name)
    theory_line(axes, numbers, line, series)
    simulation_points(axes, column(chosen, "sensors"), chosen, series)
