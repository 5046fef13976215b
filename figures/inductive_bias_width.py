"""The drawing of the bias of finitely wide networks (arXiv:2406.15941) against their limit: above it before data, here below it after."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.numerics.gaussian_process import interpolating_posterior, relu_network_kernel
from theorylab.papers.inductive_bias.closed_form import error_spectrum, required_inductive_bias
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import SERIES, column, distinct, new_figure, note, panel_label, powers_of_two_axis, select, series_legend, simulation_points
from theorylab.rows import Row, Rows

__all__ = ["width"]


def width(rows: Rows) -> Figure:
    """Draw the bias of networks less that of infinitely wide ones against the width, for several depths, before and after training data."""
    figure, panels = new_figure(1, 2, height=3.4)
    for axes, train in zip(panels, distinct(rows, "train"), strict=True):
        _depths(axes, select(rows, train=train))
    panels[0].set_ylabel(r"$I_N-I_\infty$ (nats)")
    panel_label(panels[0], "(a) Before data: narrow networks need more")
    trained = distinct(rows, "train")[-1]
    panel_label(panels[1], f"(b) After {trained} points of this task: less")
    first = rows[0]
    note(
        figure,
        f"ReLU networks with random weights, $d={first['dimension']}$, $m={first['test']}$, $\\varepsilon={first['target_error']:g}$, nugget "
        f"{first['nugget']:g}; the read-out is integrated out. Points: random hidden layers,"
        "\n99 % intervals, less the exact value for infinite width; thin lines join them. The sign in (b) is a fact about the task, not a law.",
    )
    return figure


def _limit(row: Row) -> float:
    """Return the bias of infinitely wide networks."""
    task = kronecker_task(row["dimension"], row["train"], row["test"], normalized=True)
    kernel = relu_network_kernel(task.inputs, row["depth"]) + row["nugget"] * np.eye(len(task.inputs))
    law = error_spectrum(*interpolating_posterior(kernel, task.train, task.targets[: task.train]), task.targets[task.train :])
    return float(required_inductive_bias(law, row["target_error"]))


def _depths(axes: Axes, rows: Rows) -> None:
    depths = distinct(rows, "depth")
    levels = []
    for series, depth in enumerate(depths):
        chosen = select(rows, depth=depth)
        levels.append(_limit(chosen[0]))
        above = [row | {name: row[name] - levels[-1] for name in ("estimate", "low", "high")} for row in chosen]
        # Side by side.
        places = np.array(column(chosen, "width")) * 1.05 ** (series - 0.5 * (len(depths) - 1))
        look = SERIES[series]
        simulation_points(axes, places, above, series, linestyle=look.dash, linewidth=0.9)
    axes.axhline(0.0, color="0.45", linewidth=0.9, zorder=1)
    powers_of_two_axis(axes, least=min(column(rows, "width")), most=max(column(rows, "width")))
    axes.set_xlabel("width $N$")
    labels = [rf"depth {depth}, $I_\infty={level:.2f}$" for depth, level in zip(depths, levels, strict=True)]
    series_legend(axes, labels, loc="lower right" if rows[0]["train"] else "upper right", fontsize=7)
