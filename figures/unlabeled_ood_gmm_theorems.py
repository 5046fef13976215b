"""The drawing of the second theorem of arXiv:2310.00027 beside the truth: where it holds, and where no constant saves it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr

from theorylab.papers.unlabeled_ood_gmm import closed_form
from theorylab.plotting import POINTS, column, new_figure, note, panel_label, select, series_legend, simulation_points, theory_line
from theorylab.rows import Rows

__all__ = ["bounds"]


def bounds(rows: Rows) -> Figure:
    """Draw the bound with constant 1 against n and against the separation, beside exact excess risks."""
    figure, (left, right) = new_figure(1, 2, height=3.3)
    _sizes(left, select(rows, panel="sizes"))
    _separations(right, select(rows, panel="separation"))
    note(
        figure,
        f"{POINTS}\nTheorem 4.2 with constant 1, $\\delta=0.05$, $\\sigma_0=1$, no shift. (a): diamonds: after the vote of the labels. "
        "(b): squares: $2m$ labels.",
    )
    return figure


def _sizes(axes: Axes, rows: Rows) -> None:
    d, m = rows[0]["dimension"], rows[0]["labeled_size"]
    n = np.unique(np.geomspace(150, max(column(rows, "unlabeled_size")) * 1.3, 60).astype(int))
    theory_line(axes, n, closed_form.theorem_nonrobust_bound(d, m, n, mean_norm=1.0).value, 0)
    theory_line(axes, n, np.full(n.size, closed_form.mean_classifier_excess(d, m, 1.0)), 1)
    overlap = closed_form.semisupervised_overlap(1.0, m / d, n / d)
    theory_line(axes, n, ndtr(-np.sqrt(overlap)) - ndtr(-1.0), 2)
    excess = [{key: max(row[key] - float(ndtr(-1.0)), 1e-7) for key in ("estimate", "low", "high")} for row in rows]
    simulation_points(axes, column(rows, "unlabeled_size"), excess, 3)
    axes.set(xscale="log", yscale="log", xlabel="unlabelled samples $n$", ylabel="excess risk", ylim=(5e-6, 30))
    series_legend(axes, ["Theorem 4.2", "labels alone, exact", "best rule of both, limit", "leading eigenvector"], loc="upper right", fontsize=7)
    panel_label(axes, f"(a) $d={d}$, $m={m}$, $s=1$")


def _separations(axes: Axes, rows: Rows) -> None:
    m = rows[0]["size"]
    s = np.linspace(min(column(rows, "half_distance")), max(column(rows, "half_distance")), 41)
    d = np.round(s**4 * m).astype(int)
    theory_line(axes, s, closed_form.theorem_nonrobust_bound(d, m, m, mean_norm=s).value, 0)
    theory_line(axes, s, closed_form.mean_classifier_excess(d, 2 * m, s), 1)
    theory_line(axes, s, ndtr(-s * np.sqrt(closed_form.semisupervised_overlap(s, m / d, m / d))) - ndtr(-s), 2)
    simulation_points(axes, column(rows, "half_distance"), rows, 1)
    axes.set(xlabel="half distance $s$ of the classes", ylabel="excess risk", yscale="log", ylim=(0.005, 4))
    series_legend(axes, ["Theorem 4.2", r"$2m$ labels, exact: no rule is better", "best rule of both, limit"], loc="upper right", fontsize=7)
    panel_label(axes, "(b) $d=s^4m$, $n=m=10^5$")
