"""The drawing of the learner's way to w* (arXiv:2302.14853): at a constant rate far away, by a constant factor near it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.tester_learner import closed_form
from theorylab.plotting import POINTS, column, new_figure, note, panel_label, select, series_legend, simulation_points, theory_line
from theorylab.rows import Rows

__all__ = ["trajectory"]

FIELDS = ("ramp_width", "noise_rate", "step")


def trajectory(rows: Rows) -> Figure:
    """Draw angles against steps, on a linear and on a logarithmic scale, with the population recursion and the floor set by the sample."""
    figure, (left, right) = new_figure(1, 2, height=3.3)
    settings = list(dict.fromkeys(tuple(row[name] for name in FIELDS) for row in rows))
    for series, setting in enumerate(settings):
        chosen = select(rows, **dict(zip(FIELDS, setting, strict=True)))
        _path(left, right, chosen, series)
    labels = [rf"$\sigma={width:g},\ \eta={rate:g},\ \beta={step:g}$" for width, rate, step in settings]
    left.set(xlabel="steps", ylabel=r"angle $\theta$ to $w^*$ (radians)", ylim=(-0.03, 1.6))
    right.set(xlabel="steps", ylabel=r"angle $\theta$ to $w^*$ (radians)", yscale="log", ylim=(0.001, 3), yticks=(0.001, 0.01, 0.1, 1))
    series_legend(left, labels, loc="upper right", fontsize=7)
    panel_label(left, r"(a) Far away: $(1-2\eta)\beta/\pi$ a step")
    panel_label(right, "(b) Near: a constant factor, then a floor")
    first = rows[0]
    note(
        figure,
        f"{POINTS} $d={first['dimension']}$, $n={first['sample_size']}$.\nLines: population recursion; thin lines: the constant rate (a), and the "
        "root mean square angle that the sample allows (b).",
    )
    return figure


def _path(left: Axes, right: Axes, rows: Rows, series: int) -> None:
    first = rows[0]
    width, rate, step, start = first["ramp_width"], first["noise_rate"], first["step"], first["start_angle"]
    last = max(column(rows, "iteration"))
    angles = closed_form.population_angles(start, last, ramp_width=width, noise_rate=rate, step=step)
    steps = np.arange(last + 1)
    floor = float(closed_form.asymptotic_angle_rms(first["sample_size"], first["dimension"], width, rate))
    for axes in (left, right):
        theory_line(axes, steps, np.maximum(angles, 1e-9), series)
        simulation_points(axes, column(rows, "iteration"), rows, series)
    whole = float(closed_form.gradient_flow_iterations(start, 0.0, width, rate, step))
    theory_line(left, [0.0, whole], [start, 0.0], series, linewidth=0.7, alpha=0.7, linestyle="-")
    theory_line(right, [0.55 * last, last], [floor, floor], series, linewidth=0.9, alpha=0.8, linestyle="-")
