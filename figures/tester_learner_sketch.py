"""The sketch of the idea of arXiv:2302.14853: the band that the gradient sees, strips further out, and the wedge where two halfspaces disagree."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.integrate import quad
from scipy.special import ndtr

from theorylab.plotting import SERIES, column, new_figure, note, panel_label, select, simulation_points
from theorylab.rows import Rows

__all__ = ["sketch"]


def sketch(rows: Rows) -> Figure:
    """Draw rows in the plane of w and w*, and the share of each strip on which the two halfspaces disagree, with the bounds on it."""
    figure, (left, right) = new_figure(1, 2, height=3.7, width_ratios=(1, 1.1))
    _plane(left, select(rows, panel="plane"))
    _strips(right, select(rows, panel="strip"))
    note(
        figure,
        "(a): full and open circles: labels $+1$ and $-1$; black: flipped. Grey: band of the gradient and, paler, strips. Orange: $w$ and $w^*$ "
        "disagree.\n(b): the bound knows masses and second moments of the strips (Chebyshev). Points: simulation, with 99 % intervals.",
    )
    return figure


def _plane(axes: Axes, rows: Rows) -> None:
    first = rows[0]
    angle, width = first["angle"], first["ramp_width"]
    reach = 3.0
    for edge, shade in ((4.0, "0.95"), (2.0, "0.9"), (1.0, "0.82")):
        axes.axhspan(-edge * width / 2, edge * width / 2, color=shade, linewidth=0, zorder=0)
    # w* = cos(theta) w + sin(theta) v is orthogonal to the line a = -b tan(theta).
    across = np.linspace(-reach, reach, 3)
    edge = -across * math.tan(angle)
    axes.fill_between(across, 0.0, edge, color=SERIES[5].colour, alpha=0.45, linewidth=0, zorder=1)
    axes.plot(across[::2], [0.0, 0.0], color=SERIES[0].colour, linewidth=1.4, zorder=2)
    axes.plot(across[::2], edge[::2], color=SERIES[1].colour, linewidth=1.4, linestyle=SERIES[1].dash, zorder=2)
    for label, face in ((1.0, True), (-1.0, False)):
        for flipped in (False, True):
            chosen = [row for row in rows if row["label"] == label and row["flipped"] == flipped]
            colour = "black" if flipped else "0.45"
            places = column(chosen, "across"), column(chosen, "estimate")
            axes.plot(
                *places, linestyle="none", marker="o", markersize=2.6, color=colour, markerfacecolor=colour if face else "white", markeredgewidth=0.6
            )
    for tip, text, series in (((0.0, 1.6), "$w$", 0), ((1.6 * math.sin(angle), 1.6 * math.cos(angle)), "$w^*$", 1)):
        arrow = {"arrowstyle": "-|>", "color": SERIES[series].colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", tip, (0.0, 0.0), arrowprops=arrow, zorder=5)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
        axes.annotate(
            text, tip, xytext=(-5 if series == 0 else 5, 3), textcoords="offset points", ha="center", va="bottom", fontsize=9, bbox=box, zorder=6
        )
    axes.set(xlabel=r"$b=\langle v,x\rangle$", ylabel=r"$a=\langle w,x\rangle$", xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.grid(False)
    panel_label(axes, rf"(a) Around $w$, $\sigma={width:g}$")


def _strips(axes: Axes, rows: Rows) -> None:
    first = rows[0]
    angle, width = first["angle"], first["ramp_width"] / 2
    tangent = math.tan(angle)
    edges = np.array(column(rows, "low_edge"))
    ends = [*edges, edges[-1] + width]
    bounds = np.minimum(1.0, tangent**2 / np.maximum(edges, tangent) ** 2)
    axes.bar(edges, bounds, width, align="edge", facecolor="0.88", edgecolor="0.6", linewidth=0.8, zorder=1)
    exact = [_share(float(low), float(low + width), tangent) for low in edges]
    axes.stairs(exact, ends, color=SERIES[0].colour, linewidth=1.5, zorder=2)
    simulation_points(axes, edges + width / 2, rows, 1)
    axes.set(xlabel=r"distance $|\langle w,x\rangle|$", ylabel=r"share on which $w$ and $w^*$ disagree", ylim=(-0.02, 1.12), xlim=(0.0, ends[-1]))
    handles = [
        Patch(facecolor="0.88", edgecolor="0.6"),
        Line2D([], [], color=SERIES[0].colour),
        Line2D([], [], color=SERIES[1].colour, linestyle="none", marker="s", markerfacecolor="white", markeredgewidth=1.2),
    ]
    axes.legend(handles, ["bound for a strip", "Gaussian, closed form", "Gaussian, simulation"], loc="upper right", fontsize=7)
    panel_label(axes, rf"(b) Strip by strip, $\theta={angle:g}$")


def _share(low: float, high: float, tangent: float) -> float:
    """Return the share of a strip on which the halfspaces disagree: at |a|, the rows whose b lies beyond |a| cot(theta) on one side."""

    def density(a: float) -> float:
        return math.exp(-(a**2) / 2)

    return float(quad(lambda a: density(a) * ndtr(-a / tangent), low, high)[0] / quad(density, low, high)[0])
