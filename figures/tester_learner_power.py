"""The drawing of the power of tests against a pinch in a narrow band (arXiv:2302.14853): a look around w, against moments of the whole sample."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr, ndtri

from theorylab.plotting import (
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
)
from theorylab.rows import Rows

__all__ = ["power"]

TESTS = {"band": "smallest eigenvalue in the band", "kurtosis": "kurtosis of a coordinate", "covariance": "covariance", "mardia": r"mean of $|x|^4$"}
PANELS = {"narrow": "(a) Along an axis", "aligned": "(b) A wider pinch", "turned": "(c) Between the axes"}


def power(rows: Rows) -> Figure:
    """Draw the power of four tests against the sample size, for two widths of the pinch and for a direction between the axes."""
    figure, axes = new_figure(1, 3, height=3.3, sharey=True)
    for panel, place in zip(PANELS, axes, strict=True):
        _power(place, select(rows, panel=panel))
        panel_label(place, f"{PANELS[panel]}, $c={select(rows, panel=panel)[0]['half_width']:g}$")
    axes[0].set_ylabel("power")
    series_legend(axes[2], list(TESTS.values()), loc="center", fontsize=7, handlelength=1.8, borderaxespad=0.1)
    first = rows[0]
    note(
        figure,
        "Points: simulation, with exact 99 % intervals; heavy line: power of the kurtosis at large $n$; grey: the level. "
        f"$d={first['dimension']}$; where\n$|\\langle w,x\\rangle|\\leq c$ "
        f"one direction is scaled by {first['factor']:g}, elsewhere so that its variance is 1.",
    )
    return figure


def _power(axes: Axes, rows: Rows) -> None:
    first = rows[0]
    level, dimension = first["level"], first["dimension"]
    for series, test in enumerate(TESTS):
        chosen = select(rows, test=test)
        simulation_points(axes, column(chosen, "sample_size"), chosen, series)
        if test != "kurtosis" or first["turned"]:
            # No closed form: what joins the points is a guide for the eye.
            places, heights = column(chosen, "sample_size"), column(chosen, "estimate")
            axes.plot(places, heights, color=SERIES[series].colour, alpha=0.5, linewidth=0.8, marker="", zorder=2)
    if not first["turned"]:
        # The pinched axis has the excess kurtosis 3 P/(1 - P), P the mass of the band; the other axes are wrong at their share of the level.
        sizes = np.geomspace(min(column(rows, "sample_size")), max(column(rows, "sample_size")), 80)
        mass = math.erf(first["half_width"] / math.sqrt(2))
        shift = 3 * mass / (1 - mass) * np.sqrt(sizes / 24)
        limit = -ndtri(level / (2 * dimension))
        alone = ndtr(shift - limit) + ndtr(-shift - limit)
        theory_line(axes, sizes, 1 - (1 - alone) * (1 - level / dimension) ** (dimension - 1), 1)
    axes.axhline(level, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    plain_log_axis(axes, (300, 1000, 5000, 20_000) if max(column(rows, "sample_size")) < 50_000 else (300, 3000, 30_000, 300_000))
    axes.set(xlabel="sample size $n$", ylim=(-0.02, 1.05), yticks=(level, 0.25, 0.5, 0.75, 1))
