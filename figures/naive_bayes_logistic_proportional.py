"""The drawing of logistic regression in high dimension (arXiv:2302.02334): its error at a fixed ratio d/m, and where its estimate ends."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr

from theorylab.papers.naive_bayes_logistic import closed_form
from theorylab.plotting import SERIES, column, distinct, new_figure, note, panel_label, select, series_legend, simulation_points, theory_line
from theorylab.rows import Rows

__all__ = ["proportional"]


def proportional(rows: Rows) -> Figure:
    """Draw the error against d/m up to the threshold, the share of separable data around it, and the threshold itself."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.3)
    _errors(left, select(rows, panel="error"))
    _shares(middle, select(rows, panel="share"))
    _threshold(right, select(rows, panel="map"))
    few, *_, many = distinct(select(rows, panel="share"), "dimension")
    dimension, small = select(rows, panel="error")[0]["dimension"], select(rows, panel="map")[0]["dimension"]
    note(
        figure,
        f"Lines: closed form. Points: simulation, with 99 % intervals. (a): no penalty, no intercept, $d={dimension}$; thin lines: naive Bayes; "
        f"the lines end on\nthe diagonal, at error $=\\kappa^*$. (b): uprights at $\\kappa=\\kappa^*$; open: $d={few}$, filled: $d={many}$. "
        f"(c): $d={small}$; the darker a point, the more\ndata sets are separable.",
    )
    return figure


def _ratios(rows: Rows) -> np.ndarray:
    return np.array([row["dimension"] / row["sample_size"] for row in rows])


def _errors(axes: Axes, rows: Rows) -> None:
    distances = distinct(rows, "half_distance")
    for series, r in enumerate(distances):
        threshold = closed_form.separability_threshold(r)
        ratios = threshold * np.concatenate([np.linspace(0.002, 0.95, 60), 1 - np.geomspace(0.05, 3e-4, 20)])
        errors = [closed_form.logistic_proportional_limit(r, ratio).error for ratio in ratios]
        theory_line(axes, np.concatenate([[0.0], ratios, [threshold]]), [ndtr(-r), *errors, threshold], series)
        grid = np.linspace(0.0, 0.5, 101)
        theory_line(axes, grid, closed_form.naive_bayes_proportional_limit(2 * r, grid), series, linewidth=0.7, alpha=0.7)
        chosen = select(rows, half_distance=r)
        simulation_points(axes, _ratios(chosen), chosen, series)
        axes.plot([threshold], [threshold], marker="x", color=SERIES[series].colour, markersize=6, zorder=4)
    axes.plot([0.0, 0.5], [0.0, 0.5], color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.annotate("error $=d/m$", (0.07, 0.055), rotation=54, rotation_mode="anchor", fontsize=7, color="0.25", va="top")
    axes.set(xlabel=r"$\kappa=d/m$", ylabel="error", xlim=(0, 0.5), ylim=(0.0, 0.52))
    series_legend(axes, [f"$r={r:g}$" for r in distances], loc="lower right", fontsize=7, handlelength=2.0)
    panel_label(axes, "(a) Error at fixed $d/m$")


def _shares(axes: Axes, rows: Rows) -> None:
    distances, dimensions = distinct(rows, "half_distance"), distinct(rows, "dimension")
    for series, r in enumerate(distances):
        threshold = float(closed_form.separability_threshold(r))
        axes.plot([threshold] * 2, [-0.03, 1.06], color=SERIES[series].colour, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        for d in dimensions:
            chosen = select(rows, half_distance=r, dimension=d)
            filled = {"markerfacecolor": SERIES[series].colour} if d == dimensions[-1] else {}
            simulation_points(axes, _ratios(chosen), chosen, series, markersize=3.5, **filled)
            if r == 0.0:
                sizes = np.unique(np.round(d / np.linspace(0.15, 0.8, 80)).astype(int))
                exact = closed_form.separability_probability(sizes, d, fit_intercept=False)
                theory_line(axes, d / sizes, exact, series, linewidth=1.4 if d == dimensions[-1] else 0.8)
    axes.axhline(0.5, color="0.8", linewidth=0.8, zorder=0)
    axes.set(xlabel=r"$\kappa=d/m$", ylabel="share of separable data sets", xlim=(0.12, 0.8), ylim=(-0.03, 1.5), yticks=(0, 0.25, 0.5, 0.75, 1))
    labels = [f"$r={r:g}$" + (" (Cover's count)" if r == 0.0 else "") for r in distances]
    series_legend(axes, labels, loc="upper left", fontsize=7, handlelength=2.0)
    panel_label(axes, "(b) A step at $\\kappa^*(r)$")


def _threshold(axes: Axes, rows: Rows) -> None:
    top = max(column(rows, "half_distance")) + 0.2
    r = np.linspace(0.0, top, 121)
    theory_line(axes, r, closed_form.separability_threshold(r), 0)
    axes.fill_between(r, 0.0, closed_form.separability_threshold(r), color=SERIES[0].colour, alpha=0.08, linewidth=0)
    axes.scatter(
        column(rows, "half_distance"),
        _ratios(rows),
        c=column(rows, "estimate"),
        cmap="Greys",
        vmin=0.0,
        vmax=1.0,
        s=26,
        edgecolors="0.25",
        linewidths=0.7,
        zorder=3,
    )
    axes.annotate(r"$\kappa^*(r)$", (0.14, 0.507), fontsize=9)
    axes.annotate("finite estimate", (0.1, 0.025), fontsize=7, color="0.25")
    axes.annotate("separable: no finite estimate", (top - 0.03, 0.615), fontsize=7, color="0.25", ha="right")
    axes.set(xlabel="half-distance $r$", ylabel=r"$\kappa=d/m$", xlim=(-0.08, top), ylim=(0, 0.65))
    panel_label(axes, "(c) Finite or not")
