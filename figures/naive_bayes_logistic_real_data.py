"""The drawing of naive_bayes_logistic (arXiv:2302.02334) on real data: handwritten digits."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.plotting import SERIES, column, new_figure, note, panel_label, plain_log_axis, select, series_legend, simulation_points, write_place
from theorylab.rows import Rows

__all__ = ["digits"]

RULES = {
    "naive_bayes": "naive Bayes, pooled",
    "logistic": "logistic regression",
    "class_variances": "naive Bayes, class by class",
}


def digits(rows: Rows) -> Figure:
    """Draw the test errors of naive Bayes and logistic regression against the number of training images, for two digits and for all ten."""
    figure, panels = new_figure(1, 2, height=3.3)
    for axes, letter, chosen in zip(panels, "ab", sorted({tuple(row["digits"]) for row in rows}, key=len), strict=True):
        here = [row for row in rows if tuple(row["digits"]) == chosen]
        for series, rule in enumerate(RULES):
            of_rule = select(here, rule=rule)
            simulation_points(axes, column(of_rule, "sample_size"), of_rule, series, linestyle=SERIES[series].dash, linewidth=1.0)
        _write_crossing(axes, here)
        name = f"{chosen[0]} against {chosen[1]}" if len(chosen) == 2 else f"All {len(chosen)} digits"
        panel_label(axes, f"({letter}) {name}")
        axes.set_xlabel("training images $m$")
    panels[0].set_ylabel("share of test images misclassified")
    plain_log_axis(panels[0], (4, 10, 30, 100, 300))
    plain_log_axis(panels[1], (20, 50, 100, 300, 1000) if max(column(rows, "sample_size")) > 500 else (20, 50, 100, 200, 500))
    plain_log_axis(panels[0], (0.005, 0.01, 0.03, 0.1, 0.3), "y")
    plain_log_axis(panels[1], (0.03, 0.05, 0.1, 0.2, 0.5), "y")
    series_legend(panels[0], list(RULES.values()), loc="upper right", fontsize=7)
    note(
        figure,
        "Handwritten digits (1797 images of 8 x 8 pixels), random training sets with every digit in them, tested on all other images. Points: means\n"
        "with 99 % intervals (often smaller than the marker), joined by lines. Ridge 1. Naive Bayes with variances pooled over the classes, as in\n"
        "the paper, or of each class, plus 1/12 of a grey level squared. Grey: where logistic regression overtakes the naive Bayes of the paper.",
    )
    return figure


def _write_crossing(axes: Axes, rows: Rows) -> None:
    """Mark the training size at which logistic regression overtakes naive Bayes, between points of the grid on both logarithmic axes."""
    sizes = np.array(column(select(rows, rule="logistic"), "sample_size"), dtype=float)
    lead = np.log([row["estimate"] for row in select(rows, rule="naive_bayes")]) - np.log([row["estimate"] for row in select(rows, rule="logistic")])
    changes = np.flatnonzero((lead[:-1] < 0.0) & (lead[1:] >= 0.0))
    if changes.size:
        i = int(changes[-1])
        share = lead[i] / (lead[i] - lead[i + 1])
        write_place(axes, float(sizes[i] * (sizes[i + 1] / sizes[i]) ** share), "change of places", at=0.42, right=False)
