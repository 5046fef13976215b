"""The drawing of the certificate (arXiv:2302.14853): what it promises of the learner's angle without assumptions, beside the truth."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.tester_learner import closed_form
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

__all__ = ["certificate"]

NAMES = {
    "gaussian": "Gaussian",
    "gaussian_massart": "Gaussian, Massart",
    "uniform": "uniform",
    "laplace": "Laplace",
    "student": "Student $t_3$",
    "planar_lopsided": "lopsided in a plane",
    "coupled": "coupled signs",
    "anisotropic": "one deviation of 3",
    "slab": "slab",
    "pinched": "pinched",
    "nodes": "six nodes",
}


def certificate(rows: Rows) -> Figure:
    """Draw certified and true angles against the sample size on Gaussian rows, and in several situations."""
    figure, (left, right) = new_figure(1, 2, height=3.5)
    grown, situations = select(rows, panel="size"), select(rows, panel="situation")
    _sizes(left, grown)
    _situations(right, situations)
    note(
        figure,
        f"Points: means and ranges of {grown[0]['replicates']} data sets. $d={rows[0]['dimension']}$, $\\eta={rows[0]['noise_rate']:g}$, half of the "
        "$n$ rows learn. (a): upper lines: limit of many rows in the\nnarrowest band, lower lines: root mean square true angle. (b): "
        f"$n={situations[0]['sample_size']}$, $\\sigma={situations[0]['ramp_width']:g}$; at $\\pi/2$ (grey) "
        "nothing is certain, and the sample is refused.",
    )
    return figure


def _sizes(axes: Axes, rows: Rows) -> None:
    widths, sizes = distinct(rows, "ramp_width")[::-1], distinct(rows, "sample_size")
    dimension, rate = rows[0]["dimension"], rows[0]["noise_rate"]
    for series, width in enumerate(widths):
        shift = 1.12 ** (series - 1)
        chosen = select(rows, ramp_width=width, value="certified")
        limit = float(closed_form.certified_angle_limit(chosen[0]["narrowest"], rate))
        theory_line(axes, [sizes[0] * 0.7, sizes[-1] * 1.4], [limit, limit], series, linewidth=1.0)
        simulation_points(axes, [size * shift for size in sizes], chosen, series)
        true = select(rows, ramp_width=width, value="true")
        simulation_points(axes, [size * shift for size in sizes], true, series, markersize=3, markerfacecolor=SERIES[series].colour, alpha=0.7)
        theory_line(axes, sizes, closed_form.asymptotic_angle_rms([size // 2 for size in sizes], dimension, width, rate), series, linewidth=1.0)
    axes.axhline(math.pi / 2, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.set(xscale="log", yscale="log", xlabel="sample size $n$", ylabel="certified and (small, full) true angle", ylim=(3e-4, 9))
    series_legend(axes, [rf"$\sigma={width:g}$" for width in widths], loc="upper right", fontsize=7, ncols=3, columnspacing=1.0, handlelength=2.0)
    panel_label(axes, "(a) A Gaussian sample")


def _situations(axes: Axes, rows: Rows) -> None:
    names = [name for name in NAMES if select(rows, scenario=name)]
    heights = np.arange(len(names))[::-1]
    for series, value in enumerate(("certified", "true")):
        chosen = [select(rows, scenario=name, value=value)[0] for name in names]
        estimate, low, high = (np.array(column(chosen, name), dtype=float) for name in ("estimate", "low", "high"))
        look = SERIES[series]
        axes.errorbar(
            estimate,
            heights + (0.15, -0.15)[series],
            xerr=np.maximum([estimate - low, high - estimate], 0.0),
            linestyle="none",
            marker=look.marker,
            color=look.colour,
            markerfacecolor="white",
            markeredgewidth=1.2,
            zorder=3,
        )
    axes.axvline(math.pi / 2, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    plain_log_axis(axes, (0.001, 0.01, 0.1, 1))
    axes.set(xlabel="angle (radians)", ylabel="situation", xlim=(4e-4, 3), ylim=(-0.7, len(names) + 0.9))
    axes.set_yticks(heights, [NAMES[name] for name in names], fontsize=7)
    series_legend(axes, ["certified", "true"], loc="upper left", fontsize=7, ncols=2)
    panel_label(axes, "(b) Certified and true")
