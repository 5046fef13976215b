"""The drawing of half-planes that agree with examples (arXiv:2406.15941): nats from data and nats of bias make up the logarithm of 1/eps."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.inductive_bias.closed_form import circle_required_bias, circle_version_space
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
    whole_numbers,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["version_space"]


def version_space(rows: Rows) -> Figure:
    """Draw the nats of examples and of bias, stacked, against the number of examples, and the risk with the gain of the next example."""
    figure, (left, right) = new_figure(1, 2, height=3.4)
    numbers = whole_numbers(min(column(rows, "sample_size")), max(column(rows, "sample_size")))
    eps = rows[0]["target_error"]
    _budget(left, rows, numbers, eps)
    _risk(right, select(rows, value="risk"), numbers)
    for axes in (left, right):
        plain_log_axis(axes, (2, 5, 10, 20, 50, 100, 200)[: 6 if numbers[-1] < 200 else 7])
        axes.set(xlabel="examples $n$", xlim=(numbers[0] / 1.1, numbers[-1] * 1.1))
    note(
        figure,
        f"{POINTS}\nHalf-planes through the origin, uniform prior, error: angle to the teacher over $\\pi$. (a): means, $\\varepsilon={eps:g}$; the "
        "sum of both kinds of nats\n"
        r"is $\log 1/\varepsilon$ as long as all hypotheses within $\varepsilon$ of the teacher fit the data, and above it afterwards.",
    )
    return figure


def _budget(axes: Axes, rows: Rows, numbers: np.ndarray, eps: float) -> None:
    given = np.asarray(circle_version_space(numbers).nats)
    needed = np.array([_mean_bias(int(number), eps) for number in numbers])
    axes.fill_between(numbers, 0.0, given, color=SERIES[0].colour, alpha=0.15, linewidth=0, zorder=0)
    axes.fill_between(numbers, given, given + needed, color=SERIES[1].colour, alpha=0.15, linewidth=0, zorder=0)
    for series, (name, line) in enumerate((("nats", given), ("bias", needed), ("sum", given + needed))):
        theory_line(axes, numbers, line, series)
        chosen = select(rows, value=name)
        simulation_points(axes, column(chosen, "sample_size"), chosen, series)
    write_level(axes, math.log(1.0 / eps), r"$\log 1/\varepsilon$", below=True, at=0.2)
    axes.set(ylabel="nats", ylim=(0, 1.75 * math.log(1.0 / eps)))
    series_legend(axes, ["from the examples", "required bias", "sum"], loc="upper left", fontsize=7)
    panel_label(axes, r"(a) Data and bias share $\log 1/\varepsilon$")


def _mean_bias(sample_size: int, eps: float) -> float:
    """Return the mean of I(eps | data) over the arcs: their joint density is n (n - 1)(1 - a - b)^(n - 2)."""
    # The sum of the arcs is Beta(2, n - 1), and the one arc a uniform share of it; nodes on both sides of eps.
    nodes, weights = np.polynomial.legendre.leggauss(120)
    half = 0.5 * (nodes + 1.0)
    ends = np.unique(np.clip([0.0, eps, 2.0 * eps, 8.0 / sample_size, 1.0], 0.0, 1.0))
    total = 0.0
    for low, high in pairwise(ends):
        whole = low + (high - low) * half
        density = sample_size * (sample_size - 1) * whole * (1.0 - whole) ** (sample_size - 2)
        share = np.maximum(half[None, :], 1e-12)
        bias = np.asarray(circle_required_bias(whole[:, None] * share, whole[:, None] * np.maximum(1.0 - share, 1e-12), eps))
        total += 0.5 * (high - low) * float((0.5 * weights * density) @ bias @ weights)
    return total


def _risk(axes: Axes, rows: Rows, numbers: np.ndarray) -> None:
    found = circle_version_space(numbers)
    theory_line(axes, numbers, found.gibbs_risk, 3)
    simulation_points(axes, column(rows, "sample_size"), rows, 3)
    theory_line(axes, numbers, found.gain, 4)
    theory_line(axes, numbers, 2.0 * math.log(2.0) * np.asarray(found.gibbs_risk), 6)
    plain_log_axis(axes, (0.003, 0.01, 0.03, 0.1, 0.3), "y")
    axes.set(ylabel="risk; nats", ylim=(0.002, 0.6))
    legend = series_legend(
        axes, ["risk of a random consistent one", "nats of the next example", r"$2\log 2$ times the risk"], first=3, loc="lower left", fontsize=7
    )
    for handle, series in zip(legend.legend_handles, (3, 4, 6), strict=True):
        look = SERIES[series]
        handle.set(color=look.colour, linestyle=look.dash, marker=look.marker if series == 3 else "None")  # type: ignore[union-attr]
    panel_label(axes, "(b) Each example gives at least this much")
