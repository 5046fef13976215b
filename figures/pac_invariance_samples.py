"""The drawing of gaps from finitely many rows (arXiv:2205.15196): their mean square, and the failures of an invariant pair with the bound on them."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq

from theorylab.models.structural_equations import structural_second_moment
from theorylab.papers.pac_invariance.closed_form import (
    empirical_gap_bound,
    expected_squared_empirical_gap,
    feature_moments,
    invariance_gap,
    samples_per_environment,
    selection,
)
from theorylab.papers.pac_invariance.reference_models import core_model
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
    write_level,
)
from theorylab.rows import Rows

__all__ = ["finite_samples"]

LEVEL = 0.05


def finite_samples(rows: Rows) -> Figure:
    """Draw the mean squared empirical gap of three heads against n, and the failures of the parents against n with their bound."""
    figure, (left, right) = new_figure(1, 2, height=3.4)
    _squares(left, select(rows, panel="square"))
    failures = select(rows, panel="failure")
    _failures(right, failures)
    note(
        figure,
        f"{POINTS} CORE.\n(a): thin levels: squared gap of infinitely many rows, zero for the parents. (b): probability that the gap of the parents "
        f"exceeds\n$\\varepsilon={failures[0]['threshold']:g}$ in one of $N$ environments; lines: bound; crosses: the sample size that it asks for.",
    )
    return figure


def _covariates(nodes: list[int]) -> np.ndarray:
    """Return the representation that selects nodes of CORE: after the target the positions are one less."""
    return selection([node - (node > core_model().target) for node in nodes], 5)


def _squares(axes: Axes, rows: Rows) -> None:
    model, target, _ = core_model()
    moment = structural_second_moment(*model)
    heads = list(dict.fromkeys((tuple(row["nodes"]), tuple(row["head"])) for row in rows))
    sizes = column(select(rows, nodes=rows[0]["nodes"]), "sample_size")
    numbers = whole_numbers(min(sizes), max(sizes))
    for series, (nodes, head) in enumerate(heads):
        chosen = [row for row in rows if tuple(row["nodes"]) == nodes]
        phi = _covariates(list(nodes))
        theory_line(axes, numbers, expected_squared_empirical_gap(moment, target, phi, head, numbers), series)
        exact = invariance_gap(moment, target, phi, head)
        if exact > 1e-9:
            axes.axhline(exact**2, color=SERIES[series].colour, linewidth=0.8, alpha=0.7, zorder=1)
        simulation_points(axes, column(chosen, "sample_size"), chosen, series)
    plain_log_axis(axes, (5, 20, 100, 500, 2000)[: 4 if max(sizes) < 2000 else 5])
    plain_log_axis(axes, (0.001, 0.01, 0.1, 1, 10), "y")
    axes.set(xlabel="rows $n$ of the environment", ylabel=r"mean square of the empirical gap $\hat{G}$", ylim=(5e-4, 30))
    labels = ["parents"]
    for nodes, head in heads[1:]:
        weights = ",".join(f"{weight:g}" for weight in head)
        labels.append(rf"$\{{{','.join(map(str, nodes))}\}},\ w={weights if len(head) == 1 else f'({weights})'}$")
    series_legend(axes, labels, loc="lower left", fontsize=7)
    panel_label(axes, "(a) Mean square")


def _failures(axes: Axes, rows: Rows) -> None:
    model, target, parents = core_model()
    moments = feature_moments(structural_second_moment(*model), target, _covariates(list(parents)))
    risk = float(model.noise_variances[target])
    eps = rows[0]["threshold"]
    numbers = np.arange(20, 1300, 10)
    for series, interventions in enumerate(distinct(rows, "interventions")):
        chosen = select(rows, interventions=interventions)
        bounds = np.array([_failure_bound(moments.features, risk, int(number), eps, interventions) for number in numbers])
        theory_line(axes, numbers[bounds < 1.0], bounds[bounds < 1.0], series)
        simulation_points(axes, column(chosen, "sample_size"), chosen, series)
        enough = samples_per_environment(moments.features, risk, threshold=eps, interventions=interventions, failure_probability=LEVEL)
        axes.plot([enough], [LEVEL], "x", color="black", markersize=5, zorder=4)
    write_level(axes, LEVEL, rf"$\delta={LEVEL:g}$", at=0.99)
    plain_log_axis(axes, (0.001, 0.01, 0.1, 1), "y")
    axes.set(xlabel="rows $n$ of each environment", ylabel="failure probability", ylim=(5e-4, 1.5), xlim=(0, 1300))
    series_legend(axes, [f"$N={count}$" for count in distinct(rows, "interventions")], loc="upper right", fontsize=7)
    panel_label(axes, "(b) Failures of the parents")


def _failure_bound(features: np.ndarray, risk: float, sample_size: int, eps: float, interventions: int) -> float:
    """Return 2 N e^-x at the x at which the bound on a gap is eps, at most 1."""

    def above(x: float) -> float:
        return float(empirical_gap_bound(features, risk, sample_size, x)) - eps

    least = 1e-9
    if above(least) >= 0.0:
        return 1.0
    return min(1.0, 2.0 * interventions * math.exp(-brentq(above, least, 200.0)))
