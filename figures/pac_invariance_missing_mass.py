"""The drawing of the missing mass (arXiv:2205.15196): sites that no intervention has touched are what a learner cannot know."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.numerics.concentration import missing_mass_moments
from theorylab.plotting import (
    POINTS,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    rescaled,
    select,
    series_legend,
    simulation_points,
    theory_line,
    whole_numbers,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["missing_mass"]


def missing_mass(rows: Rows) -> Figure:
    """Draw the mean missing mass of uniform sites against N and against N/k, where it collapses, and of the law that makes it largest."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.3)
    uniform = select(rows, panel="uniform")
    _numbers(left, uniform)
    _collapse(middle, uniform)
    _worst(right, select(rows, panel="worst"))
    note(
        figure,
        f"{POINTS}\nSTAR with $k$ children of the target, one intervention at a time: $V$ is the probability of the children not yet touched.\n"
        r"(b): grey: $e^{-N/k}$. (c): $k-1$ sites of mass $1/(N+1)$ each and a heavy one.",
    )
    return figure


def _uniform_mean(sites: int, interventions: int) -> float:
    return missing_mass_moments([1.0 / sites] * sites, interventions).mean


def _numbers(axes: Axes, rows: Rows) -> None:
    sites = distinct(rows, "sites")
    for series, count in enumerate(sites):
        chosen = select(rows, sites=count)
        numbers = whole_numbers(max(1, count // 2), 4 * count)
        theory_line(axes, numbers, [_uniform_mean(count, int(number)) for number in numbers], series)
        simulation_points(axes, column(chosen, "interventions"), chosen, series)
    powers_of_two_axis(axes, least=1, most=128)
    plain_log_axis(axes, (0.01, 0.1, 1), "y")
    axes.set(xlabel="interventions $N$", ylabel="mean violation probability $E\\,V$", ylim=(0.0008, 1.1))
    panel_label(axes, "(a) Uniform sites")


def _collapse(axes: Axes, rows: Rows) -> None:
    limit = np.linspace(0.0, 4.2, 60)
    axes.plot(limit, np.exp(-limit), color="0.6", linewidth=4.0, alpha=0.5, zorder=1)
    for series, count in enumerate(distinct(rows, "sites")):
        chosen = select(rows, sites=count)
        ratios = np.array(column(chosen, "interventions")) / count
        numbers = np.arange(max(1, count // 4), 4 * count + 1)
        theory_line(axes, numbers / count, [_uniform_mean(count, int(number)) for number in numbers], series, linewidth=1.0)
        simulation_points(axes, ratios, chosen, series)
    plain_log_axis(axes, (0.01, 0.1, 1), "y")
    axes.set(xlabel="interventions a site, $N/k$", xlim=(0.0, 4.3), ylim=(0.0008, 1.1), xticks=range(5))
    series_legend(axes, [f"$k={count}$" for count in distinct(rows, "sites")], loc="lower left", fontsize=7)
    panel_label(axes, "(b) Collapse in $N/k$")


def _worst(axes: Axes, rows: Rows) -> None:
    largest = max(column(rows, "interventions"))
    numbers = np.unique(np.round(np.geomspace(25, 1.2 * largest, 60)).astype(int))
    for series, count in enumerate(distinct(rows, "sites")):
        light = 1.0 / (numbers + 1.0)
        means = [missing_mass_moments([1.0 - (count - 1) * mass, *[mass] * (count - 1)], int(n)).mean for n, mass in zip(numbers, light, strict=True)]
        theory_line(axes, numbers, np.array(means) * (numbers + 1.0) / (count - 1), series)
        chosen = select(rows, sites=count)
        scaled = rescaled(chosen, [(row["interventions"] + 1.0) / (count - 1) for row in chosen])
        # Side by side.
        simulation_points(axes, [1.06 ** (series - 1) * row["interventions"] for row in chosen], scaled, series)
    write_level(axes, 1.0 / math.e, "$1/e$", below=True, at=0.12, distance=3.0)
    plain_log_axis(axes, (30, 100, 300, 1000)[: 3 if largest < 1000 else 4])
    axes.set(xlabel="interventions $N$", ylabel="$E\\,V\\,(N+1)/(k-1)$", ylim=(0.3, 0.5), yticks=(0.3, 0.35, 0.4, 0.45, 0.5))
    series_legend(axes, [f"$k={count}$" for count in distinct(rows, "sites")], loc="upper right", fontsize=7)
    panel_label(axes, "(c) The worst law")
