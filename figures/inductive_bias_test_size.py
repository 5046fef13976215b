"""The drawing of the bias against the number of test points (arXiv:2406.15941): it grows with them where they are far apart under the kernel."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.inductive_bias.closed_form import distinct_points_rate
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import (
    column,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    select,
    series_legend,
    simulation_points,
    theory_line,
)
from theorylab.rows import Rows

__all__ = ["test_size"]


def test_size(rows: Rows) -> Figure:
    """Draw nats, and nats a test point, against the number of test points, with the rate of independent points."""
    figure, (left, right) = new_figure(1, 2, height=3.4)
    cases = list(dict.fromkeys((row["kernel"], row["dimension"]) for row in rows))
    for series, (kernel, inputs) in enumerate(cases):
        chosen = select(rows, kernel=kernel, dimension=inputs)
        exact, tilted = select(chosen, panel="exact"), select(chosen, panel="tilted")
        sizes = np.array(column(exact, "test"))
        shown = tilted or exact
        for axes, power in ((left, 0), (right, 1)):
            theory_line(axes, sizes, np.array(column(exact, "estimate")) / sizes**power, series)
            scaled = [row | {name: row[name] / row["test"] ** power for name in ("estimate", "low", "high")} for row in shown]
            simulation_points(axes, column(shown, "test"), scaled, series)
    _rate(left, right, select(rows, panel="exact", kernel=cases[0][0], dimension=cases[0][1]))
    for axes in (left, right):
        powers_of_two_axis(axes, least=min(column(rows, "test")), most=max(column(rows, "test")))
        axes.set_xlabel("test points $m$")
    plain_log_axis(left, (1, 3, 10, 30, 100, 300, 1000)[: 6 if max(column(rows, "test")) < 512 else 7], "y")
    left.set(ylabel=r"$I(\bar{L}/10)$ (nats)", ylim=(1.5, 1500 if max(column(rows, "test")) < 512 else 20_000))
    right.set(ylabel="nats a test point", ylim=(0, 1.05))
    names = {"rbf": "RBF", "laplace": "Laplace"}
    series_legend(left, [f"{names[kernel]}, $d={inputs}$" for kernel, inputs in cases], loc="upper left", fontsize=7)
    panel_label(left, "(a) Nats")
    panel_label(right, "(b) Nats a test point")
    note(
        figure,
        f"$n={rows[0]['train']}$ training points, target: a tenth of the mean error. Lines: exact. Points, Laplace kernel: reweighted draws, 99 % "
        "intervals;\nRBF: exact. Grey: $m$ times the rate of points that know nothing of each other. State the test size with the nats.",
    )
    return figure


def _rate(left: Axes, right: Axes, rows: Rows) -> None:
    """Draw the rate of independent points for the targets of these rows."""
    sizes = np.array(column(rows, "test"))
    rates = []
    for row in rows:
        task = kronecker_task(row["dimension"], row["train"], row["test"])
        rates.append(float(distinct_points_rate(float((task.targets[task.train :] ** 2).mean()), row["target_error"])))
    for axes, heights in ((left, sizes * np.array(rates)), (right, np.array(rates))):
        axes.plot(sizes, heights, color="0.6", linewidth=4.0, alpha=0.5, zorder=1)
