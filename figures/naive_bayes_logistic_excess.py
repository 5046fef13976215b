"""The drawing of excess errors of arXiv:2302.02334: naive Bayes and logistic regression per sample, and bounds on naive Bayes."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr

from theorylab.papers.naive_bayes_logistic import closed_form
from theorylab.plotting import (
    column,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    select,
    simulation_points,
    theory_line,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["excess"]


def excess(rows: Rows) -> Figure:
    """Draw m times the excess errors against m, their ratio against the distance of the classes, and bounds on naive Bayes against the dimension."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.3)
    _per_sample(left, select(rows, panel="samples"))
    _ratio(middle, select(rows, panel="ratio"))
    _bounds(right, select(rows, panel="bounds"))
    ratio, bounds = select(rows, panel="ratio")[0], select(rows, panel="bounds")[0]
    note(
        figure,
        "Lines: exact expected errors of naive Bayes (a, c), limits (a, b) and bounds (c), variances known. Points: simulation, 99 % intervals.\n"
        rf"(b): $d={ratio['dimension']}$, fixed counts, points at $m={ratio['sample_size']}$. (c): gap 1 in every feature, so $\delta^2=d$; "
        rf"$m={bounds['sample_size']}$, fixed counts.",
    )
    return figure


def _per_sample(axes: Axes, rows: Rows) -> None:
    d, delta = rows[0]["dimension"], rows[0]["mahalanobis_distance"]
    sizes = np.unique(np.round(np.geomspace(10, max(column(rows, "sample_size")), 40) / 2).astype(int)) * 2
    group, best = ([delta / math.sqrt(d)], [d]), closed_form.bayes_error([delta], [[1.0]])
    for series, random_counts in enumerate((True, False)):
        counts = "random" if random_counts else "fixed"
        if random_counts:
            errors = closed_form.naive_bayes_expected_error_random_counts(*group, sizes, variance="known")
        else:
            errors = closed_form.naive_bayes_expected_error(*group, sizes / 2, sizes / 2, variance="known")
        theory_line(axes, sizes, sizes * (errors - best), series, label=f"naive Bayes, {counts} counts")
        chosen = select(rows, random_counts=random_counts)
        simulation_points(axes, column(chosen, "sample_size"), chosen, series, label=f"logistic, {counts} counts")
        naive = closed_form.naive_bayes_excess_coefficient(*group, variance="known", random_counts=random_counts)
        logistic = closed_form.logistic_excess_coefficient(d, delta, random_counts=random_counts)
        write_level(axes, naive, "", below=not random_counts)
        write_level(axes, logistic, f"limit, {counts}", at=0.43, below=not random_counts)
    plain_log_axis(axes, (10, 100, 1000))
    axes.set(xlabel="samples $m$", ylabel=r"$m\,(\mathrm{E}\,R-R^*)$", ylim=(0, 3.4))
    axes.legend(loc="lower right", fontsize=6.5, handlelength=2.4, borderaxespad=0.2, labelspacing=0.3)
    panel_label(axes, rf"(a) Per sample, $d={d}$, $\delta={delta:g}$")


def _ratio(axes: Axes, rows: Rows) -> None:
    d, distances = rows[0]["dimension"], np.linspace(0.1, 3.2, 63)
    theory_line(axes, distances, closed_form.large_dimension_excess_ratio(distances), 0, label=r"$1/(4A_0)$: $d\to\infty$")
    naive = [closed_form.naive_bayes_excess_coefficient([x / math.sqrt(d)], [d], variance="known", random_counts=False) for x in distances]
    ratio = closed_form.logistic_excess_coefficient(d, distances, random_counts=False) / np.array(naive)
    theory_line(axes, distances, ratio, 1, label=rf"limit at $d={d}$")
    simulation_points(axes, column(rows, "mahalanobis_distance"), rows, 1, label="simulation")
    axes.set(xlabel=r"distance of the classes $\delta$", ylabel="logistic / naive Bayes, excess", xlim=(0, 3.3), ylim=(0, None))
    axes.legend(loc="upper left", fontsize=7, handlelength=2.6)
    panel_label(axes, "(b) A constant factor apart")


def _bounds(axes: Axes, rows: Rows) -> None:
    m, dimensions = rows[0]["sample_size"], np.unique(np.round(np.geomspace(2, 1e6, 20)).astype(int))
    half, names = m / 2, ("union bound over features", "mean error (Markov)", "second moment")
    bounds = {name: [] for name in names}
    for d in dimensions.tolist():
        group = [1.0], [d]
        free = closed_form.dimension_free_bounds(*group, half, half, variance="known")
        bounds["mean error (Markov)"].append(free.markov.value)
        bounds["second moment"].append(free.second_moment.value)
        bounds["union bound over features"].append(closed_form.near_tie_excess_bound(*group, half, half, variance="known").value)
    for series, name in enumerate(names):
        theory_line(axes, dimensions, bounds[name], series + 1, label=name)
    small = np.unique(np.round(np.geomspace(2, 180, 40)).astype(int))
    exact = [closed_form.naive_bayes_expected_error([1.0], [d], half, half, variance="known") for d in small.tolist()]
    theory_line(axes, small, np.array(exact) - ndtr(-0.5 * np.sqrt(small)), 0, label="excess of naive Bayes")
    simulation_points(axes, column(rows, "dimension"), rows, 0)
    plain_log_axis(axes, (10, 1000, 100_000))
    axes.set_xticks([10, 1000, 100_000], ["10", "$10^3$", "$10^5$"])
    axes.set_yscale("log")
    axes.set(xlabel="dimension $d$", ylabel="excess error", ylim=(1e-11, 1e4))
    axes.set_yticks([1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1])
    axes.legend(loc="upper left", fontsize=6.5, handlelength=2.6, borderaxespad=0.2, labelspacing=0.3)
    panel_label(axes, "(c) Excess and its bounds")
