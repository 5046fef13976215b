"""The drawing of small balls (arXiv:2406.15941): powers of the target error that grow with the dimension, and Brownian paths near zero."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.inductive_bias.closed_form import brownian_small_ball, torus_small_ball
from theorylab.plotting import (
    SERIES,
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
)
from theorylab.rows import Rows

__all__ = ["torus"]


def torus(rows: Rows) -> Figure:
    """Draw the bias of a zero target on the torus with its leading form, its local slopes with their limits, and counted Brownian paths."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.5)
    balls = select(rows, panel="torus")
    _nats(left, balls)
    _slopes(middle, balls)
    paths = select(rows, panel="brownian")
    _brownian(right, paths)
    most, steps = max(column(paths, "replicates")), paths[0]["steps"]
    note(
        figure,
        rf"(a), (b): eigenvalues $(1+|q|^2)^{{-\nu-d/2}}$ on the $d$-torus, $\nu={balls[0]['smoothness']:g}$, target 0; $\varepsilon$ as a share of "
        "the mean square. Points: exact. Lines:\n"
        rf"leading form (a), limit $-d/(2\nu)$ (b). (c): line: exact; grey: leading form; points: shares of up to {most} paths "
        f"of {steps} steps.",
    )
    return figure


def _nats(axes: Axes, rows: Rows) -> None:
    for series, dimension in enumerate(distinct(rows, "dimension")):
        chosen = select(rows, dimension=dimension)
        fractions = np.array(column(chosen, "fraction"))
        trace = chosen[0]["target_error"] / chosen[0]["fraction"]
        line = np.geomspace(min(fractions) / 1.2, max(fractions) * 1.2, 40)
        theory_line(axes, line, torus_small_ball(chosen[0]["smoothness"], dimension, line * trace), series)
        simulation_points(axes, fractions, chosen, series)
    _fraction_axis(axes, rows)
    axes.set(yscale="log", ylabel=r"$I(\varepsilon)$ (nats)", ylim=(1, 5.0 * max(column(rows, "estimate"))))
    series_legend(axes, [f"$d={dimension}$" for dimension in distinct(rows, "dimension")], loc="upper right", fontsize=7)
    panel_label(axes, "(a) Small balls")


def _slopes(axes: Axes, rows: Rows) -> None:
    for series, dimension in enumerate(distinct(rows, "dimension")):
        chosen = sorted(select(rows, dimension=dimension), key=lambda row: row["fraction"])
        fractions, nats = np.array(column(chosen, "fraction")), np.array(column(chosen, "estimate"))
        slopes = np.diff(np.log(nats)) / np.diff(np.log(fractions))
        limit = -dimension / (2.0 * chosen[0]["smoothness"])
        axes.axhline(limit, color=SERIES[series].colour, linewidth=1.0, linestyle=SERIES[series].dash, zorder=1)
        look = {"linestyle": "none", "marker": SERIES[series].marker, "color": SERIES[series].colour, "markerfacecolor": "white"}
        axes.errorbar(np.sqrt(fractions[1:] * fractions[:-1]), slopes, **look, zorder=3)
    _fraction_axis(axes, rows)
    axes.set(ylabel=r"$d\,\log I/d\,\log\varepsilon$", ylim=(-4.3, 0), yticks=(-4, -3, -2, -1, 0))
    panel_label(axes, "(b) Local slopes")


def _fraction_axis(axes: Axes, rows: Rows) -> None:
    least = min(column(rows, "fraction"))
    plain_log_axis(axes, (0.03, 0.1, 0.5) if least > 0.02 else (0.01, 0.03, 0.1, 0.5))
    axes.set(xlabel=r"$\varepsilon$ / mean square", xlim=(least / 1.3, 0.65))


def _brownian(axes: Axes, rows: Rows) -> None:
    targets = column(rows, "target_error")
    line = np.geomspace(min(targets) / 1.4, max(targets) * 1.2, 60)
    axes.plot(line, 1.0 / (8.0 * line) - np.log(4.0 * np.sqrt(line / np.pi)), color="0.6", linewidth=4.0, alpha=0.5, zorder=1)
    theory_line(axes, line, brownian_small_ball(line), 3)
    simulation_points(axes, targets, rows, 3)
    plain_log_axis(axes, (0.02, 0.05, 0.1, 0.2, 0.5))
    plain_log_axis(axes, (0.3, 1, 3, 10), "y")
    axes.set(xlabel=r"$x$", ylabel=r"$-\log P(\int W^2\leq x)$", ylim=(0.2, 15), xlim=(line[0], line[-1]))
    series_legend(axes, ["Brownian paths"], first=3, loc="upper right", fontsize=7)
    panel_label(axes, "(c) Brownian motion")
