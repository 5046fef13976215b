"""The drawing of what an unlabelled sample is worth (arXiv:2310.00027): efficiencies, and shifted samples weighted with labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.unlabeled_ood_gmm import closed_form
from theorylab.plotting import (
    POINTS,
    SERIES,
    column,
    new_figure,
    note,
    panel_label,
    select,
    series_legend,
    simulation_points,
    theory_line,
)
from theorylab.rows import Rows

__all__ = ["efficiency"]

ESTIMATORS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "likelihood": ("likelihood (EM)", closed_form.unlabeled_information),
    "absolute": (r"widest ramp, $\tau=\infty$", lambda s: closed_form.ramp_efficiency(s, math.inf)),
    "leading": ("leading eigenvector", closed_form.pca_efficiency),
    "ramp 3": (r"ramp, $\tau=3$", lambda s: closed_form.ramp_efficiency(s, 3.0)),
    "ramp 1": (r"ramp, $\tau=1$", lambda s: closed_form.ramp_efficiency(s, 1.0)),
}
RULES = {"labeled": "labels alone", "unlabeled": "unlabelled direction", "weighted": "weighted"}


def efficiency(rows: Rows) -> Figure:
    """Draw efficiencies against the separation, and excess risks against the shift."""
    figure, (left, right) = new_figure(1, 2, height=3.5)
    _efficiencies(left, select(rows, panel="efficiency"))
    shifted = select(rows, panel="shift")
    _shifts(right, shifted)
    first = shifted[0]
    d, m, n = first["dimension"], first["labeled_size"], first["unlabeled_size"]
    note(
        figure,
        f"{POINTS}\n(a): lines: limits; $d=5$, for ramps the exact minimiser in the plane. (b): $d={d}$, $m={m}$, $n={n}$, $s=1$, "
        "shift orthogonal to the mean.",
    )
    return figure


def _efficiencies(axes: Axes, rows: Rows) -> None:
    s = np.linspace(0.02, 3.0, 150)
    for series, (name, (_, worth)) in enumerate(ESTIMATORS.items()):
        theory_line(axes, s, worth(s), series)
        chosen = select(rows, estimator=name)
        simulation_points(axes, column(chosen, "half_distance"), chosen, series)
    theory_line(axes, s, closed_form.ramp_efficiency(s, 0.3), len(ESTIMATORS))
    axes.set(xlabel="half distance $s_1$ of the classes", ylabel="labels that a sample is worth", ylim=(-0.02, 1.75), yticks=(0, 0.25, 0.5, 0.75, 1))
    series_legend(axes, [*(label for label, _ in ESTIMATORS.values()), r"ramp, $\tau=0.3$"], loc="upper left", fontsize=7, ncols=2)
    panel_label(axes, "(a) An unlabelled sample in labels")


def _shifts(axes: Axes, rows: Rows) -> None:
    first = rows[0]
    d, m, n, s = first["dimension"], first["labeled_size"], first["unlabeled_size"], first["half_distance"]
    shifts = np.linspace(0.0, max(column(rows, "shift")), 121)
    curves = {
        "labeled": np.full(shifts.size, closed_form.mean_classifier_excess(d, m, s)),
        "unlabeled": closed_form.weighted_excess(d, m, n, s, shifts, labeled_weight=0.0, form="angle"),
        "weighted": closed_form.weighted_excess(d, m, n, s, shifts, form="angle"),
    }
    for series, rule in enumerate(RULES):
        theory_line(axes, shifts, curves[rule], series)
        chosen = select(rows, rule=rule)
        simulation_points(axes, column(chosen, "shift"), chosen, series)
    even = float(closed_form.break_even_shift(d, m, s))
    axes.plot([even], [closed_form.mean_classifier_excess(d, m, s)], "x", color=SERIES[4].colour, markersize=6, zorder=4)
    # Short uprights, clear of the legend; the cross is where both are equally good at n = infinity.
    top = 0.6 * d / m
    for place, text in ((math.sqrt(d / m), r"$\sigma\sqrt{d/m}$"), (d / m, r"$d/m$")):
        axes.plot([place, place], [0.0, 0.68 * top], color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(text, (place, 0.68 * top), xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=7, color="0.25")
    axes.set(xlabel=r"shift $\beta$ (standard deviations)", ylabel="excess risk", xlim=(-0.01, shifts[-1] + 0.01), ylim=(0.0, top))
    series_legend(axes, list(RULES.values()), loc="upper left", fontsize=7)
    panel_label(axes, "(b) Shifted samples and labels")
