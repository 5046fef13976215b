"""The drawing of the regimes of arXiv:2302.02334: who is better at which training size, in three mixtures."""

from __future__ import annotations

import math
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.models.gaussian_mixture import grouped_mixture
from theorylab.papers.naive_bayes_logistic import closed_form
from theorylab.plotting import SERIES, column, new_figure, note, panel_label, plain_log_axis, select, series_legend, simulation_points, write_level
from theorylab.rows import Rows

__all__ = ["regimes"]

METHODS = {"naive_bayes": "naive Bayes", "logistic": "logistic regression"}
TITLES = {"two": "(a) Two regimes", "three": "(b) Three regimes", "one": "(c) One regime"}


def regimes(rows: Rows) -> Figure:
    """Draw the errors of both methods against the training size, their limits, and where the better one changes."""
    figure, panels = new_figure(1, 3, height=3.3, sharey=True)
    for axes, (panel, title) in zip(panels, TITLES.items(), strict=True):
        chosen = select(rows, panel=panel)
        first = chosen[0]
        curves = [select(chosen, method=method) for method in METHODS]
        sizes = column(curves[0], "sample_size")
        for series, curve in enumerate(curves):
            simulation_points(axes, sizes, curve, series, linestyle=SERIES[series].dash, linewidth=1.0)
        _mark_changes(axes, select(chosen, method="difference"))
        design = closed_form.pairs_design(first["pair_correlation"], first["dimension"], first["naive_bayes_distance"], scaled=first["scaled"])
        _write_limits(axes, design)
        plain_log_axis(axes, [tick for tick in (10, 40, 160, 640, 2560) if tick <= 1.01 * sizes[-1]])
        panel_label(axes, rf"{title}, $\rho={first['pair_correlation']:g}$")
        axes.set_xlabel("training size $m$")
    plain_log_axis(panels[0], (0.05, 0.07, 0.1, 0.15, 0.2, 0.3), "y")
    panels[0].set(ylabel="expected error", ylim=(0.033, 0.45))
    series_legend(panels[2], list(METHODS.values()), loc="upper right")
    d, distance = rows[0]["dimension"], rows[0]["naive_bayes_distance"]
    note(
        figure,
        rf"{d} features in pairs of correlation $\rho$, the first of which tells the classes apart; distance {distance:g} for naive Bayes; ridge 1."
        "\n(a), (c): half of the features have standard deviation $\\sqrt{d}$, all others 1. Points: simulation, with 99 % intervals (often"
        "\nsmaller than the marker), joined for the eye; grey: exact limits. Bold: who is better; shaded: between sizes where that is beyond doubt.",
    )
    return figure


def _write_limits(axes: Axes, design: dict) -> None:
    mixture = grouped_mixture(**design)
    gap = mixture.class_means[0] - mixture.class_means[1]
    naive_bayes = float(closed_form.naive_bayes_asymptotic_error(gap, mixture.covariance))
    bayes = float(closed_form.bayes_error(gap, mixture.covariance))
    if math.isclose(naive_bayes, bayes):
        write_level(axes, bayes, "limit of both", at=0.45, below=True)
    else:
        write_level(axes, naive_bayes, "limit of naive Bayes", at=0.5)
        write_level(axes, bayes, "limit of logistic regression", at=0.72, below=True)


def _mark_changes(axes: Axes, differences: Rows) -> None:
    """Shade the sizes between which the better method changes, and write into each regime who is better."""
    clear = [(row["sample_size"], "NB" if row["high"] < 0.0 else "LR") for row in differences if row["high"] < 0.0 or row["low"] > 0.0]
    edges = [clear[0][0]]
    for (size, winner), (following, successor) in pairwise(clear):
        if winner != successor:
            axes.axvspan(size, following, color="0.9", zorder=0, linewidth=0)
            edges += [size, following]
    edges.append(clear[-1][0])
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        place = (math.sqrt(left * right), 0.015)
        axes.annotate(dict(clear)[left], place, xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=8, fontweight="bold")
