"""Drawings of arXiv:2302.02334 over training sizes: how many samples either classifier needs, and its error on the way there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from theorylab.papers.naive_bayes_logistic import closed_form
from theorylab.plotting import (
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    rescaled,
    select,
    series_legend,
    simulation_points,
    theory_line,
    whole_numbers,
    write_level,
)
from theorylab.rows import Rows, known

__all__ = ["learning_curves", "phase_diagram", "sample_size_against_dimension"]

DIMENSION, SIZE = "dimension $d$", "training size $m$"
# The paper's target, above the error of the Bayes rule; that of two classes is below 1e-6 in the dimensions shown.
EXCESS = 0.01


def _least_sizes(dimensions: list[int]) -> tuple[list[int], list[int]]:
    """Return the least m, exactly, at which naive Bayes for two classes is good enough: of all m, and of the grid 4, 4 + ceil(log d), ..."""
    every, grid = [], []
    for d in dimensions:
        design = closed_form.paper_design(2, d)
        groups = design["gaps"], design["multiplicities"]
        least = closed_form.naive_bayes_sample_size(EXCESS, *groups, random_counts=True, variance="pooled")
        step = math.ceil(math.log(d))
        every.append(least)
        grid.append(4 + step * max(0, math.ceil((least - 4) / step)))
    return every, grid


# The sample size against the dimension ----------------------------------------------------------------------------------------------------------


def sample_size_against_dimension(rows: Rows) -> Figure:
    """Draw the training size that naive Bayes and logistic regression need against the dimension, on the paper's grid and on every size."""
    figure, (exact, generative, discriminative) = new_figure(1, 3, height=3.3)
    pair = select(rows, learner="naive_bayes", class_count=2)
    dimensions = distinct(pair, "dimension")
    every, grid = _least_sizes(dimensions)
    for series, (sizes, name) in enumerate(((every, "every size"), (grid, "official"))):
        theory_line(exact, dimensions, sizes, series, marker=SERIES[series].marker, markersize=3.5)
        simulation_points(exact, dimensions, select(pair, grid=name), series + 2)
    labels = ["exact, step 1", r"exact, step $\lceil\ln d\rceil$", "single runs, step 1", r"single runs, step $\lceil\ln d\rceil$"]
    points: dict[str, Any] = {"linestyle": "none", "markerfacecolor": "white", "markeredgewidth": 1.2}
    handles = [
        Line2D([], [], color=SERIES[i].colour, marker=SERIES[i].marker, **({"linestyle": SERIES[i].dash, "markersize": 3.5} if i < 2 else points))
        for i in range(4)
    ]
    exact.legend(handles, labels, loc="upper left", fontsize=7, handlelength=2.4)
    exact.set(xlabel=DIMENSION, ylabel=f"{SIZE} for an excess of {EXCESS:g}", ylim=(3.5, 18))
    panel_label(exact, "(a) Naive Bayes, 2 classes")
    for axes, learner in ((generative, "naive_bayes"), (discriminative, "logistic")):
        own = select(rows, learner=learner)
        classes = distinct(own, "class_count")
        for series, count in enumerate(classes):
            for grid_name, filled in (("official", False), ("every size", True)):
                chosen = select(own, class_count=count, grid=grid_name)
                face = {"markerfacecolor": SERIES[series].colour} if filled else {}
                joined = {"linestyle": SERIES[series].dash, "linewidth": 0.8}
                simulation_points(axes, column(chosen, "dimension"), chosen, series, **face, **joined)
        axes.set(xlabel=DIMENSION, yscale="log")
        panel_label(axes, "(b) Naive Bayes" if learner == "naive_bayes" else "(c) Logistic regression")
        series_legend(
            axes,
            [f"$K={count}$" for count in classes],
            loc="upper right" if learner == "naive_bayes" else "upper left",
            ncols=2,
            fontsize=7,
            handlelength=2.0,
            columnspacing=1.0,
        )
    plain_log_axis(exact, [d for d in (100, 200, 400, 1000, 4000) if d in dimensions])
    plain_log_axis(generative, [d for d in (100, 200, 400, 1000, 4000) if d in dimensions])
    plain_log_axis(generative, (4, 6, 10, 20, 40), "y")
    generative.set_ylim(3.6, 60)
    own = select(rows, learner="logistic")
    across = np.geomspace(min(column(own, "dimension")), max(column(own, "dimension")), 30)
    discriminative.plot(across, across, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    discriminative.annotate("$m=d$", (across[3], across[3]), xytext=(4, -8), textcoords="offset points", fontsize=7, color="0.25")
    plain_log_axis(discriminative, distinct(own, "dimension"))
    plain_log_axis(discriminative, (30, 50, 100, 200, 400, 1000, 2000, 4000), "y")
    discriminative.set_ylim(0.8 * across[0], 4.0 * max(column(own, "estimate")))
    runs = [select(rows, learner=learner)[0]["replicates"] for learner in ("naive_bayes", "logistic")]
    note(
        figure,
        f"Points: mean size at which single runs of the paper's stopping rule end ({runs[0]} in (a), (b), {runs[1]} in (c)), with 99 % intervals.\n"
        r"(b), (c): open: the paper's grid, $m=2K, 2K+\lceil\ln d\rceil,\dots$; filled: every $m$. Lines in (a): the least $m$ of either grid whose"
        "\nexact expected error is low enough.",
    )
    return figure


# Learning curves ----------------------------------------------------------------------------------------------------------------------------


def learning_curves(rows: Rows) -> Figure:
    """Draw the errors of both classifiers against the training size in the paper's mixture."""
    panels = sorted({(row["class_count"], row["dimension"]) for row in rows})
    lines = -(-len(panels) // 2)
    figure, axes = new_figure(lines, 2, height=0.5 + 2.6 * lines)
    for number, (panel, (classes, dimension)) in enumerate(zip(axes, panels, strict=True)):
        _learning_panel(panel, select(rows, class_count=classes, dimension=dimension), classes, dimension)
        panel_label(panel, f"({chr(ord('a') + number)}) $K={classes}$ classes, $d={dimension}$")
    note(
        figure,
        f"Points: mean error over training sets with random class counts, with 99 % intervals; shaded: the middle four fifths of {rows[0]['runs']}\n"
        "of them. Line: exact expected error of naive Bayes. Logistic regression has the paper's ridge penalty, $C=1$.",
    )
    return figure


def _learning_panel(axes: Axes, rows: Rows, classes: int, dimension: int) -> None:
    least = 1e-4
    design = closed_form.paper_design(classes, dimension)
    for series, learner in enumerate(("naive_bayes", "logistic")):
        # What lies below the page would only draw its interval across it.
        chosen = [row for row in select(rows, learner=learner) if row["estimate"] > least]
        sizes = column(chosen, "sample_size")
        axes.fill_between(
            sizes,
            np.maximum(column(chosen, "tenth"), 0.1 * least),
            np.maximum(column(chosen, "ninetieth"), 0.1 * least),
            color=SERIES[series].colour,
            alpha=0.13,
            linewidth=0,
        )
        shown = [row | {"low": max(row["low"], 0.1 * least)} for row in chosen]
        simulation_points(axes, sizes, shown, series, linestyle=":" if learner == "logistic" or classes > 2 else "none", linewidth=0.8)
    if classes == 2:
        sizes = whole_numbers(min(column(rows, "sample_size")), max(column(rows, "sample_size")))
        errors = closed_form.naive_bayes_expected_error_random_counts(design["gaps"], design["multiplicities"], sizes, variance="pooled")
        theory_line(axes, sizes[errors > 0.1 * least], errors[errors > 0.1 * least], 0)
    bayes = closed_form.grouped_bayes_error(**design)
    if bayes > least:
        write_level(axes, bayes, "Bayes rule", at=0.3, below=True)
    write_level(axes, bayes + EXCESS, f"Bayes rule + {EXCESS:g}", at=0.5 if classes == 2 else 0.36, below=classes > 2)
    axes.set(yscale="log", ylim=(least, 0.8), xlabel=SIZE, ylabel="probability of error")
    longest = max(column(rows, "sample_size"))
    plain_log_axis(axes, [tick for tick in (6, 10, 20, 50, 100, 200, 400) if tick <= longest])
    # Two classes in the paper's mixture are so far apart that naive Bayes soon leaves the page.
    corner = {"loc": "lower left", "bbox_to_anchor": (0.22, 0.1)} if classes == 2 else {"loc": "lower left"}
    series_legend(axes, ["naive Bayes", "logistic regression"], **corner)


# The phase diagram ----------------------------------------------------------------------------------------------------------------------------


def phase_diagram(rows: Rows) -> Figure:
    """Draw the training size that naive Bayes needs against the dimension for three growths of the signal, and the simulated error there."""
    figure, (left, right) = new_figure(1, 2, height=3.1)
    target, labels = rows[0]["target"], []
    for series, exponent in enumerate(distinct(rows, "exponent")):
        chosen = select(rows, exponent=exponent)
        constant, dimensions = chosen[0]["constant"], column(chosen, "dimension")
        fine = np.geomspace(dimensions[0], dimensions[-1], 13)
        fine = np.unique(np.round(fine)).astype(int)
        gaps = np.sqrt(constant * fine ** (exponent - 1.0))
        sizes = [closed_form.naive_bayes_real_sample_size(target, [gap], [d]) for gap, d in zip(gaps, fine, strict=True)]
        theory_line(left, fine, sizes, series)
        exact = [
            closed_form.naive_bayes_expected_error([row["gap"]], [row["dimension"]], row["sample_size"] / 2, row["sample_size"] / 2, variance="known")
            for row in chosen
        ]
        simulation_points(left, dimensions, [known(row["sample_size"]) for row in chosen], series)
        # Side by side, or the intervals of one dimension would cover each other.
        simulation_points(right, np.array(dimensions) * 1.2 ** (series - 1), rescaled(chosen, 1.0 / np.array(exact)), series)
        power = float(closed_form.naive_bayes_sample_size_exponent(exponent))
        growth = {1.0: r"$m\sim d$", 0.0: "constant"}.get(power, rf"$m\sim d^{{\,{power:g}}}$")
        labels.append(rf"$\alpha={exponent:g}$: {growth}")
    for axes in (left, right):
        axes.set(xlabel=DIMENSION, xscale="log")
    left.set(yscale="log", ylabel=f"{SIZE} for an error of {target:g}")
    left.set_ylim(5, 30 * max(column(rows, "sample_size")))
    series_legend(left, labels, loc="upper left", title=r"signal $\delta^2\propto d^{\,\alpha}$")
    panel_label(left, "(a) A line, a root, a constant: no logarithm")
    write_level(right, 1.0, "theory", at=0.32)
    right.set(ylabel="simulated / exact error", ylim=(0.98, 1.02))
    panel_label(right, "(b) Simulated at that size")
    note(
        figure,
        f"Known variances, equal gaps, half of the training set for each class. Lines: exact size for an error of {target:g}; points in (a):\n"
        "rounded up to an even number. Points in (b): error simulated at that number over the exact error there, with 99 % intervals.",
    )
    return figure
