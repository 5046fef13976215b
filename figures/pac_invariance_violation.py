"""The drawing of violation probabilities against the number of interventions (arXiv:2205.15196): one head, and all representations at once."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.numerics.concentration import consistent_violation_bound, scenario_violation_law
from theorylab.papers.pac_invariance.closed_form import vc_dimension_bound
from theorylab.plotting import (
    POINTS,
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
    whole_numbers,
)
from theorylab.rows import Rows

__all__ = ["violation_rates"]

# The constant, a coefficient and a moment: one site with one parent.
FAMILY_DIMENSION = 3
FAILURE_PROBABILITY = 0.05


def violation_rates(rows: Rows) -> Figure:
    """Draw V against N, of a fixed head and of trained heads with their Beta laws, and of the worst representation with hull and VC bounds."""
    figure, (left, right) = new_figure(1, 2, height=3.6, sharey=True)
    numbers = distinct(rows, "interventions")
    _heads(left, select(rows, panel="head"))
    _uniform(right, select(rows, panel="uniform"))
    for axes in (left, right):
        plain_log_axis(axes, (5, 20, 80, 320, 1280)[: 4 if numbers[-1] < 1000 else 5])
        plain_log_axis(axes, (0.001, 0.01, 0.1, 1), "y")
        axes.set(xlabel="interventions $N$", xlim=(0.8 * numbers[0], 1.25 * numbers[-1]), ylim=(0.15 / numbers[-1], 2.3))
    left.set_ylabel("violation probability $V$ on a fresh one")
    note(
        figure,
        f"{POINTS}\n(a): means of the Beta laws and, shaded, the central 90 % of the first and the last. (b): a family of "
        f"{FAMILY_DIMENSION} dimensions; thin lines join points.\nThe supremum exceeds the VC bound with probability at most "
        f"{FAILURE_PROBABILITY:g}; Efron's vertices are those of the hull of $N+1$.",
    )
    return figure


def _heads(axes: Axes, rows: Rows) -> None:
    numbers = whole_numbers(min(column(rows, "interventions")), max(column(rows, "interventions")))
    features = distinct(rows, "features")
    for series, count in enumerate(features):
        laws = [scenario_violation_law(count + 1, int(number)) for number in numbers]
        theory_line(axes, numbers, [law.mean() for law in laws], series)
        if count in (features[0], features[-1]):
            ends = [[law.ppf(level) for law in laws] for level in (0.05, 0.95)]
            axes.fill_between(numbers, *ends, color=SERIES[series].colour, alpha=0.13, linewidth=0, zorder=0)
        chosen = select(rows, features=count)
        simulation_points(axes, column(chosen, "interventions"), chosen, series)
    trained = [rf"$r={count}$ trained: Beta$({count + 1},N-{count})$" for count in features[1:]]
    series_legend(axes, ["fixed head: Beta$(1,N)$", *trained], loc="lower left", fontsize=7)
    panel_label(axes, "(a) One head")


def _uniform(axes: Axes, rows: Rows) -> None:
    vc_dimension = vc_dimension_bound("gradient", family_dimension=FAMILY_DIMENSION)
    numbers = whole_numbers(min(column(rows, "interventions")), max(column(rows, "interventions")))
    bounds = np.array([consistent_violation_bound(vc_dimension, int(number), FAILURE_PROBABILITY) for number in numbers])
    theory_line(axes, numbers[bounds < 1.0], bounds[bounds < 1.0], 3)
    for series, name in enumerate(("hull_mass", "vertex_share", "supremum")):
        chosen = select(rows, value=name)
        places, heights = column(chosen, "interventions"), column(chosen, "estimate")
        # No closed form: what joins the points is a guide for the eye.
        axes.plot(places, heights, color=SERIES[series].colour, linestyle=SERIES[series].dash, alpha=0.5, linewidth=0.9, marker="", zorder=2)
        size = {"vertex_share": 8.0}.get(name, 4.5)
        simulation_points(axes, places, chosen, series, markersize=size, zorder=3 if size > 5.0 else 4)
    theory_line(axes, numbers, 1.0 / (numbers + 1.0), 4, linewidth=0.9)
    labels = ["outside the hull of $N$", "vertices$/(N+1)$ (Efron)", r"supremum over $(\Phi,w,\varepsilon)$", f"VC bound, $v={vc_dimension:g}$"]
    series_legend(axes, [*labels, "fixed head, $1/(N+1)$"], loc="lower left", fontsize=7)
    for handle in axes.get_legend().legend_handles[3:]:  # type: ignore[union-attr]
        handle.set_marker("None")  # type: ignore[union-attr]
    panel_label(axes, "(b) All representations at once")
