"""The drawing of the transforms of the logistic loss (arXiv:2302.02334): what a 0-1 regret must cost, with free and with bounded scores."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from theorylab.papers.naive_bayes_logistic import closed_form
from theorylab.plotting import (
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    rescaled,
    select,
    simulation_points,
    theory_line,
    write_place,
)
from theorylab.rows import Rows

__all__ = ["transforms"]


def transforms(rows: Rows) -> Figure:
    """Draw least regrets of free scores against the 0-1 regret, where the sharp form is attained, and least regrets of scores in a box."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.3)
    free = select(rows, panel="free")
    _free(left, free)
    _sharp(middle, free)
    _box(right, select(rows, panel="box"))
    note(
        figure,
        "Lines: closed form. Points: least regret of a random law and a wrong prediction $j$, by a convex program; $i$ is the best class, "
        "$t=p_i-p_j$,\n$s=p_i+p_j$. (b): the ratio is 1 as long as no third class exceeds $s/2$. "
        "(c): probabilities of a reachable law differ by factors up to $e^{2L}$.",
    )
    return figure


def _free(axes: Axes, rows: Rows) -> None:
    t = np.linspace(0.0, 1.0, 201)
    theory_line(axes, t, closed_form.logistic_psi(t), 0)
    theory_line(axes, t, t**2 / 2, 4, linewidth=1.0)
    axes.plot(t, t**2, color="0.55", linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
    handles = [
        _line(0, r"$\psi(t)$"),
        _line(4, r"$t^2/2$"),
        Line2D([], [], color="0.55", linewidth=0.9, linestyle=(0, (1, 2)), label="$t^2$: too large"),
    ]
    for series, classes in enumerate(distinct(rows, "class_count"), start=1):
        chosen = select(rows, class_count=classes)
        _scatter(axes, column(chosen, "difference"), chosen, series)
        handles.append(_dot(series, f"$K={classes}$"))
    axes.set(xlabel="0-1 regret $t$", ylabel="least logistic regret (nats)", xlim=(0, 1), ylim=(0, 1.05))
    axes.legend(handles=handles, loc="upper left", fontsize=7)
    panel_label(axes, r"(a) One $\psi$ for every $K$")


def _sharp(axes: Axes, rows: Rows) -> None:
    """Draw the regret over s psi(t/s), which is 1 where a pair is all that is tied."""
    handles, most = [], 1.0
    for series, classes in enumerate(distinct(rows, "class_count"), start=1):
        if classes > 2:
            chosen = select(rows, class_count=classes)
            sharp = closed_form.sharp_multiclass_transform(column(chosen, "difference"), column(chosen, "top_two_mass"))
            ratios = rescaled(chosen, 1.0 / sharp)
            _scatter(axes, column(chosen, "third_class"), ratios, series)
            most = max(most, *column(ratios, "estimate"))
            handles.append(_dot(series, f"$K={classes}$"))
    axes.axhline(1.0, color=SERIES[0].colour, zorder=2)
    write_place(axes, 1.0, "from here on a third class is tied", at=0.82, right=False)
    axes.set(xlabel="largest third class $/\\,(s/2)$", ylabel="least regret $/\\,[s\\,\\psi(t/s)]$", xlim=(0, 2), ylim=(0.98, 1.05 * most))
    axes.legend(handles=handles, loc="upper left", fontsize=7)
    panel_label(axes, r"(b) Sharp form, $s\,\psi(t/s)$")


def _box(axes: Axes, rows: Rows) -> None:
    """Draw the transforms of scores in [-L, L] for two and three classes, and their start once more, enlarged."""
    bound = rows[0]["bound"]
    zoomed = axes.inset_axes((0.15, 0.4, 0.31, 0.27))
    t = np.linspace(0.0, 1.0, 401)
    reachable = np.linspace(0.0, closed_form.largest_reachable_difference(bound, 3), 201)
    for panel in (axes, zoomed):
        theory_line(panel, t, closed_form.bounded_score_transform(t, bound, 2), 1)
        theory_line(panel, t, closed_form.bounded_score_transform(t, bound, 3), 2)
        theory_line(panel, reachable, closed_form.reachable_transform(reachable, bound, 3), 3)
    for number, inside, series in ((2, True, 1), (2, False, 1), (3, False, 2), (3, True, 3)):
        chosen = select(rows, class_count=number, reachable=inside)
        _scatter(axes, column(chosen, "difference"), chosen, series)
    plateau = closed_form.largest_uncharged_difference(bound, 3)
    zoomed.plot([plateau], [0.0], marker="x", color="black", markersize=4, zorder=4, clip_on=False)
    zoomed.annotate(f"0 up to\n$t={plateau:.3f}$", (plateau, 0.0), xytext=(0.01, 0.0105), fontsize=6, va="top")
    zoomed.set(xlim=(0, 0.16), ylim=(-0.0005, 0.0115), xticks=(0, 0.1), yticks=(0.01,))
    zoomed.tick_params(labelsize=6, pad=1.5)
    axes.set(xlabel="0-1 regret $t$", ylabel="least logistic regret (nats)", xlim=(0, 1), ylim=(0, 0.72))
    handles = [_dot(1, "$K=2$", line=True), _dot(2, "$K=3$", line=True), _dot(3, "$K=3$, reachable", line=True)]
    axes.legend(handles=handles, loc="upper left", fontsize=7)
    panel_label(axes, f"(c) Scores in $[-L,L]$, $L={bound:g}$")


def _scatter(axes: Axes, x: ArrayLike, rows: Rows, series: int) -> None:
    simulation_points(axes, x, rows, series, markersize=3, markeredgewidth=0.6, markerfacecolor="none", alpha=0.8, elinewidth=0, capsize=0)


def _line(series: int, label: str) -> Line2D:
    look = SERIES[series]
    return Line2D([], [], color=look.colour, linestyle=look.dash, label=label)


def _dot(series: int, label: str, *, line: bool = False) -> Line2D:
    look = SERIES[series]
    dash = look.dash if line else "none"
    return Line2D([], [], color=look.colour, linestyle=dash, marker=look.marker, markersize=4, markerfacecolor="white", label=label)
