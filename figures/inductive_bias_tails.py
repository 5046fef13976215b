"""The drawing of what estimators of the tail cost (arXiv:2406.15941): counting needs e^I test errors, splitting about I^2, reweighting none more."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from theorylab.papers.inductive_bias.closed_form import (
    required_inductive_bias,
    task_distribution,
    tilting_relative_variance,
    tilting_relative_variance_limit,
)
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import (
    column,
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

__all__ = ["tails"]

METHODS = ("counting", "splitting", "tilting")
WANTED = 0.1


def tails(rows: Rows) -> Figure:
    """Draw the relative deviation of three estimators at equal cost against the nats, and the cost of ten percent."""
    figure, (left, right) = new_figure(1, 2, height=3.5)
    cost = rows[0]["cost"]
    lines = _lines(rows)
    for series, method in enumerate(METHODS):
        nats, deviations = lines[method]
        chosen = select(rows, method=method)
        theory_line(left, nats, deviations, series)
        simulation_points(left, column(chosen, "nats"), chosen, series)
        # All deviations fall like the root of the cost.
        theory_line(right, nats, cost * (deviations / WANTED) ** 2, series)
        powers = [{name: cost * (row[name] / WANTED) ** 2 for name in ("estimate", "low", "high")} for row in chosen]
        simulation_points(right, column(chosen, "nats"), powers, series)
    first = rows[0]
    law = task_distribution(kronecker_task(first["dimension"], first["train"], first["test"]))
    limit = math.sqrt(tilting_relative_variance_limit(float(law.total_degrees)) / cost)
    write_level(left, limit, "limit of tilting", below=True, distance=5.0, at=0.6)
    longest = 1.06 * max(column(rows, "nats"))
    plain_log_axis(left, (0.001, 0.01, 0.1, 1), "y")
    left.set(xlabel="nats $I$", ylabel="relative deviation of the estimate", xlim=(0, longest), ylim=(0.0008, 4))
    right.set(xlabel="nats $I$", ylabel=f"test errors for {100 * WANTED:g} %", xlim=(0, longest), yscale="log", ylim=(0.5, 1e9))
    series_legend(right, ["counting", "splitting", "exponential tilting"], loc="lower right", fontsize=7)
    panel_label(left, f"(a) With {cost:,} test errors".replace(",", " "))
    panel_label(right, f"(b) For {100 * WANTED:g} %")
    splitting = select(rows, method="splitting")[0]
    note(
        figure,
        f"Laplace kernel, $d={first['dimension']}$, $n={first['train']}$, $m={first['test']}$. Points: deviation in simulated runs, 99 % intervals. "
        f"Lines: exact for counting and tilting; for splitting\nwith perfect moves, a level for each factor {splitting['level']:g} and "
        f"{splitting['moves']} moves a level of each particle, each of which costs a test error. "
        "Tilting needs\nto know the law of the errors; splitting and counting only need the errors.",
    )
    return figure


def _lines(rows: Rows) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return nats and relative deviations of the methods at the common cost."""
    first, splitting = rows[0], select(rows, method="splitting")[0]
    law = task_distribution(kronecker_task(first["dimension"], first["train"], first["test"]))
    targets = np.geomspace(min(column(rows, "target_error")) / 1.3, 0.85 * float(law.mean()), 50)
    nats = np.asarray(required_inductive_bias(law, targets))
    tilting = np.array([math.sqrt(tilting_relative_variance(law, float(eps)) / first["cost"]) for eps in targets])
    depth = np.linspace(0.5, nats.max(), 300)
    share, moves = splitting["level"], splitting["moves"]
    levels = np.floor(depth / math.log(1.0 / share))
    rest = np.exp(levels * math.log(1.0 / share) - depth)
    particles = first["cost"] / (1.0 + moves * levels)
    perfect = np.sqrt((levels * (1.0 / share - 1.0) + 1.0 / rest - 1.0) / particles)
    return {"counting": (depth, np.sqrt(np.expm1(depth) / first["cost"])), "splitting": (depth, perfect), "tilting": (nats, tilting)}
