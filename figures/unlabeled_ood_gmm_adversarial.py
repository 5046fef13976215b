"""The drawing of attacks (arXiv:2310.00027): risk against the radius, for rules that are given and for the mean of labelled samples."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr

from theorylab.papers.unlabeled_ood_gmm import closed_form
from theorylab.plotting import (
    POINTS,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    select,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["adversarial"]

RULES = {"mean": r"$w=\mu$", "fisher": r"$w=\Sigma^{-1}\mu$ (best at 0)", "best": "best at each radius"}


def adversarial(rows: Rows) -> Figure:
    """Draw the risk of three given rules under moves of every coordinate, and of learned mean rules under Euclidean moves."""
    figure, (left, right) = new_figure(1, 2, height=3.1)
    _given(left, select(rows, panel="given"))
    _learned(right, select(rows, panel="learned"))
    note(
        figure,
        f"{POINTS}\nAbove 1/2 a constant rule is better. (a): six correlated features, all moves tried on raw samples. (b): isotropic classes.",
    )
    return figure


def _given(axes: Axes, rows: Rows) -> None:
    radii = np.linspace(0.0, 1.0, 81)
    mean, covariance = np.array(rows[0]["mean"]), np.array(rows[0]["covariance"])
    directions = {"mean": mean, "fisher": closed_form.bayes_direction(mean, covariance)}
    for series, rule in enumerate(RULES):
        if rule == "best":
            risk = [closed_form.optimal_robust_classifier(mean, radius, norm="linf", covariance=covariance).risk for radius in radii]
        else:
            risk = closed_form.adversarial_linear_risk(directions[rule], mean, radii, norm="linf", covariance=covariance)
        theory_line(axes, radii, risk, series)
        chosen = select(rows, rule=rule)
        simulation_points(axes, column(chosen, "radius"), chosen, series)
    write_level(axes, 0.5, "constant rule", at=0.3)
    axes.set(xlabel=r"largest move of a coordinate $\epsilon$", ylabel="risk under attack", xlim=(-0.02, 1.0), ylim=(0.0, 1.0))
    series_legend(axes, list(RULES.values()), loc="upper left", fontsize=7)
    panel_label(axes, r"(a) Given rules, $\ell_\infty$ attack")


def _learned(axes: Axes, rows: Rows) -> None:
    radii = np.linspace(0.0, 2.1, 64)
    d, s = rows[0]["dimension"], rows[0]["half_distance"]
    sizes = distinct(rows, "labeled_size")
    for series, m in enumerate(sizes):
        theory_line(axes, radii, closed_form.robust_mean_classifier_risk(d, m, s, radii), series)
        chosen = select(rows, labeled_size=m)
        simulation_points(axes, column(chosen, "radius"), chosen, series)
    axes.plot(radii, ndtr(radii - s), color="0.45", linewidth=0.9, zorder=1)
    axes.annotate(r"$m=\infty$", (1.08, float(ndtr(1.08 - s)) - 0.04), fontsize=7, color="0.25", va="top", ha="left")
    write_level(axes, 0.5, "constant rule", at=0.3)
    axes.set(xlabel=r"Euclidean length of a move, $\epsilon/\sigma_0$", ylabel="risk under attack", xlim=(-0.05, 2.1), ylim=(0.0, 1.0))
    series_legend(axes, [f"$m={m}$" for m in sizes], loc="upper left", fontsize=7)
    panel_label(axes, rf"(b) Mean of $m$ samples, $d={d}$, $s={s:g}$")
