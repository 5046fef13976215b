"""The drawing of the gradient of the surrogate loss against the angle (arXiv:2302.14853)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.tester_learner import closed_form
from theorylab.plotting import (
    POINTS,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    select,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["gradient"]

ANGLES = np.geomspace(0.015, np.pi / 2, 160)
LOSSES = {"ramp": "ramp", "smooth_ramp": "smooth ramp", "logistic": "logistic"}


def gradient(rows: Rows) -> Figure:
    """Draw the component of minus the gradient towards w*, by width, by loss, and under the worst Massart noise."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.1, sharex=True)
    _widths(left, select(rows, panel="width"))
    _losses(middle, select(rows, panel="loss"))
    _noise(right, select(rows, panel="noise"))
    for axes in (left, middle, right):
        plain_log_axis(axes, (0.02, 0.1, 0.5, 1.5))
        axes.set(xlabel=r"angle $\theta$ to $w^*$ (radians)", xlim=(0.014, 1.75))
    left.set_ylabel(r"gradient $G$ towards $w^*$")
    note(
        figure,
        f"{POINTS}\n(a), (b): random classification noise. (c): noise turned against $w$; where the gradient is 0 it traps the learner.",
    )
    return figure


def _widths(axes: Axes, rows: Rows) -> None:
    rate = rows[0]["noise_rate"]
    for series, width in enumerate(distinct(rows, "ramp_width")):
        theory_line(axes, ANGLES, closed_form.surrogate_gradient(ANGLES, width, rate), series)
        chosen = select(rows, ramp_width=width)
        simulation_points(axes, column(chosen, "angle"), chosen, series)
    write_level(axes, (1 - 2 * rate) / np.pi, r"$(1-2\eta)/\pi$", at=0.34)
    axes.set_ylim(-0.01, 0.43)
    series_legend(axes, [rf"$\sigma={width:g}$" for width in distinct(rows, "ramp_width")], loc="upper left", fontsize=7, ncols=2, columnspacing=1)
    panel_label(axes, rf"(a) Ramps, $\eta={rate:g}$")


def _losses(axes: Axes, rows: Rows) -> None:
    rate, width = rows[0]["noise_rate"], rows[0]["ramp_width"]
    for series, (loss, _) in enumerate(LOSSES.items()):
        theory_line(axes, ANGLES, closed_form.surrogate_gradient(ANGLES, width, rate, loss), series)
        chosen = select(rows, loss=loss)
        simulation_points(axes, column(chosen, "angle"), chosen, series)
    axes.set_ylim(-0.01, 0.43)
    series_legend(axes, list(LOSSES.values()), loc="upper left", fontsize=7)
    panel_label(axes, rf"(b) Losses, $\sigma={width:g}$")


def _noise(axes: Axes, rows: Rows) -> None:
    width = rows[0]["ramp_width"]
    for series, rate in enumerate(distinct(rows, "noise_rate")):
        theory_line(axes, ANGLES, closed_form.massart_worst_gradient(ANGLES, width, rate), series)
        chosen = select(rows, noise_rate=rate)
        simulation_points(axes, column(chosen, "angle"), chosen, series)
        critical = closed_form.massart_critical_angle(width, rate)
        axes.plot([critical], [0.0], "x", color="black", markersize=5, zorder=4)
    axes.axhline(0.0, color="0.45", linewidth=0.9, zorder=1)
    axes.set_ylim(-0.16, 0.34)
    series_legend(axes, [rf"$\eta={rate:g}$" for rate in distinct(rows, "noise_rate")], loc="upper left", fontsize=7)
    panel_label(axes, rf"(c) Worst noise, $\sigma={width:g}$")
