"""The drawing of model classes in nats (arXiv:2406.15941): a decreasing function of the test error, so the order is that of the test errors."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.inductive_bias.closed_form import required_inductive_bias, task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import SERIES, column, distinct, new_figure, note, panel_label, plain_log_axis, select, series_legend, theory_line
from theorylab.rows import Rows

__all__ = ["model_classes"]

NAMES = {
    "tree": "tree",
    "linear": "linear",
    "neighbours": "3 neighbours",
    "process": "GP mean",
    "one_hidden": "1 hidden layer",
    "three_hidden": "3 hidden layers",
}


def model_classes(rows: Rows) -> Figure:
    """Draw test errors of learners, the nats that a kernel space would need for them, and the curve that leads from the ones to the others."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.3, width_ratios=(1.0, 1.0, 1.1))
    middle.sharey(left)
    inputs = distinct(rows, "dimension")
    for series, count in enumerate(inputs):
        _learners(left, middle, right, select(rows, dimension=count), series, len(inputs))
    heights = range(len(NAMES))
    left.set_yticks(list(heights), list(NAMES.values()))
    left.set(ylim=(len(NAMES) - 0.4, -0.6), xlabel="test error", ylabel="")
    middle.tick_params(labelleft=False)
    middle.set(xlabel=r"$I$(test error), nats", xlim=(-12, None))
    least = 0.7 * min(0.00125, *column(rows, "low"))
    for axes in (left, right):
        plain_log_axis(axes, (0.001, 0.01, 0.1, 1) if least > 0.0005 else (0.0001, 0.01, 1))
        axes.set_xlim(least, 1.2)
    right.set(xlabel="test error", ylabel="nats", ylim=(0, None))
    series_legend(right, [f"$d={count}$" for count in inputs], loc="upper right", fontsize=7)
    panel_label(left, "(a) Test errors")
    panel_label(middle, "(b) In nats")
    panel_label(right, "(c) One function of (a)")
    left.set_ylabel("learner")
    first = rows[0]
    note(
        figure,
        f"$n={first['train']}$, $m={first['test']}$. Points: mean and range over {first['replicates']} seeds. Nats: minus the log of the chance "
        "that a function of the\nLaplace kernel that fits the training data is as good. It falls as the test error rises, so that no order changes.",
    )
    return figure


def _learners(left: Axes, middle: Axes, right: Axes, rows: Rows, series: int, count: int) -> None:
    look = SERIES[series]
    first = rows[0]
    law = task_distribution(kronecker_task(first["dimension"], first["train"], first["test"]))
    heights = [list(NAMES).index(row["learner"]) + 0.3 * (series - 0.5 * (count - 1)) / max(1, count - 1) for row in rows]
    errors = np.array([[row[name] for name in ("estimate", "low", "high")] for row in rows])
    nats = np.asarray(required_inductive_bias(law, errors))
    # The bias falls with the error, so the ends change places.
    nats = nats[:, [0, 2, 1]]
    style = {"linestyle": "none", "marker": look.marker, "color": look.colour, "markerfacecolor": "white", "markeredgewidth": 1.2, "zorder": 3}
    for axes, values in ((left, errors), (middle, nats)):
        axes.errorbar(values[:, 0], heights, xerr=np.abs(values[:, [1, 2]] - values[:, [0]]).T, **style)
    curve = np.geomspace(0.8 * min(0.00125, errors.min()), 1.0, 60)
    theory_line(right, curve, required_inductive_bias(law, curve), series)
    right.errorbar(errors[:, 0], nats[:, 0], **style)
