"""The drawing of many dimensions (arXiv:2310.00027): the spectral threshold, the best risk with shifted samples, and who is better alone."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr

from theorylab.papers.unlabeled_ood_gmm import closed_form
from theorylab.plotting import (
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

__all__ = ["phase_diagram"]


def phase_diagram(rows: Rows) -> Figure:
    """Draw the overlap of the leading eigenvector, the best risk for four shifts, and a map of the best risk."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.3)
    eigenvector, shifted = select(rows, panel="eigenvector"), select(rows, panel="shift")
    _overlaps(left, eigenvector)
    _risks(middle, shifted)
    _map(right, shifted)
    few, many = shifted[0]["dimension"], eigenvector[0]["dimension"]
    note(
        figure,
        f"Lines: limits. Points: simulation, with 99 % intervals. (a): eigenvectors, $d={many}$; thin lines: the best rule without labels. "
        f"(b): message passing,\n$d={few}$, $m/d=1/2$, $s=1$. (c): the best risk; below the dashed line the other domain's direction alone beats "
        "labels alone at $n=\\infty$.",
    )
    return figure


def _overlaps(axes: Axes, rows: Rows) -> None:
    for series, s in enumerate(distinct(rows, "half_distance")):
        chosen = select(rows, half_distance=s)
        places = np.array([row["unlabeled_size"] / row["dimension"] for row in chosen])
        ratios = np.unique(np.concatenate([np.geomspace(places.min(), places.max(), 120), s**-4 * (1 + np.linspace(0, 0.1, 6))]))
        theory_line(axes, ratios, closed_form.spectral_overlap(s, ratios), series)
        theory_line(axes, ratios, closed_form.semisupervised_overlap(s, 0.0, ratios), series, linewidth=0.7, alpha=0.7)
        simulation_points(axes, places, chosen, series)
    plain_log_axis(axes, (0.1, 1, 10))
    axes.set(xlabel="$n/d$", ylabel=r"$\cos^2$ to the mean", ylim=(-0.03, 1.38), yticks=(0, 0.25, 0.5, 0.75, 1.0))
    series_legend(axes, [f"$s={s:g}$" for s in distinct(rows, "half_distance")], loc="upper left", fontsize=7)
    panel_label(axes, "(a) Threshold $n/d=s^{-4}$")


def _risks(axes: Axes, rows: Rows) -> None:
    labels, ratios = 0.5, np.geomspace(0.07, 15, 80)
    for series, shift in enumerate(distinct(rows, "shift")):
        chosen = select(rows, shift=shift)
        away = math.sqrt(1 + shift**2)
        overlap = closed_form.shifted_semisupervised_overlap(1.0, away, 1 / away, labels, ratios).home
        theory_line(axes, ratios, ndtr(-np.sqrt(overlap)), series)
        simulation_points(axes, [row["unlabeled_size"] / row["dimension"] for row in chosen], chosen, series)
    write_level(axes, float(ndtr(-np.sqrt(closed_form.semisupervised_overlap(1.0, labels, 0.0)))), "labels alone", at=0.97)
    write_level(axes, float(ndtr(-1)), "Bayes", at=0.4, below=False)
    plain_log_axis(axes, (0.1, 1, 10))
    axes.set(xlabel="$n/d$", ylabel="risk of the best rule", ylim=(0.14, 0.38))
    series_legend(axes, [rf"$\beta={shift:g}$" for shift in distinct(rows, "shift")], loc="upper right", fontsize=7, ncols=2)
    panel_label(axes, r"(b) Unlabelled, shifted by $\beta$")


def _map(axes: Axes, rows: Rows) -> None:
    labels = rows[0]["labeled_size"] / rows[0]["dimension"]
    ratios, shifts = np.geomspace(0.1, 100, 61), np.linspace(0, 2.5, 51)
    away = np.sqrt(1 + shifts**2)[:, None]
    overlap = closed_form.shifted_semisupervised_overlap(1.0, away, 1 / away, labels, ratios).home
    risk = ndtr(-np.sqrt(overlap))
    filled = axes.contourf(ratios, shifts, risk, levels=np.arange(0.16, 0.30, 0.01), cmap="Blues_r")
    lines = axes.contour(ratios, shifts, risk, levels=(0.18, 0.2, 0.22, 0.24, 0.26), colors="white", linewidths=0.7)
    axes.clabel(lines, fontsize=6, fmt="%.2f")
    axes.plot([0.1, 100], [math.sqrt(1 / labels)] * 2, color="black", linewidth=1.1, linestyle=(0, (5, 2)))
    axes.annotate(r"$\beta=\sigma\sqrt{d/m}$", (0.13, math.sqrt(1 / labels) + 0.05), fontsize=8)
    filled.set_edgecolor("face")
    plain_log_axis(axes, (0.1, 1, 10, 100))
    axes.set(xlabel="$n/d$", ylabel=r"shift $\beta$ (standard deviations)")
    panel_label(axes, "(c) Risk of the best rule")
