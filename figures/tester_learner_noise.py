"""The drawings of noise at its worst (arXiv:2302.14853): the critical ratio of Massart noise, and the sharp threshold of adversarial flips."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.tester_learner import closed_form
from theorylab.plotting import (
    POINTS,
    SERIES,
    column,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    select,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
    write_place,
)
from theorylab.rows import Row, Rows

__all__ = ["adversarial_ratio", "critical_ratio"]


def critical_ratio(rows: Rows) -> Figure:
    """Draw the ratio of sine and width up to which Massart noise traps the learner, and where the learner ends under it."""
    figure, (left, right) = new_figure(1, 2, height=3.3)
    _rates(left, select(rows, panel="rate"))
    _widths(right, select(rows, panel="width"))
    note(
        figure,
        f"{POINTS}\nNoise is turned against the direction at the critical angle; $d={rows[0]['dimension']}$, $n={rows[0]['sample_size']}$; "
        r"the learner starts at $w^*$ and does not stay there.",
    )
    return figure


def _over_width(row: Row) -> Row:
    return row | {name: math.sin(row[name]) / row["ramp_width"] for name in ("estimate", "low", "high")}


def _rates(axes: Axes, rows: Rows) -> None:
    rates = np.concatenate([np.linspace(0.02, 0.46, 100), 0.5 - np.geomspace(0.04, 0.006, 40)])
    width = rows[0]["ramp_width"]
    theory_line(axes, rates, closed_form.massart_critical_ratio(rates), 0, linewidth=4.0, alpha=0.35)
    theory_line(axes, rates, np.sin(closed_form.massart_critical_angle(width, rates)) / width, 1)
    many = rates[rates >= 0.1]
    theory_line(axes, rates, rates / (1 - rates) / math.sqrt(2 * math.pi), 2, linewidth=1.2)
    theory_line(axes, many, 1 / np.sqrt(48 * (1 - 2 * many)), 3, linewidth=1.2)
    chosen = [_over_width(row) for row in select(rows, value="angle")]
    simulation_points(axes, column(chosen, "noise_rate"), chosen, 1)
    plain_log_axis(axes, (0.01, 0.03, 0.1, 0.3, 1), "y")
    axes.set(xlabel=r"bound $\eta$ on the noise rate", ylabel=r"$\sin\theta/\sigma$", xlim=(0.0, 0.5), ylim=(0.006, 4.5))
    labels = [r"narrow ramps, $r^*(\eta)$", rf"$\sigma={width:g}$, learner", r"$\eta/((1-\eta)\sqrt{2\pi})$", r"$1/\sqrt{48(1-2\eta)}$"]
    series_legend(axes, labels, loc="upper left", fontsize=7)
    # The learner alone has points: its entry alone shows a marker.
    for number, handle in enumerate(axes.get_legend().legend_handles):  # type: ignore[union-attr]
        if number != 1:
            handle.set_marker("None")  # type: ignore[union-attr]
    panel_label(axes, "(a) Where the learner is trapped")


def _widths(axes: Axes, rows: Rows) -> None:
    rate = rows[0]["noise_rate"]
    widths = np.linspace(0.02, 1.1, 110)
    trapped = np.asarray(closed_form.massart_critical_angle(widths, rate))
    theory_line(axes, widths, trapped, 0)
    theory_line(axes, widths, closed_form.averaging_angle(trapped, rate), 1)
    theory_line(axes, widths, (1 - 2 * rate) * trapped / math.pi, 2)
    for series, name in enumerate(("angle", "averaging", "excess")):
        chosen = select(rows, value=name)
        simulation_points(axes, column(chosen, "ramp_width"), chosen, series)
    axes.set(xlabel=r"width $\sigma$ of the ramp", ylabel="angle (radians), excess error", xlim=(0.0, 1.1), ylim=(0.001, 10), yscale="log")
    labels = [r"angle of the learner to $w^*$", r"angle of the mean of $yx$", r"excess error $(1-2\eta)\,\theta/\pi$"]
    series_legend(axes, labels, loc="upper left", fontsize=7)
    panel_label(axes, rf"(b) Narrow ramps help, $\eta={rate:g}$")


def adversarial_ratio(rows: Rows) -> Figure:
    """Draw the bound on err/opt against opt/sigma with its pole, and the gradient at a right angle after the worst flips."""
    figure, (left, right) = new_figure(1, 2, height=3.2)
    _ratio(left, select(rows, panel="ratio")[0])
    _flips(right, select(rows, panel="gradient"))
    note(
        figure,
        f"{POINTS} (a): narrow ramps, stationary points with $\\theta\\leq\\pi/2$.\n(b): $\\theta=\\pi/2$, "
        f"$\\sigma={select(rows, panel='gradient')[0]['ramp_width']:g}$; below 0 the flips hold the learner at a right angle.",
    )
    return figure


def _pole() -> float:
    return closed_form.adversarial_threshold() / math.sqrt(2 * math.pi)


def _ratio(axes: Axes, best: Row) -> None:
    pole = _pole()
    masses = np.concatenate([np.geomspace(5e-4, 0.9 * pole, 70), pole * (1 - np.geomspace(0.1, 1e-6, 30))])
    theory_line(axes, masses, closed_form.adversarial_error_ratio(masses), 0)
    place, value = best["error_over_width"], best["estimate"]
    axes.plot([place], [value], "o", color=SERIES[1].colour, markersize=5, zorder=4)
    text = rf"least: {value:.3f} at opt$/\sigma={place:.4f}$," + "\n" + rf"that is $\sigma={1 / place:.2f}\,$opt"
    axes.annotate(text, (place, value), xytext=(0, -9), textcoords="offset points", ha="right", va="top", fontsize=7)
    write_place(axes, pole, rf"pole at {pole:.4f}", right=True, at=0.97)
    plain_log_axis(axes, (0.001, 0.003, 0.01, 0.03, 0.1))
    axes.set(xlabel=r"opt$/\sigma$", ylabel="bound on err/opt", xlim=(4.5e-4, 0.16), ylim=(2, 5))
    panel_label(axes, "(a) The constant in O(opt)")


def _flips(axes: Axes, rows: Rows) -> None:
    first = rows[0]
    angle, width = first["angle"], first["ramp_width"]
    masses = np.linspace(1e-4, 0.26, 120)
    start = float(closed_form.surrogate_gradient(angle, width, 0.0))
    theory_line(axes, masses, closed_form.adversarial_worst_gradient(angle, width, masses * width), 0)
    # A flip of a row at random takes 2 E|b|/sigma off.
    theory_line(axes, masses, start - 2 * masses * math.sqrt(2 / math.pi), 1)
    for series, flips in enumerate(("gradient", "other")):
        chosen = select(rows, flips=flips)
        simulation_points(axes, column(chosen, "error_over_width"), chosen, series)
    axes.axhline(0.0, color="0.45", linewidth=0.9, zorder=1)
    write_place(axes, _pole(), f"{_pole():.4f}", right=False, at=0.97)
    write_level(axes, 1 / math.pi, r"no flips, $1/\pi$", at=0.99)
    axes.set(xlabel=r"flipped mass over width, opt$/\sigma$", ylabel=r"gradient $G$ towards $w^*$", ylim=(-0.25, 0.52), xlim=(-0.005, 0.265))
    series_legend(axes, [r"largest $|b|$ flipped", "flipped at random"], loc="upper right", fontsize=7)
    panel_label(axes, "(b) A sharp threshold")
