"""The drawing of the synthetic table (arXiv:2310.00027): accuracy against the number of unlabelled samples, beside what is possible."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr

from theorylab.papers.unlabeled_ood_gmm import closed_form
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
    write_level,
)
from theorylab.rows import Rows

__all__ = ["table"]


def table(rows: Rows) -> Figure:
    """Draw both halves of the table."""
    figure, panels = new_figure(1, 2, height=3.9, sharey=True)
    for axes, shift in zip(panels, distinct(rows, "shift"), strict=True):
        _half(axes, select(rows, shift=shift), shift)
    panels[0].set_ylabel("accuracy")
    weight = max(column(rows, "unlabeled_weight"))
    note(
        figure,
        f"$d={rows[0]['dimension']}$, $s=1$. Thick lines: limit of the best rule; thin: labels alone, exact. Markers: means, 99 % intervals; large: "
        f"self-trained\n($\\kappa={weight:g}$, fixed in advance), small: leading eigenvector after the vote. "
        "Crosses: the paper's table, one draw, chosen by the test set.",
    )
    return figure


def _half(axes: Axes, rows: Rows, shift: float) -> None:
    d, away = rows[0]["dimension"], math.sqrt(1 + shift**2)
    sizes = distinct(rows, "labeled_size")
    n = np.geomspace(8, 13_000, 80)
    for series, m in enumerate(sizes):
        own = select(rows, labeled_size=m)
        overlap = closed_form.shifted_semisupervised_overlap(1.0, away, 1 / away, m / d, n / d).home
        theory_line(axes, n, ndtr(np.sqrt(overlap)), series, linewidth=1.6)
        theory_line(axes, n, np.full(n.size, 1 - closed_form.mean_classifier_risk(d, m, 1.0)), series, linewidth=0.6)
        place = np.array([row["unlabeled_size"] for row in select(own, rule="self_trained")]) * 1.06 ** (series - 1)
        simulation_points(axes, place, select(own, rule="self_trained"), series)
        simulation_points(axes, place * 1.02, select(own, rule="spectral"), series, markersize=2.5, alpha=0.6)
        printed = [row["printed"] for row in select(own, rule="self_trained")]
        axes.plot(place, printed, "x", color=SERIES[series].colour, markersize=4, alpha=0.8, zorder=4)
    write_level(axes, float(ndtr(1.0)), "best possible", at=0.3)
    if shift:
        write_level(axes, float(ndtr(1 / away)), r"other domain alone, $n=\infty$", at=0.45, below=True)
    plain_log_axis(axes, (10, 100, 1000, 10_000))
    axes.set(xlabel="unlabelled samples $n$", ylim=(0.44, 0.88), xlim=(8, 14_000))
    series_legend(axes, [f"$m={m}$" for m in sizes], loc="lower right", fontsize=7)
    panel_label(axes, f"(b) Shifted by {shift:g}, unknown direction" if shift else "(a) The same domain")
